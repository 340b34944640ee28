"""A conversation held in this process: turns one after the other, in text, from files, or live.

A turn has an id and is taken once: run again with the same id, it goes on where it was cut off, or is only reported.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from agents import conversation
from agents.models import Job
from core.conversation.runs import TalkReport
from core.conversation.speech import SpeechEventKind
from core.errors import Conflict, LimitReached, ProviderError
from core.ports import LiveSpeech, LiveTurns
from langgraph_prefect.nodes import Graph
from langgraph_prefect.running import RunOptions, resume_graph, run_graph
from langgraph_prefect.values import Finished, GraphOutcome, NodeRun, Stopped
from tasks.agents.graphs import as_result, kept, model_for, noted
from tasks.conversation.speech_to_text import file_transcriber, live_transcriber, open_speech_input, open_turn_input
from tasks.conversation.text_to_speech import Sink, StreamedSpeechOutput, open_speech_output, write_wav
from tasks.conversation.turns import (
    TalkPlan,
    last_turn,
    opt_out_of,
    report_of,
)
from tasks.runtime.providers import outside

log = logging.getLogger(__name__)

_STEPS_A_TURN = 6
_MOST_TURNS = 200


async def take_turn(begun: TalkPlan) -> TalkReport:
    """Take a turn, or none: then say how the conversation stands. Safe to run again: a turn is taken once."""
    asked = begun.asked
    sound = bytearray()
    sink = sound.extend if asked.save_audio else None
    async with AsyncExitStack() as stack:
        live = await stack.enter_async_context(conversing(begun, sink=sink, takes_files=asked.audio is not None))
        report = await live.take(begun.turn)
    if asked.save_audio and sound:
        write_wav(Path(asked.save_audio), bytes(sound))
        report = report.model_copy(update={"audio": asked.save_audio})
    return report


def concluded(report: TalkReport) -> TalkReport:
    """Return what the flow returns; of a stopped thread Prefect's state that holds it."""
    result: TalkReport = as_result(report)
    return result


class LiveConversation:
    """A conversation held in this process: turns one after the other, over lines that stay open.

    From `conversing`. One turn at a time; `interrupt` may come at any moment from elsewhere.
    """

    def __init__(
        self,
        begun: TalkPlan,
        graph: Graph,
        floor: conversation.Floor,
        options: RunOptions,
        speech_output: StreamedSpeechOutput | None,
        speech_input: LiveSpeech | None,
        turns: LiveTurns | None,
    ) -> None:
        self._begun, self._graph, self._floor, self._within = begun, graph, floor, options
        self._speech_output, self._speech_input, self._turns = speech_output, speech_input, turns
        self._late: list[Callable[[], Awaitable[None]]] = []
        self._record = options.on_node
        if speech_output is not None or speech_input is not None or turns is not None:
            self._within = replace(options, on_node=self._note, is_cancelled=_once_a_second(options.is_cancelled))
        self._has_begun = False

    async def listen(self, audio: bytes) -> None:
        """Take a piece of live audio, raw 16-bit PCM; `end_turn` ends the turn."""
        assert self._speech_input is not None, "opened without live audio"
        await self._speech_input.send(audio)

    async def end_turn(self) -> TalkReport:
        """Answer what was listened to since the last turn."""
        return await self.take({"id": str(uuid4()), "audio": "live"})

    async def say(self, text: str) -> TalkReport:
        """Answer a turn in text."""
        return await self.take({"id": str(uuid4()), "text": text})

    def interrupt(self) -> None:
        """Stop what is being thought and said, at once."""
        self._floor.interrupt()

    async def hold(
        self, sound: AsyncIterator[bytes], *, hush: Callable[[], None], tell: Callable[[TalkReport], None]
    ) -> None:
        """Greet, and answer each turn that is found in a stream of sound, until the sound or the conversation ends.

        A prospect who begins to speak interrupts: what is being thought and said stops.

        Args:
            sound: raw 16-bit PCM, as it is recorded.
            hush: silences what has been said and was not played yet.
            tell: is given the report of each turn.
        """
        assert self._turns is not None, "opened without finding turns"
        opening = await self.take(None)
        tell(opening)
        if opening.status != "waiting":
            return
        speech_input, answering = self._turns, None
        greeting = asyncio.create_task(self._greet(opening))
        feeding = asyncio.create_task(_feed(speech_input, sound))
        try:
            async for event in speech_input:
                if event.kind is SpeechEventKind.STARTED:
                    self.interrupt()
                    hush()
                elif event.kind is SpeechEventKind.ENDED and event.text.strip():
                    if answering is not None and await answering:
                        break
                    answering = asyncio.create_task(self._answer(event.text.strip(), tell, feeding))
            if answering is not None:
                await answering
            if feeding.done() and not feeding.cancelled():
                feeding.result()  # what kept the sound from being transcribed
        finally:
            left = [task for task in (greeting, feeding, answering) if task is not None]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _greet(self, opening: TalkReport) -> None:
        """Say the opening of a conversation that has just begun; a prospect may interrupt it."""
        if self._speech_output is None or opening.turns or not opening.reply:
            return
        speech = self._floor.speech = self._speech_output.begin()
        speech.push(opening.reply)
        speech.end()
        try:
            await speech.finished()
        except (ProviderError, LimitReached) as error:
            log.warning("not_spoken", extra={"reason": type(error).__name__})

    async def _answer(self, text: str, tell: Callable[[TalkReport], None], feeding: "asyncio.Task[None]") -> bool:
        """Answer a turn; tell whether it was the last one. Nothing more is listened to then, nor after an error."""
        has_ended = True
        try:
            report = await self.say(text)
            tell(report)
            has_ended = report.status != "waiting"
        finally:
            if has_ended:
                feeding.cancel()
        return has_ended

    async def take(self, turn: Mapping[str, Any] | None) -> TalkReport:
        """Take a turn, unless it is the last one that was taken."""
        began = time.perf_counter()
        if self._speech_output is not None:
            self._speech_output.first_at = None
        try:
            outcome = await self._turned(turn)
        finally:
            await self._settle()
        first_at = self._speech_output.first_at if self._speech_output is not None else None
        report = report_of(self._begun, outcome)
        timing = {"turn_ms": _ms(began, time.perf_counter())}
        if first_at is not None:
            timing["first_audio_ms"] = _ms(began, first_at)
        return report.model_copy(update=timing)

    async def _turned(self, turn: Mapping[str, Any] | None) -> GraphOutcome:
        thread_id, graph = self._begun.thread_id, self._graph
        if not self._has_begun:
            # A reader of the stream takes the end of a run for the end of the turn.
            outcome = await self._begin(self._within if turn is None else replace(self._within, publish=None))
            self._count(outcome)
            self._has_begun = True
            if turn is None or isinstance(outcome, Stopped):
                return outcome
            last = last_turn(outcome)
            if last is not None and last["id"] == turn["id"]:
                return await self._begin(self._within)
            if isinstance(outcome, Finished):
                raise Conflict(f"the conversation {thread_id} has ended: begin another one")
        assert turn is not None
        outcome = await noted(
            thread_id, resume_graph(graph, dict(turn), thread_id=str(thread_id), options=self._within)
        )
        self._count(outcome)
        return outcome

    async def _begin(self, options: RunOptions) -> GraphOutcome:
        """Bring the thread to where it waits for a turn, or find it there, or ended."""
        given, thread_id = {"facts": dict(self._begun.facts)}, self._begun.thread_id
        return await noted(thread_id, run_graph(self._graph, given, thread_id=str(thread_id), options=options))

    def _count(self, outcome: GraphOutcome) -> None:
        self._within = replace(self._within, used_before=self._within.used_before + outcome.usage)

    async def _note(self, run: NodeRun) -> None:
        """Keep a node's record for after the answer: nobody waits for the ledger."""
        record = self._record
        if record is not None:
            self._late.append(lambda: record(run))

    async def _settle(self) -> None:
        late, self._late = self._late, []
        for record in late:
            await record()


