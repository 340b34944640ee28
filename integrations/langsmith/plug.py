"""LangSmith, traces of chains and graphs, as a plug: what is true of it alone."""

from typing import ClassVar

from pydantic import Field, SecretStr

from core.settings.sections import Section
from core.upkeep.health_checks import HealthCheck, HealthState, Knobs
from integrations.checking import unusable
from integrations.plug import Examination, Plug, Reader

NAME = "langsmith"


class LangSmithSettings(Section):
    """LangSmith tracing, off unless asked for."""

    prefix: ClassVar[str] = "LANGSMITH_"

    tracing: bool = Field(default=False, description="true: send traces of chains and graphs")
    api_key: SecretStr | None = Field(default=None, description="Key; without one nothing is sent")
    endpoint: str = Field(default="https://api.smith.langchain.com", description="Address, which chooses the region")
    project: str = Field(default="sales-agent", description="Project the traces go to")
    show_content: bool = Field(default=False, description="true: send prompts and answers too; they name persons")


async def _check(examination: Examination) -> HealthCheck:
    section = examination.read(LangSmithSettings)
    if section.api_key is None:
        advice = "set LANGSMITH_API_KEY, or LANGSMITH_TRACING=false"
        return unusable(NAME, "it is switched on and has no key", advice)
    from integrations.langsmith.client import LangSmithClient

    async with LangSmithClient(section.endpoint, section.api_key.get_secret_value(), examination.guard(NAME)) as client:
        await client.projects()
    return HealthCheck(NAME, HealthState.OK, "key accepted", is_reachable=True, is_key_accepted=True)


def _off(reader: Reader) -> str | None:
    return None if reader.read(LangSmithSettings).tracing else "LANGSMITH_TRACING is not set"


def settle_tracing(reader: Reader) -> None:
    """Switch tracing of this process on or off, as the settings say. Raises ProviderNotConfigured without a key."""
    # LangChain takes a second to load, which most commands can do without.
    from integrations.langsmith.tracing import switch_tracing_off, switch_tracing_on

    section = reader.read(LangSmithSettings)
    if not section.tracing:
        switch_tracing_off()
        return
    key = section.api_key.get_secret_value() if section.api_key else None
    switch_tracing_on(
        endpoint=section.endpoint, api_key=key, project=section.project, show_content=section.show_content
    )


PLUG = Plug(
    name=NAME,
    title="LangSmith",
    sections=(LangSmithSettings,),
    words=(NAME,),
    off=_off,
    check=_check,
    settle=settle_tracing,
    keeps_of_persons="traces at LangSmith, where tracing was switched on",
    knobs=Knobs("LANGSMITH_ENDPOINT", "LANGSMITH_API_KEY"),
)
