"""The one list of providers, and what follows from it.

A new provider: a folder with its `plug.py`, and a line here. Everything else is derived: see `integrations/plug.py`.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pydantic import Field, create_model

from core.errors import ConfigurationError, ProviderNotConfigured
from core.ledger.spend import Budget, Unit
from core.settings.providers import CommonBudgets, ModelsForJobs
from core.settings.sections import Section
from core.settings.shown import SECTIONS
from integrations.anthropic import plug as anthropic
from integrations.apollo import plug as apollo
from integrations.browserbase import plug as browserbase
from integrations.calendars import plug as calendars
from integrations.cartesia import plug as cartesia
from integrations.cerebras import plug as cerebras
from integrations.close import plug as close
from integrations.deepseek import plug as deepseek
from integrations.json_directory import plug as json_directory
from integrations.langsmith import plug as langsmith
from integrations.openai import plug as openai
from integrations.openrouter import plug as openrouter
from integrations.plug import PORTS, Plug, Reader
from integrations.smtp import plug as smtp
from integrations.websites import plug as websites
from integrations.whisper import plug as whisper

PLUGS: tuple[Plug, ...] = (
    websites.PLUG,
    close.PLUG,
    json_directory.PLUG,
    apollo.PLUG,
    browserbase.PLUG,
    browserbase.LINKEDIN,
    smtp.PLUG,
    calendars.PLUG,
    cerebras.PLUG,
    anthropic.PLUG,
    deepseek.PLUG,
    openrouter.PLUG,
    openai.PLUG,
    cartesia.PLUG,
    whisper.PLUG,
    langsmith.PLUG,
)
"""In the order in which people are told of them, and in which they are chosen where several offer a port."""


class ModelSettings(ModelsForJobs):
    """Which model does which job: provider:model, best first, separated by commas."""

    default: str = Field(default="cerebras:gpt-oss-120b", description="For jobs without a line of their own")


def _budget_fields() -> Iterator[tuple[str, Any]]:
    for plug in PLUGS:
        for paid in plug.paid:
            for period, limit in paid.budgets.items():
                described = Field(default=limit, ge=0, description=f"{paid.what} a {period}")
                yield f"{plug.name}_{period}_{paid.unit}", (Decimal | None, described)


BudgetSettings: type[CommonBudgets] = create_model(
    "BudgetSettings", __base__=CommonBudgets, __doc__=CommonBudgets.__doc__, **dict(_budget_fields())
)
"""All budgets: those in US dollars, and one a unit and period that a plug is paid in."""


def find(name: str) -> Plug:
    """Return a provider. Raises ConfigurationError naming those that are known."""
    found = next((plug for plug in PLUGS if plug.name == name), None)
    if found is None:
        raise ConfigurationError(f"there is no provider {name!r}; known are {', '.join(plug.name for plug in PLUGS)}")
    return found


def offering(port: str) -> dict[str, Plug]:
    """Return name to provider, of those that offer a port."""
    return {plug.name: plug for plug in PLUGS if port in plug.all_ports}


def first(port: str, reader: Reader) -> Plug:
    """Return the first provider that offers a port and is set up. Raises ProviderNotConfigured saying what is off."""
    reasons = []
    for plug in offering(port).values():
        why = plug.off_because(reader)
        if why is None:
            return plug
        reasons.append(f"{plug.name}: {why}")
    raise ProviderNotConfigured(f"no {PORTS[port]} is set up ({'; '.join(reasons)})")


def chosen(port: str, name: str, *, where: str) -> Plug:
    """Return the provider that offers a port and is named.

    Args:
        port: what it must offer.
        name: as a person wrote it.
        where: the setting or file it stands in, for the error.

    Raises:
        ConfigurationError: there is none of that name; the known ones are listed.
    """
    offered = offering(port)
    if name not in offered:
        raise ConfigurationError(f"{where}: there is no {PORTS[port]} {name!r}; known are {', '.join(sorted(offered))}")
    return offered[name]


def sections() -> tuple[type[Section], ...]:
    """Return all sections of settings, in the order in which they are told."""
    return (*SECTIONS, *(section for plug in PLUGS for section in plug.sections), ModelSettings, BudgetSettings)


def budgets(reader: Reader) -> tuple[Budget, ...]:
    """Return the budgets that are set, in the words of who is paid."""
    found = reader.read(BudgetSettings).budgets()
    return tuple(replace(one, word=word_of(one.provider, one.unit)) if one.provider else one for one in found)


def paid_in(unit: Unit, word: str) -> tuple[str, ...]:
    """Return who is paid in a unit by the word that people use for it: `credits` may be several providers'."""
    return tuple(plug.name for plug in PLUGS if any((paid.unit, paid.word) == (unit, word) for paid in plug.paid))


def own_units() -> tuple[str, ...]:
    """Return the words for the units that providers are paid in, beside US dollars and calls, each once."""
    return tuple(dict.fromkeys(paid.word for plug in PLUGS for paid in plug.paid if paid.unit is Unit.CREDITS))


def word_of(provider: str, unit: Unit) -> str:
    """Return what people call a unit of a provider, in the plural; the unit's own name where no plug says."""
    paid = (paid for plug in PLUGS if plug.name == provider for paid in plug.paid)
    return next((one.word for one in paid if one.unit is unit), str(unit))


def models_for(job: str, reader: Reader) -> tuple[str, ...]:
    """Return the models named for a job (`provider:model`, best first) whose provider has a key."""
    named = reader.read(ModelSettings).named()
    with_key = {name for name, plug in model_providers().items() if plug.off_because(reader) is None}
    return tuple(model for model in named.get(job) or named.get("default", ()) if model.partition(":")[0] in with_key)


def model_providers() -> dict[str, Plug]:
    """Return name to provider, of those that offer language models."""
    return offering("chat")
