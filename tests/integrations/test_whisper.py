"""Speech to text on this machine, with the real model."""

import wave
from pathlib import Path

import pytest

from core.errors import ConfigurationError, InvalidFile, InvalidInput
from integrations.whisper.transcriber import (
    LONGEST_S,
    SAMPLE_RATE,
    Transcriber,
    is_installed,
    samples_of_file,
    samples_of_pcm,
)

SPEECH = Path(__file__).parents[1] / "data" / "speech"

pytestmark = pytest.mark.skipif(not is_installed(), reason="speech to text is not installed here: make local-speech")


def pcm(name: str) -> bytes:
    with wave.open(str(SPEECH / name), "rb") as file:
        return file.readframes(file.getnframes())


async def test_a_sentence_is_heard_from_a_file_and_from_live_sound() -> None:
    transcriber, said = Transcriber(None, "en"), SPEECH / "stop_calling.wav"
    assert await transcriber.transcribe(samples_of_file(said.read_bytes(), path=said)) == "Please stop calling me."
    assert await transcriber.transcribe(samples_of_pcm(pcm("tell_me_the_price.wav"))) == "Please tell me the price."


@pytest.mark.parametrize("sound", [b"", b"\0", bytes(4 * SAMPLE_RATE)], ids=["none", "half a sample", "silence"])
async def test_nothing_is_made_up_where_nobody_speaks(sound: bytes) -> None:
    assert await Transcriber(None, "en").transcribe(samples_of_pcm(sound)) == ""


async def test_what_would_take_minutes_is_refused() -> None:
    with pytest.raises(InvalidInput, match="10 minutes"):
        await Transcriber(None, "en").transcribe(samples_of_pcm(bytes(int(2 * SAMPLE_RATE * (LONGEST_S + 1)))))


def test_a_language_that_the_model_does_not_know_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="English only, not 'de': set SPEECH_WEIGHTS"):
        Transcriber(None, "de")


def test_weights_that_are_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no model\.bin"):
        Transcriber(tmp_path, "en")
    (tmp_path / "model.bin").write_bytes(b"nothing")
    with pytest.raises(ConfigurationError, match="no speech model can be loaded"):
        Transcriber(tmp_path, "en")


@pytest.mark.parametrize("content", [b"", b"not sound at all", b"RIFF\0\0\0\0WAVEfmt "])
def test_a_file_without_sound_is_named(content: bytes) -> None:
    with pytest.raises(InvalidFile, match=r"said\.wav"):
        samples_of_file(content, path=Path("said.wav"))
