"""DeepSeek as a plug: what is true of it alone."""

from typing import ClassVar

from core.settings.providers import ProviderSettings, own_default
from integrations.chat_completions.offer import chat_completions
from integrations.checking import models_check
from integrations.plug import Plug

NAME = "deepseek"
_CHAT = chat_completions()


class DeepSeekSettings(ProviderSettings):
    """DeepSeek; hosted in China."""

    prefix: ClassVar[str] = "DEEPSEEK_"

    base_url: str = own_default("base_url", "https://api.deepseek.com/v1")


PLUG = Plug(
    name=NAME,
    title="DeepSeek",
    sections=(DeepSeekSettings,),
    words=(NAME,),
    chat=_CHAT,
    is_strict=True,
    calls_ahead=20,
    check=models_check(NAME, DeepSeekSettings, _CHAT),
)
