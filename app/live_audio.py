"""Live sound between a recorder and a player: raw little-endian 16-bit PCM of one channel."""

import asyncio
from collections.abc import AsyncIterator
from typing import BinaryIO

BYTES_A_SAMPLE = 2
_STEP_S = 0.05
_AHEAD_S = 0.15
"""What a player is given before it is heard: enough that it does not run dry."""


async def recorded(source: BinaryIO, sample_rate: int) -> AsyncIterator[bytes]:
    """Yield what a recorder writes, as it comes, in pieces of a twentieth of a second, until it ends."""
    size = int(sample_rate * _STEP_S) * BYTES_A_SAMPLE
    while piece := await asyncio.to_thread(source.read, size):
        yield piece


class Playback:
    """Plays sound no faster than it is heard, so that what was not heard yet can be taken back.

    Args:
        out: of the player.
        sample_rate: samples a second.
    """

    def __init__(self, out: BinaryIO, sample_rate: int) -> None:
        self._out = out
        self._bytes_a_second = sample_rate * BYTES_A_SAMPLE
        self._size = int(sample_rate * _STEP_S) * BYTES_A_SAMPLE
        self._sound = bytearray()
        self._has_sound = asyncio.Event()
        self._is_silent = asyncio.Event()
        self._is_silent.set()

    def write(self, sound: bytes) -> None:
        """Add sound to what is to be played."""
        self._sound += sound
        self._is_silent.clear()
        self._has_sound.set()

    def hush(self) -> None:
        """Take back what was not played yet."""
        self._sound.clear()

    async def finished(self) -> None:
        """Wait until everything has been played."""
        await self._is_silent.wait()

    async def play(self) -> None:
        """Play until this is cancelled. Raises BrokenPipeError where the player is gone."""
        clock = asyncio.get_running_loop().time
        heard_to = clock()
        while True:
            if not self._sound:
                self._is_silent.set()
                self._has_sound.clear()
                await self._has_sound.wait()
                heard_to = max(heard_to, clock())
            piece = bytes(self._sound[: self._size])
            del self._sound[: self._size]
            await asyncio.to_thread(self._put, piece)
            heard_to += len(piece) / self._bytes_a_second
            await asyncio.sleep(max(0.0, heard_to - _AHEAD_S - clock()))

    def _put(self, piece: bytes) -> None:
        self._out.write(piece)
        self._out.flush()
