"""Live sound: played as it is heard, taken back when somebody speaks up."""

import asyncio
import io

from app.live_audio import Playback, recorded

RATE = 16_000


async def test_what_a_recorder_writes_comes_in_small_pieces_to_its_end() -> None:
    pieces = [piece async for piece in recorded(io.BytesIO(b"\1" * 4_001), RATE)]
    assert [len(piece) for piece in pieces] == [1_600, 1_600, 801]


async def test_sound_is_played_as_it_is_heard_and_what_was_not_heard_is_taken_back() -> None:
    player = io.BytesIO()
    playback = Playback(player, RATE)
    playing = asyncio.create_task(playback.play())
    minutes = b"\1" * 2 * RATE * 300
    playback.write(minutes)
    await asyncio.sleep(0.1)
    assert 0 < player.tell() < len(minutes) / 2, "the player was given more than is heard soon"
    playback.hush()
    await playback.finished()
    playback.write(b"\2" * 100)
    await asyncio.sleep(0)
    await playback.finished()
    assert player.tell() < len(minutes) / 2
    assert player.getvalue().endswith(b"\1" + b"\2" * 100)
    playing.cancel()