@asynccontextmanager
async def conversing(
    begun: TalkPlan,
    *,
    sink: Sink | None = None,
    takes_files: bool = False,
    takes_live_audio: bool = False,
    finds_turns: bool = False,
) -> AsyncIterator[LiveConversation]:
    """Open a conversation: models, speech to text and text to speech, the thread.

    Args:
        begun: from `plan_turn`.
        sink: takes the sound of the answers; None: they are text.
        takes_files: turns may be files.
        takes_live_audio: turns may be live audio (`listen`, `end_turn`).
        finds_turns: turns are found in live audio (`hold`).

    Raises:
        ThreadBusy: another process holds it.
        ProviderNotConfigured: audio is wanted, and who speaks or listens is not configured.
    """
    floor, language = conversation.Floor(), begun.playbook.language
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(
            model_for(Job.CONVERSATION, begun.thread_id, wanted=begun.asked.use_model)
        )
        speech_output: StreamedSpeechOutput | None = None
        speech_input: LiveSpeech | None = None
        turns: LiveTurns | None = None
        transcribe: conversation.Transcribe | None = None
        if sink is not None or takes_files or takes_live_audio or finds_turns:
            world = await stack.enter_async_context(outside(begun.thread_id))
            speech_output = await stack.enter_async_context(open_speech_output(world, sink, language))
            transcribe = file_transcriber(world, language) if takes_files else None
            if takes_live_audio:
                speech_input = await stack.enter_async_context(open_speech_input(world, language))
                transcribe = live_transcriber(speech_input)
            if finds_turns:
                turns = await stack.enter_async_context(open_turn_input(world, language))
        graph = conversation.build(
            playbook=begun.playbook,
            opt_out=lambda: opt_out_of(begun.lead_id, begun.contact_id),
            transcribe=transcribe,
            model=model,
            speech_output=speech_output,
            floor=floor,
        )
        options = await stack.enter_async_context(
            kept(
                conversation.NAME,
                begun.thread_id,
                begun.request,
                conversation.PROMPT_VERSION,
                stream=begun.asked.stream,
                steps=_STEPS_A_TURN * _MOST_TURNS,
            )
        )
        yield LiveConversation(begun, graph, floor, options, speech_output, speech_input, turns)


def _once_a_second(asked: Callable[[], Awaitable[bool]] | None) -> Callable[[], Awaitable[bool]] | None:
    """Return the same question, asked once a second at most: a prospect who waits hears the answer sooner."""
    if asked is None:
        return None
    found, at = False, -1.0

    async def ask() -> bool:
        nonlocal found, at
        if time.monotonic() - at >= 1.0:
            found, at = await asked(), time.monotonic()
        return found

    return ask


async def _feed(speech_input: LiveTurns, sound: AsyncIterator[bytes]) -> None:
    """Send sound to speech to text until there is no more, then say so; also where it is cut short."""
    try:
        async for piece in sound:
            await speech_input.send(piece)
    finally:
        await speech_input.end()


def _ms(began: float, ended: float) -> float:
    return round(1000 * (ended - began), 1)
