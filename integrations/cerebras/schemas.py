"""What a Cerebras chat completion comes to (API checked November 2026)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.ledger.prices import TokenUsage


@dataclass(frozen=True, slots=True)
class CerebrasToolCall:
    """A tool call, or while streaming a piece of one; `arguments` is JSON text."""

    id: str | None
    name: str | None
    arguments: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class CerebrasAnswer:
    """A completion, or while streaming a piece of it.

    Attributes:
        finish_reason: "stop", "length", "content_filter" or "tool_calls"; None before the last piece.
        usage: None before the last piece, or where the provider left it out.
        time_info: seconds: queue_time, prompt_time, completion_time, total_time.
    """

    id: str
    model: str
    content: str
    reasoning: str | None = None
    tool_calls: tuple[CerebrasToolCall, ...] = ()
    finish_reason: str | None = None
    usage: TokenUsage | None = None
    time_info: Mapping[str, float] = field(default_factory=dict)


CerebrasMessage = Mapping[str, Any]
"""A chat message as the API takes it: role, content, tool calls."""
