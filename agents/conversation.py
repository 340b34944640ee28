"""The conversation agent: a prospect's turn is transcribed, understood, answered, spoken; then it waits for the next.

    START → listen ⇄ (waits for a turn) → transcribe ─┬─(the rule: leave me alone)→ opt_out ─┐
              ↑                                       └─(else)→ intent ─┬─(unsubscribe)→ opt_out ─┤
              │                                                         └─(else)→ respond ←───────┘
              └───────────────(goes on)── speak ←── respond;   speak ─(has ended)→ END

Models, speech to text, speech output and the store of opt-outs are arguments. Sentences are spoken as soon as the
model has written them and they have been checked, while the rest is still being written. Without a model the rules and
the playbook's own words do all of it; without a speech output nothing is spoken.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, Literal, Protocol, TypedDict

from langchain_core.language_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field

from agents.prompt_files import read_prompt
from agents.sentence_stream import sentences_of
from core.agents import threads
from core.conversation.playbook import MAX_ANSWER, Playbook, filled
from core.conversation.turns import (
    LAST,
    LONGEST_TURN,
    Intent,
    may_say,
    read_intent,
    stock_reply,
)
from core.errors import LimitReached, MalformedAnswer, ProviderError
from core.outreach.opt_out import is_opt_out, said_themselves

log = logging.getLogger(__name__)

_PROMPT = read_prompt("conversation")
PROMPT_VERSION = _PROMPT.version
NAME = threads.CONVERSATION
_NONE = "NONE"

Transcribe = Callable[[Mapping[str, Any]], Awaitable[str]]
"""Transcribes the audio that a turn names."""
OptOut = Callable[[], Awaitable[str]]
"""Suppresses the prospect for good; says what was suppressed. Safe to repeat."""


class Speech(Protocol):
    """Something being said."""

    def push(self, text: str) -> None:
        """Say more."""
        ...

    def end(self) -> None:
        """Say that no more comes."""
        ...

    def cancel(self) -> None:
        """Stop at once."""
        ...

    async def finished(self) -> None:
        """Wait until all of it has been said, or was stopped. Raises ProviderError where words were lost."""
        ...


class SpeechOutput(Protocol):
    """Turns text into speech."""

    def begin(self) -> Speech:
        """Begin to say something."""
        ...


class Reading(BaseModel):
    """What the prospect means."""

    model_config = ConfigDict(extra="forbid")

    intent: Literal["interested", "question", "objection", "not_now", "wrong_person", "unsubscribe", "end"]
    topics: list[str] = Field(default_factory=list, max_length=5)


class ConversationInput(TypedDict):
    """What a thread starts with: the lead's facts, no more of them than may be said."""

    facts: dict[str, Any]


class ConversationState(ConversationInput, total=False):
    """What a thread knows.

    Attributes:
        turn: the turn at hand: `id`, and `text` or `audio`.
        words: what was said in it.
        intent: what was meant; by: "model" or "rules".
        opted_out: what was suppressed, once the prospect has asked for it.
        reply: what is answered; was_interrupted: whether the prospect cut it short.
        refused: sentences of the model that were not said, in this turn.
        turns: those that have ended, as records.
    """

    turn: dict[str, Any]
    words: str
    intent: Intent
    topics: list[str]
    by: Literal["model", "rules"]
    opted_out: str | None
    reply: str
    answered_by: Literal["model", "playbook", "colleague"]
    was_interrupted: bool
    refused: int
    turns: list[dict[str, Any]]


@dataclass(eq=False)
class Floor:
    """Who has the floor: interrupting stops what is being thought and said, at once.

    One of these belongs to one conversation in one process.
    """

    speech: Speech | None = None
    is_interrupted: bool = False
    _work: set["asyncio.Task[Any]"] = field(default_factory=set)

    def interrupt(self) -> None:
        """Stop the model's stream and the voice."""
        self.is_interrupted = True
        for task in self._work:
            task.cancel()
        if self.speech is not None:
            self.speech.cancel()

    def take(self) -> None:
        """Begin a turn; an interruption from now on is one of its answer."""
        self.speech, self.is_interrupted = None, False

    async def run(self, work: Any) -> bool:
        """Run something that an interruption ends; tell whether it came to its end."""
        task = asyncio.ensure_future(work)
        self._work.add(task)
        try:
            await task
        except asyncio.CancelledError:
            if not self.is_interrupted:
                task.cancel()
                raise
            return False
        finally:
            self._work.discard(task)
        return True


ConversationGraph = CompiledStateGraph[Any, Any, Any, Any]


