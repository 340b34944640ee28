"""Live sound: played as it is heard, taken back when somebody speaks up."""

import asyncio
import io

from app.live_audio import Playback, recorded

RATE = 16_000


async def test_what_a_recorder_writes_comes_in_small_pieces_to_its_end() -> None:
    pieces = [piece async for piece in recorded(io.BytesIO(b"\1" * 4_001), RATE)]
    assert [len(piece) for piece in pieces] == [1_600, 1_600, 801]


async def test_sound_is_played_no_faster_than_it_is_heard() -> None:
    player = io.BytesIO()
    playback = Playback(player, RATE)
    playing = asyncio.create_task(playback.play())
    playback.write(b"\1" * 2 * RATE)
    await asyncio.sleep(0.1)
    assert player.tell() < 2 * RATE * 0.8, "the player was given more than is heard soon"
    await playback.finished()
    assert player.tell() == 2 * RATE
    playing.cancel()


async def test_what_was_not_heard_is_taken_back() -> None:
    player = io.BytesIO()
    playback = Playback(player, RATE)
    playing = asyncio.create_task(playback.play())
    playback.write(b"\1" * 20 * RATE)
    await asyncio.sleep(0.05)
    playback.hush()
    async with asyncio.timeout(5):
        await playback.finished()
    assert 0 < player.tell() < 10 * RATE
    playback.write(b"\2" * 100)
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await playback.finished()
    assert player.getvalue().endswith(b"\2" * 100)
    playing.cancel()
