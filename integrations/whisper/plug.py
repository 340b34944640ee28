"""A Whisper model on this machine as a plug: speech to text without a key."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from core.settings.sections import Section
from integrations.plug import Plug, PlugContext, Reader

if TYPE_CHECKING:
    from integrations.whisper.speech import WhisperSpeech

NAME = "local"


class WhisperSettings(Section):
    """A Whisper model on this machine (extra local-speech)."""

    prefix: ClassVar[str] = "SPEECH_"

    weights: Path | None = Field(
        default=None, description="Directory of a Whisper model in CTranslate2's form. Empty: English, of the extra"
    )


def _not_installed(reader: Reader) -> str | None:  # noqa: ARG001 - no setting says so
    """Return what is missing; loads nothing."""
    there = all(find_spec(name) is not None for name in ("faster_whisper", "av"))
    return None if there else "the extra 'local-speech' is not installed"


async def _open(opening: PlugContext) -> "WhisperSpeech":
    from integrations.whisper.speech import WhisperSpeech

    return WhisperSpeech(opening.read(WhisperSettings).weights)


PLUG = Plug(
    name=NAME,
    title="Whisper on this machine",
    sections=(WhisperSettings,),
    words=("whisper",),
    ports={"speech_to_text": _open},
    off=_not_installed,
)