def build(
    *,
    playbook: Playbook,
    opt_out: OptOut,
    transcribe: Transcribe | None = None,
    model: BaseChatModel | None = None,
    speech_output: SpeechOutput | None = None,
    floor: Floor | None = None,
) -> ConversationGraph:
    """Make the graph.

    Args:
        playbook: all that may be said.
        opt_out: the store of suppressions.
        transcribe: speech to text; None: turns are text.
        model: any chat model; None: rules and the playbook's own words.
        speech_output: text to speech; None: replies are text.
        floor: lets somebody outside interrupt.
    """
    nodes = _Nodes(playbook, opt_out, transcribe, model, speech_output, floor or Floor())
    graph = StateGraph(ConversationState, input_schema=ConversationInput)
    graph.add_node("listen", listen)
    graph.add_node("transcribe", nodes.transcribe)
    graph.add_node("intent", nodes.intent)
    graph.add_node("opt_out", nodes.opt_out)
    graph.add_node("respond", nodes.respond)
    graph.add_node("speak", nodes.speak)
    graph.add_edge(START, "listen")
    graph.add_edge("listen", "transcribe")
    graph.add_conditional_edges("transcribe", after_hearing, ["opt_out", "intent"])
    graph.add_conditional_edges("intent", after_intent, ["opt_out", "respond"])
    graph.add_edge("opt_out", "respond")
    graph.add_edge("respond", "speak")
    graph.add_conditional_edges("speak", after_speaking, ["listen", END])
    return graph.compile(name=NAME)


async def listen(state: ConversationState) -> dict[str, Any]:
    """Wait for a turn, and show the last one. Answer: `{"id": ..., "text": ...}` or `{"id": ..., "audio": ...}`."""
    turns = state.get("turns", [])
    return {"turn": dict(interrupt({"kind": "turn", "last": turns[-1] if turns else None}))}


def after_hearing(state: ConversationState) -> Literal["opt_out", "intent"]:
    """Let the rule for opt-outs stand in front of any model."""
    return "opt_out" if is_opt_out(said_themselves(state["words"])) else "intent"


def after_intent(state: ConversationState) -> Literal["opt_out", "respond"]:
    """Suppress where a model understood what the rule did not."""
    return "opt_out" if state["intent"] == "unsubscribe" else "respond"


def after_speaking(state: ConversationState) -> Literal["listen", "__end__"]:
    """Go on unless the prospect has ended it."""
    return "__end__" if state["intent"] in LAST else "listen"


