"""Any server that speaks OpenAI's protocol as a plug: what is true of it alone."""

from typing import ClassVar

from pydantic import Field

from core.settings.providers import ProviderSettings
from integrations.chat_completions.offer import chat_completions
from integrations.checking import models_check
from integrations.plug import Plug

NAME = "openai"
_CHAT = chat_completions("json_schema")


class OpenAISettings(ProviderSettings):
    """Any OpenAI-compatible server; without an address of its own, one on this machine."""

    prefix: ClassVar[str] = "OPENAI_"

    base_url: str = Field(
        default="http://127.0.0.1:8000/v1",
        pattern="^https?://",
        description="Where the server is; its answers cost nothing that we know of",
    )


PLUG = Plug(
    name=NAME,
    title="OpenAI-compatible servers",
    sections=(OpenAISettings,),
    words=(NAME,),
    chat=_CHAT,
    calls_ahead=20,
    check=models_check(NAME, OpenAISettings, _CHAT),
)
