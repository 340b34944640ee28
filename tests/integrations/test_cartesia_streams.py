"""Cartesia over websockets, through its SDK, against the stand-in: speaking and listening as they happen."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from core.conversation.speech import SpeechEvent, SpeechEventKind
from core.errors import (
    BudgetExhausted,
    ConfigurationError,
    Gone,
    InvalidInput,
    LimitReached,
    RateLimited,
    Rejected,
    Timeout,
    Unauthorized,
    Unavailable,
)
from core.ledger.spend import Cost
from integrations.cartesia.client import CartesiaClient
from integrations.cartesia.schemas import batch_credits, longest_s, streamed_credits
from integrations.resilience.breaker import BreakerPolicy
from integrations.resilience.rate_limit import Slots
from integrations.resilience.retry import RetryPolicy

VOICE = {"voice_id": "00000000-0000-4000-8000-000000000001", "model": "sonic-3.5"}
LONG = "A rather long sentence, so that it is spoken in more pieces than one and can be stopped half way."
SPOKEN_BYTES_A_CHARACTER = 16_000 * 2 * 0.02
ONCE = RetryPolicy(retries=0, base_s=0)
MANUAL = {"model": "ink-whisper"}
TURNS = {"model": "ink-2", "finds_turns": True}


@pytest.fixture
def client_of(sandbox, guard_of, store):
    def make(timeout_s: float = 10.0, slots: int = 2, **changes) -> CartesiaClient:
        env = sandbox.environment
        return CartesiaClient(
            env["CARTESIA_BASE_URL"],
            env["CARTESIA_API_KEY"],
            guard_of("cartesia", **{"deadline_s": 20.0, **changes}),
            slots=Slots("cartesia", slots, store, max_wait_s=0),
            timeout_s=timeout_s,
        )

    return make


def settled(book) -> list[Decimal]:
    return [cost.credits for kind, cost in book.events if kind == "settle"]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(300):
        while not holds():  # noqa: ASYNC110 - it happens in another thread's server
            await asyncio.sleep(0.01)


async def events_of(listening) -> list[SpeechEvent]:
    return [event async for event in listening]


async def test_a_text_is_spoken_and_paid_for(client_of, sandbox, book) -> None:
    async with client_of() as client, client.speaking(**VOICE) as speaking:
        sound = b"".join([piece async for piece in speaking.say(LONG)])
        await asyncio.sleep(0.05)
    assert len(sound) == pytest.approx(len(LONG) * SPOKEN_BYTES_A_CHARACTER, abs=4)
    assert settled(book) == [Decimal(len(LONG))] == [Decimal(sandbox.bill()["cartesia"]["characters"])]


async def test_text_is_spoken_as_it_comes_on_one_line(client_of, sandbox, book) -> None:
    async with client_of() as client, client.speaking(**VOICE) as speaking:
        for words in (["Good ", "morning", "."], ["Good ", "night."]):
            utterance, sound = speaking.utterance(most_characters=100), []

            async def think(utterance=utterance, words=words) -> None:
                for word in words:
                    utterance.push(word)
                    await asyncio.sleep(0.01)
                utterance.end()

            thinking = asyncio.create_task(think())
            sound = [piece async for piece in utterance]
            await thinking
            assert utterance.sent_characters == len("".join(words))
            assert sound
    assert len(sandbox.requests("cartesia")) == 1
    assert settled(book) == [Decimal(13), Decimal(11)]
    assert [cost.credits for kind, cost in book.events if kind == "reserve"] == [100, 100]


async def test_what_is_being_said_stops_at_once_and_the_rest_is_not_spoken(client_of, sandbox) -> None:
    sandbox.settings("cartesia", piece_pause_s=0.02)
    sandbox.fail_next("cartesia", "late_audio", method="WEBSOCKET")
    async with client_of() as client, client.speaking(**VOICE) as speaking:
        utterance, pieces = speaking.say(LONG), []
        async for piece in utterance:
            pieces.append(piece)
            if len(pieces) == 3:
                utterance.cancel()
        assert len(pieces) == 3
        again = [piece async for piece in speaking.say("Yes?")]
        assert sum(map(len, again)) == pytest.approx(4 * SPOKEN_BYTES_A_CHARACTER, rel=0.3)
    assert '"cancel": true' in sandbox.requests("cartesia")[0]["body"]
    assert sandbox.state("cartesia")["active"] == 0


async def test_a_reader_that_leaves_stops_it_too(client_of, sandbox) -> None:
    sandbox.settings("cartesia", piece_pause_s=0.02)
    async with client_of() as client, client.speaking(**VOICE) as speaking:

        async def listen() -> None:
            async for _ in speaking.say(LONG):
                pass

        listening = asyncio.create_task(listen())
        await until(lambda: sandbox.state("cartesia")["active"] == 1)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        await until(lambda: sandbox.state("cartesia")["active"] == 0)


async def test_cancelled_while_its_text_still_comes_sends_nothing_more(client_of, sandbox) -> None:
    sandbox.settings("cartesia", piece_pause_s=0.05)
    async with client_of() as client, client.speaking(**VOICE) as speaking:
        utterance = speaking.utterance()
        utterance.push(LONG)
        pieces = aiter(utterance)
        assert await anext(pieces)
        async with asyncio.timeout(300):
            utterance.cancel()
            await asyncio.sleep(0.05)  # whoever listens is busy elsewhere
            assert [piece async for piece in pieces] == []
    (said,) = sandbox.requests("cartesia")
    assert said["body"].count("transcript") == 1
    assert '"cancel": true' in said["body"]


async def test_cancelled_before_its_first_word_costs_nothing(client_of, sandbox, book) -> None:
    async with client_of() as client, client.speaking(**VOICE) as speaking:
        utterance = speaking.utterance()
        utterance.cancel()
        assert [piece async for piece in utterance] == []
        with pytest.raises(InvalidInput):
            utterance.push("Hello")
        empty = speaking.utterance()
        empty.end()
        assert [piece async for piece in empty] == []
    assert book.events == []
    assert sandbox.requests("cartesia") == []


async def test_two_things_are_said_at_once_and_no_more_than_the_plan_allows(client_of, sandbox) -> None:
    sandbox.settings("cartesia", piece_pause_s=0.005)
    async with client_of() as client, client.speaking(**VOICE) as speaking:

        async def spoken(text: str) -> int:
            return sum([len(piece) async for piece in speaking.say(text)])

        tasks = [asyncio.create_task(spoken(text)) for text in (LONG, LONG[:40])]
        await until(lambda: sandbox.state("cartesia")["active"] == 2)
        with pytest.raises(LimitReached):
            await spoken("Hello")
        assert [round(size / SPOKEN_BYTES_A_CHARACTER) for size in await asyncio.gather(*tasks)] == [len(LONG), 40]


async def test_a_pause_of_the_thinker_ends_the_context_and_not_the_utterance(client_of, sandbox) -> None:
    sandbox.settings("cartesia", context_idle_s=0.02)
    async with client_of() as client, client.speaking(**VOICE) as speaking:
        utterance = speaking.utterance()
        utterance.push("Well.")

        async def think() -> None:
            await asyncio.sleep(0.1)
            utterance.push(" It depends.")
            utterance.end()

        thinking = asyncio.create_task(think())
        size = sum([len(piece) async for piece in utterance])
        await thinking
    assert size == pytest.approx(17 * SPOKEN_BYTES_A_CHARACTER, abs=8)


async def test_more_text_than_was_set_aside_for_is_refused(client_of) -> None:
    async with client_of() as client, client.speaking(**VOICE) as speaking:
        with pytest.raises(InvalidInput):
            speaking.utterance(most_characters=3).push("Hello")


async def test_a_line_that_is_lost_before_the_first_sound_is_opened_again(client_of, sandbox, book) -> None:
    sandbox.fail_next("cartesia", "drop")
    sandbox.fail_next("cartesia", "cut_stream", skip=0, after=0)
    async with client_of() as client, client.speaking(**VOICE) as speaking:
        assert [piece async for piece in speaking.say("Hello")]
    assert len(sandbox.requests("cartesia")) == 3
    assert settled(book)[-1] == 5


SPEAKING_FAULTS = [
    ({"kind": "status", "status": 401}, Unauthorized),
    ({"kind": "status", "status": 403}, Unauthorized),
    ({"kind": "status", "status": 404}, Gone),
    ({"kind": "status", "status": 422}, Rejected),
    ({"kind": "status", "status": 429}, RateLimited),
    ({"kind": "status", "status": 429, "retry_after_s": 0.01}, RateLimited),
    ({"kind": "status", "status": 500}, Unavailable),
    ({"kind": "html", "status": 502}, Unavailable),
    ({"kind": "stall"}, Timeout),
    ({"kind": "drop"}, Unavailable),
    ({"kind": "drop_after"}, Unavailable),
    ({"kind": "cut_stream", "after": 1}, Unavailable),
    ({"kind": "malformed_json"}, Unavailable),
]


@pytest.mark.parametrize(("fault", "kind"), SPEAKING_FAULTS)
async def test_speaking_says_what_went_wrong(client_of, sandbox, fault: dict, kind: type) -> None:
    sandbox.fail_next("cartesia", **fault, times=None)
    async with (
        client_of(timeout_s=0.2 if kind is Timeout else 10.0, retry=ONCE) as client,
        client.speaking(**VOICE) as speaking,
    ):
        with pytest.raises(kind) as caught:
            _ = [piece async for piece in speaking.say(LONG)]
        assert caught.value.provider == "cartesia"
        sandbox.clear_faults("cartesia")
        assert [piece async for piece in speaking.say("Hello")]


@pytest.mark.parametrize("fault", ["error_context", "close_1011", "close_1006"])
async def test_speech_that_breaks_off_is_an_error(client_of, sandbox, fault: str) -> None:
    sandbox.fail_next("cartesia", fault, after=1)
    async with client_of(timeout_s=1, retry=ONCE) as client, client.speaking(**VOICE) as speaking:
        with pytest.raises(Unavailable):
            _ = [piece async for piece in speaking.say(LONG)]


async def test_a_voice_that_is_gone_is_not_asked_for_twice(client_of, sandbox) -> None:
    async with client_of() as client, client.speaking(voice_id="made-up", model="sonic-3.5") as speaking:
        with pytest.raises(Gone):
            _ = [piece async for piece in speaking.say("Hello")]
    assert [one["rule"] for one in sandbox.take_violations("cartesia")] == ["unknown_voice"]


@pytest.mark.parametrize("options", [MANUAL, TURNS])
async def test_what_is_said_is_heard(client_of, sandbox, book, options: dict) -> None:
    async with client_of() as client:
        async with client.speaking(**VOICE) as speaking:
            sound = b"".join([piece async for piece in speaking.say("Good morning.")])
        async with client.listening(**options) as listening:
            for at in range(0, len(sound), 3200):
                await listening.send(sound[at : at + 3200])
            await listening.finalize()
            assert await listening.turn() == "Good morning."
            await listening.send(b"\0" * 3200)
            await listening.end()
            events = await events_of(listening)
    assert events[-1].kind is SpeechEventKind.ENDED
    assert events[-1].text.startswith("[sandbox]")
    seconds = Decimal(len(sound) + 3200) / 32_000
    assert settled(book)[-1] == Cost(credits=streamed_credits(options["model"], seconds)).credits


async def test_drafts_grow_and_spaces_are_kept(client_of, sandbox) -> None:
    sandbox.seed("cartesia", transcripts=[" good", " morning "])
    async with client_of() as client, client.listening(**MANUAL) as listening:
        await listening.send(b"\0" * 20_000)
        await listening.finalize()
        first = [event async for event in _until_ended(listening)]
        await listening.send(b"\0" * 320)
        await listening.finalize()
        second = await listening.turn()
        await listening.end()
        assert await events_of(listening) == []
    assert [event.kind for event in first] == [SpeechEventKind.DRAFT, SpeechEventKind.DRAFT, SpeechEventKind.ENDED]
    assert (first[-1].text, second) == (" good", " morning ")


async def _until_ended(listening):
    async for event in listening:
        yield event
        if event.kind is SpeechEventKind.ENDED:
            return


async def test_the_beginning_of_a_turn_is_heard_while_something_is_said(client_of, sandbox) -> None:
    sandbox.settings("cartesia", piece_pause_s=0.02)
    async with client_of() as client, client.speaking(**VOICE) as speaking, client.listening(**TURNS) as listening:
        utterance, pieces = speaking.say(LONG), 0
        kinds: list[SpeechEventKind] = []

        async def listen() -> None:
            async for event in listening:
                kinds.append(event.kind)
                if event.kind is SpeechEventKind.STARTED:
                    utterance.cancel()

        listener = asyncio.create_task(listen())
        async for _ in utterance:
            pieces += 1
            if pieces == 2:
                await listening.send(b"\0" * 640)
        await listening.end()
        await listener
    assert pieces < len(LONG) * SPOKEN_BYTES_A_CHARACTER / 2048 - 5
    assert kinds == [SpeechEventKind.STARTED, SpeechEventKind.DRAFT, SpeechEventKind.MAYBE_ENDED, SpeechEventKind.ENDED]


@pytest.mark.parametrize("options", [MANUAL, TURNS])
@pytest.mark.parametrize(("fault", "kind"), SPEAKING_FAULTS)
async def test_listening_says_what_went_wrong(client_of, sandbox, options: dict, fault: dict, kind: type) -> None:
    sandbox.fail_next("cartesia", **fault, times=None)
    with pytest.raises(kind) as caught:
        await events_by(client_of(timeout_s=0.2 if kind is Timeout else 10.0, retry=ONCE), options)
    assert caught.value.provider == "cartesia"


async def events_by(client: CartesiaClient, options: dict) -> list[SpeechEvent]:
    async with client, client.listening(**options) as listening:
        await listening.send(b"\0" * 640)
        await listening.finalize()
        await listening.end()
        return await events_of(listening)


async def test_a_lost_line_is_a_fault_of_the_provider(client_of, sandbox, guard_of, store) -> None:
    policy = BreakerPolicy(failures=3)
    guard = guard_of("cartesia", breaker_policy=policy)
    sandbox.fail_next("cartesia", "cut_stream", after=1, times=None)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await events_by(client_of(retry=ONCE, breaker_policy=policy), TURNS)
    assert await guard.breaker.state() == "open"


async def test_a_model_that_cannot_listen_is_refused(client_of, sandbox) -> None:
    async with client_of() as client, client.listening(model="made-up") as listening:
        with pytest.raises(Rejected):
            await events_of(listening)
    assert [one["rule"] for one in sandbox.take_violations("cartesia")] == ["bad_stt_query"]


async def test_listeners_are_limited_apart_from_speakers(client_of, sandbox, store) -> None:
    await Slots("cartesia", 1, store).take("somebody who speaks")
    async with client_of(slots=1) as client:
        for number in range(3):
            await Slots("cartesia-listening", 4, store).take(f"listener {number}")
        async with client.listening(**MANUAL):
            with pytest.raises(LimitReached):
                async with client.listening(**MANUAL):
                    pass


class EmptyBook:
    """A cost book whose budget allows so many reservations."""

    def __init__(self, left: int) -> None:
        self.left, self.settled = left, []

    async def reserve(self, provider: str, operation: str, estimate: Cost) -> int:
        if not self.left:
            raise BudgetExhausted("it is used up")
        self.left -= 1
        return self.left

    async def settle(self, reservation: int, actual: Cost) -> None:
        self.settled.append(actual.credits)

    async def release(self, reservation: int) -> None:
        self.settled.append(None)


async def test_listening_stops_where_the_budget_does(client_of, sandbox) -> None:
    book = EmptyBook(2)
    async with client_of(book=book) as client, client.listening(**MANUAL) as listening:
        for _ in range(120):
            await listening.send(b"\0" * 32_000)
        with pytest.raises(BudgetExhausted):
            await listening.send(b"\0" * 32_000)
    assert book.settled == [60, 60]


async def test_listening_without_a_cost_book_is_refused(client_of, sandbox) -> None:
    with pytest.raises(ConfigurationError):
        async with client_of(book=None) as client, client.listening(**MANUAL):
            pass
    assert sandbox.requests("cartesia") == []


def test_what_listening_costs() -> None:
    assert streamed_credits("ink-whisper-2025-06-04", Decimal(10)) == 10
    assert streamed_credits("ink-2", Decimal(10)) == streamed_credits("ink-9", Decimal(10)) == 30
    assert batch_credits(Decimal(10)) == 5
    assert longest_s(0) == 0
    assert longest_s(1001) == 2