class _Nodes:
    """The nodes that need something from outside."""

    def __init__(
        self,
        playbook: Playbook,
        opt_out: OptOut,
        transcribe: Transcribe | None,
        model: BaseChatModel | None,
        speech_output: SpeechOutput | None,
        floor: Floor,
    ) -> None:
        self._playbook, self._opt_out, self._transcribe = playbook, opt_out, transcribe
        self._speech_output, self._floor = speech_output, floor
        self._read: Any = None
        self._answer: Any = None
        if model is not None:
            self._read = _prompted("intent") | model.with_structured_output(Reading)
            self._answer = _prompted("answer") | model

    async def transcribe(self, state: ConversationState) -> dict[str, Any]:
        """Return the words of the turn."""
        self._floor.take()
        turn = state["turn"]
        words = str(turn.get("text") or "")
        if "text" not in turn and self._transcribe is not None:
            words = await self._transcribe(turn)
        return {"words": words, "topics": [], "refused": 0, "was_interrupted": False}

    async def intent(self, state: ConversationState) -> dict[str, Any]:
        """Return what the prospect means: by the model, held against the playbook's topics, else by rules."""
        words = state["words"]
        intent, topics = read_intent(words, self._playbook)
        if self._read is None or intent == "unheard":
            return {"intent": intent, "topics": topics, "by": "rules"}
        try:
            said = await self._read.ainvoke({"topics": self._listed(), **_fenced(words)})
        except (ProviderError, MalformedAnswer, LimitReached) as error:
            # A prospect is waiting: the rules answer, and the log says why.
            log.warning("intent_by_rules", extra={"reason": type(error).__name__})
            return {"intent": intent, "topics": topics, "by": "rules"}
        known = {topic.id for topic in self._playbook.topics}
        chosen = [one for one in dict.fromkeys(said.topics) if one in known][:2]
        return {"intent": said.intent, "topics": chosen, "by": "model"}

    def _listed(self) -> str:
        lines = (f"- {topic.id}: {', '.join(topic.heard[:5])}" for topic in self._playbook.topics)
        return "\n".join(lines) or "- none"

    async def opt_out(self, state: ConversationState) -> dict[str, Any]:
        """Suppress the prospect, before anything is answered."""
        found = {"opted_out": await self._opt_out(), "intent": "unsubscribe", "topics": []}
        return found if state.get("by") and state.get("intent") == "unsubscribe" else {**found, "by": "rules"}

    async def respond(self, state: ConversationState) -> dict[str, Any]:
        """Answer from the playbook and nothing else; what is ready is spoken while the rest is being written.

        A prospect who went on speaking before the answer began gets none.
        """
        if self._floor.is_interrupted:
            return {"reply": "", "answered_by": "playbook", "refused": 0}
        speech = self._floor.speech = self._speech_output.begin() if self._speech_output is not None else None
        reply = _Reply(speech)
        facts, intent, topics = state["facts"], state["intent"], state["topics"]
        answers = self._playbook.answers(topics, facts) if intent in ("question", "objection") else []
        if self._answer is not None and answers:
            asked = {"answers": "\n".join(f"- {answer}" for answer in answers), **_fenced(state["words"])}
            await self._floor.run(self._by_model(asked, answers, facts, reply))
        by: str = "model" if reply.said else "playbook"
        if not reply.said and not self._floor.is_interrupted:
            reply.say(stock_reply(intent, topics, self._playbook, facts))
            by = "playbook" if answers or intent not in ("question", "objection") else "colleague"
        if reply.refused and not self._floor.is_interrupted:
            by = self._for_the_rest(reply, facts, by)
        if speech is not None:
            speech.end()
        return {"reply": " ".join(reply.said), "answered_by": by, "refused": reply.refused}

    def _for_the_rest(self, reply: "_Reply", facts: Mapping[str, Any], by: str) -> str:
        """Hand what could not be answered to a colleague."""
        unknown = filled(self._playbook.replies.unknown, facts)
        if unknown not in reply.said:
            reply.say(unknown)
        return by

    async def _by_model(
        self, asked: Mapping[str, Any], answers: list[str], facts: Mapping[str, Any], reply: "_Reply"
    ) -> None:
        """Take the model's sentences as they come; the first that may not be said ends it."""
        try:
            async with aclosing(sentences_of(self._answer.astream(asked))) as pieces:
                async for sentence in pieces:
                    if sentence.strip(" .") == _NONE:
                        return
                    if not may_say(sentence, answers, facts):
                        reply.refused += 1
                        log.warning("sentence_refused", extra={"length": len(sentence)})
                        return
                    if sentence not in reply.said and reply.length + len(sentence) <= 2 * MAX_ANSWER:
                        reply.say(sentence)
        except (ProviderError, MalformedAnswer, LimitReached) as error:
            # A prospect is waiting: the playbook's own words follow where none were said, and the log says why.
            log.warning("answered_by_playbook", extra={"reason": type(error).__name__})

    async def speak(self, state: ConversationState) -> dict[str, Any]:
        """Wait until the answer has been said; in a new process say it from the beginning."""
        speech = self._floor.speech
        if speech is None and self._speech_output is not None and state["reply"]:
            speech = self._floor.speech = self._speech_output.begin()
            speech.push(state["reply"])
            speech.end()
        fault = None
        if speech is not None:
            try:
                await speech.finished()
            except (ProviderError, LimitReached) as error:
                # The answer stands as text; that it was not spoken is said in the turn's record.
                fault = type(error).__name__
                log.warning("not_spoken", extra={"reason": fault})
        self._floor.speech = None
        cut = self._floor.is_interrupted
        record = {
            "id": state["turn"]["id"],
            "number": len(state.get("turns", [])) + 1,
            "heard": state["words"],
            "intent": state["intent"],
            "by": state["by"],
            "topics": state["topics"],
            "reply": state["reply"],
            "answered_by": state["answered_by"],
            "refused": state["refused"],
            "was_interrupted": cut,
            "was_spoken": speech is not None and fault is None and not cut,
            "fault": fault,
            "opted_out": state.get("opted_out") if state["intent"] == "unsubscribe" else None,
        }
        return {"was_interrupted": cut, "turns": [*state.get("turns", []), record]}


class _Reply:
    """An answer that grows sentence by sentence, and is spoken as it does."""

    def __init__(self, speech: Speech | None) -> None:
        self._speech = speech
        self.said: list[str] = []
        self.refused = 0

    @property
    def length(self) -> int:
        """Characters so far."""
        return sum(map(len, self.said))

    def say(self, text: str) -> None:
        """Add sentences."""
        if self._speech is not None:
            self._speech.push(f" {text}" if self.said else text)
        self.said.append(text)


def _prompted(part: str) -> ChatPromptTemplate:
    return ChatPromptTemplate.from_messages(
        [("system", _PROMPT.parts[f"{part}_system"]), ("human", _PROMPT.parts[f"{part}_human"])]
    )


def _fenced(words: str) -> dict[str, str]:
    return {"fence": token_hex(4), "words": said_themselves(words)[:LONGEST_TURN]}
