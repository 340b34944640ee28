"""What the sandbox's models answer: deterministic, from the prompt, and always saying that the sandbox speaks."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from sandbox.models.facts import Facts
from sandbox.models.schemas import LABEL, Filler, Schema
from sandbox.models.written import written

_TOKEN = re.compile(r"\s*\w{1,6}|\s*[^\w\s]|\s+")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of one of the caller's tools."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(slots=True)
class Ask:
    """A chat request, the same for every provider.

    Attributes:
        turns: `(role, text)` in order, system first; tool results have the role `tool`.
        schema: What the answer must look like, if the caller said so.
        tools: Parameter schemas by tool name.
        tool_choice: `auto`, `none`, `required`, or a tool's name.
        max_tokens: Largest number of tokens answered (reasoning included), or None.
    """

    model: str
    turns: list[tuple[str, str]]
    schema: Schema | None = None
    wants_json: bool = False
    tools: dict[str, Schema] = field(default_factory=dict)
    tool_choice: str = "auto"
    max_tokens: int | None = None
    stop: list[str] = field(default_factory=list)

    @property
    def prompt(self) -> str:
        """Return all turns as one text."""
        return "\n".join(text for _, text in self.turns)

    @property
    def digest(self) -> str:
        """Return the prompt's hash: it keys the answer."""
        return hashlib.sha256(f"{self.model}\n{self.prompt}".encode()).hexdigest()


@dataclass(slots=True)
class Answer:
    """An answer before any provider's wrapping; `finish` is `stop`, `tool_calls`, or as `Scripted.ends`."""

    content: str = ""
    reasoning: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    finish: str = "stop"

    @property
    def output_tokens(self) -> int:
        """Count what would be billed as output, reasoning included."""
        arguments = "".join(json.dumps(call.arguments) for call in self.tool_calls)
        return max(1, count(self.content) + count(self.reasoning) + count(arguments))


class Scripted(BaseModel):
    """An answer a test has prepared: used for the next prompts that contain `contains`.

    Attributes:
        content: What is said; also where it is cut off, filtered or a refusal, as each vendor words that.
        ends: How it ends; `refusal` is a text of its own kind only where the vendor has one.
    """

    model_config = ConfigDict(extra="forbid")

    content: str = ""
    contains: str = ""
    times: int | None = None
    ends: Literal["stop", "length", "content_filter", "refusal"] = "stop"


def tokens(text: str) -> Iterator[str]:
    """Yield a text in the pieces it is counted and streamed in; joined they are the text."""
    return (match[0] for match in _TOKEN.finditer(text))


def count(text: str) -> int:
    """Count tokens as the sandbox does: about a token for six letters, one for each sign."""
    return sum(1 for _ in tokens(text))


def compose(ask: Ask, scripted: list[Scripted], *, reasons: bool, obeys: Sequence[str] = ()) -> Answer:
    """Return the answer to `ask`.

    Args:
        ask: The request.
        scripted: Prepared answers; the first that fits is used (and counted down).
        reasons: Whether this model thinks aloud first.
        obeys: Orders that this model follows wherever in the prompt it meets them.
    """
    answer = Answer(reasoning=f"{LABEL} thinking about prompt {ask.digest[:8]}" if reasons else "")
    prepared = next((one for one in scripted if one.contains in ask.prompt and one.times != 0), None)
    called = _tool_for(ask)
    facts = Facts(ask.prompt)
    order = next((text for text in obeys if facts.holds(text)), None)
    if prepared is not None:
        prepared.times = None if prepared.times is None else prepared.times - 1
        answer.content, answer.finish = prepared.content, prepared.ends
    elif called is not None:
        arguments = _filled(ask.tools[called], ask, facts, order)
        answer.tool_calls.append(ToolCall(f"call_{ask.digest[:20]}", called, arguments))
        answer.finish = "tool_calls"
    elif ask.schema is not None:
        answer.content = json.dumps(_filled(ask.schema, ask, facts, order), ensure_ascii=False)
    elif ask.wants_json:
        answer.content = json.dumps({"sandbox": True, "answer": f"{LABEL} no schema was given"})
    else:
        answer.content = _prose(ask) if order is None else order
    return _limited(answer, ask)


def _filled(schema: Schema, ask: Ask, facts: Facts, order: str | None) -> Any:
    known = written(schema, ask.prompt) if order is None else None
    return Filler(schema, facts, ask.digest, order).fill() if known is None else known


def _tool_for(ask: Ask) -> str | None:
    """Return the tool to call: the one that is forced, or one the last words name; none after a tool's result."""
    if not ask.tools or ask.tool_choice == "none":
        return None
    if ask.tool_choice in ask.tools:
        return ask.tool_choice
    if ask.turns and ask.turns[-1][0] == "tool":
        return None
    last = ask.turns[-1][1].lower() if ask.turns else ""
    named = [name for name in ask.tools if name.lower() in last or name.lower().replace("_", " ") in last]
    if named:
        return named[0]
    return next(iter(ask.tools)) if ask.tool_choice == "required" else None


def _prose(ask: Ask) -> str:
    last = ask.turns[-1][1].strip() if ask.turns else ""
    opening = " ".join(last.split()[:12])
    return (
        f"{LABEL} This is a made-up answer of the sandbox in the place of {ask.model}. "
        f"It was asked: {opening!r} (prompt {ask.digest[:8]}). No real model has seen it."
    )


def _limited(answer: Answer, ask: Ask) -> Answer:
    """Cut the answer at a stop text and at the token limit, which reasoning uses up first."""
    for text in ask.stop:
        head, found, _ = answer.content.partition(text)
        answer.content = head if found else answer.content
    if ask.max_tokens is not None and answer.output_tokens > ask.max_tokens:
        thoughts = list(tokens(answer.reasoning))[: ask.max_tokens]
        words = list(tokens(answer.content))[: ask.max_tokens - len(thoughts)]
        answer.reasoning, answer.content = "".join(thoughts), "".join(words)
        answer.tool_calls.clear()
        answer.finish = "length"
    return answer
