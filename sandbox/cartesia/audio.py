"""Made-up speech: a tone as long as the text would take, in every encoding Cartesia offers."""

import hashlib
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

ENCODINGS = {"pcm_s16le": 2, "pcm_f32le": 4, "pcm_mulaw": 1, "pcm_alaw": 1}
SECONDS_A_CHARACTER = 0.02
_SHORTEST_S = 0.1
_LOUDNESS = 0.2
_WAV_FORMATS = {"pcm_s16le": 1, "pcm_f32le": 3, "pcm_mulaw": 7, "pcm_alaw": 6}
_MP3_FRAME = bytes.fromhex("fffb9000") + bytes(413)  # MPEG-1 layer III, 128 kbit/s, 44.1 kHz, silent
_MP3_FRAME_S = 1152 / 44_100


@dataclass(frozen=True, slots=True)
class Format:
    """An output format; `sample_rate` in Hz, `encoding` empty for mp3."""

    container: str
    encoding: str
    sample_rate: int


def duration_s(text: str) -> float:
    """Return how long the sandbox speaks a text."""
    return max(_SHORTEST_S, len(text) * SECONDS_A_CHARACTER)


def pcm(text: str, wanted: Format) -> bytes:
    """Return the samples of a tone whose pitch comes from the text, without a header."""
    rate = wanted.sample_rate
    pitch = 180 + hashlib.sha256(text.encode()).digest()[0]
    period = [_LOUDNESS * math.sin(2 * math.pi * n * pitch / rate) for n in range(max(2, round(rate / pitch)))]
    encoded = b"".join(_encode(value, wanted.encoding) for value in period)
    size = round(duration_s(text) * rate) * ENCODINGS[wanted.encoding]
    return (encoded * (size // len(encoded) + 1))[:size]


def _encode(value: float, encoding: str) -> bytes:
    """Return one sample (-1 to 1)."""
    if encoding == "pcm_f32le":
        return struct.pack("<f", value)
    whole = round(value * 32_767)
    if encoding == "pcm_s16le":
        return struct.pack("<h", whole)
    return bytes([_mulaw(whole) if encoding == "pcm_mulaw" else _alaw(whole)])


def _mulaw(sample: int) -> int:
    """Return a 16-bit sample in ITU-T G.711 mu-law."""
    sign, size = (0x80, -sample) if sample < 0 else (0, sample)
    size = min(size, 32_635) + 0x84
    exponent = max(size.bit_length() - 8, 0)
    return ~(sign | exponent << 4 | size >> exponent + 3 & 0x0F) & 0xFF


def _alaw(sample: int) -> int:
    """Return a 16-bit sample in ITU-T G.711 A-law."""
    sign, size = (0, -sample - 1) if sample < 0 else (0x80, sample)
    size = min(size, 32_635)
    exponent = max(size.bit_length() - 8, 0)
    low = size >> (exponent + 3 if exponent else 4) & 0x0F
    return (sign | exponent << 4 | low) ^ 0x55


def speech(text: str, wanted: Format) -> bytes:
    """Return a whole audio file, or bare samples for the container `raw`."""
    if wanted.container == "mp3":
        return _MP3_FRAME * max(1, round(duration_s(text) / _MP3_FRAME_S))
    samples = pcm(text, wanted)
    return wav_header(wanted, len(samples)) + samples if wanted.container == "wav" else samples


def wav_header(wanted: Format, size: int) -> bytes:
    """Return a RIFF header for `size` bytes of one channel."""
    width = ENCODINGS[wanted.encoding]
    form = struct.pack(
        "<HHIIHH", _WAV_FORMATS[wanted.encoding], 1, wanted.sample_rate, wanted.sample_rate * width, width, width * 8
    )
    return (
        b"RIFF"
        + struct.pack("<I", 36 + size)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", size)
    )


def samples_of(audio: bytes) -> bytes:
    """Return the samples of a WAV file; anything else is taken as samples."""
    place = audio.find(b"data", 0, 4096) if audio.startswith(b"RIFF") else -1
    return audio[place + 8 :] if place >= 0 else audio


def wav_seconds(audio: bytes) -> float | None:
    """Return how long a WAV file says it is, or None for anything else."""
    if not audio.startswith(b"RIFF") or len(audio) < 44:
        return None
    bytes_a_second = struct.unpack_from("<I", audio, 28)[0]
    return len(samples_of(audio)) / bytes_a_second if bytes_a_second else None


def pieces(audio: bytes, size: int) -> Iterator[bytes]:
    """Yield audio in pieces of `size` bytes."""
    for start in range(0, len(audio), size):
        yield audio[start : start + size]


def digest(samples: bytes) -> str:
    """Name some samples, to know them again."""
    return hashlib.sha256(samples).hexdigest()
