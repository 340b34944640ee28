"""What goes wrong inside a model's answer while everything around it is in order.

empty_length    nothing but `finish: length`
empty_content   nothing, as if that were an answer
fenced          the JSON stands in a markdown fence
trailing_text   prose follows the JSON
wrong_types     numbers come as words, lists as texts
extra_keys      a key nobody asked for
refusal         a polite no
content_filter  nothing, with that finish reason
cut_json        the JSON ends half way
reasoning_only  everything was thought, nothing said
insufficient_system_resource   that finish reason (DeepSeek)
"""

import json
from typing import Any

from sandbox.models.answers import Answer
from sandbox.models.schemas import LABEL

CONTENT_FAULTS = frozenset(
    {
        "empty_length",
        "empty_content",
        "fenced",
        "trailing_text",
        "wrong_types",
        "extra_keys",
        "refusal",
        "content_filter",
        "cut_json",
        "reasoning_only",
        "insufficient_system_resource",
    }
)


def spoil(answer: Answer, kind: str) -> Answer:
    """Let a content fault strike the answer; an empty or other `kind` leaves it alone."""
    match kind:
        case "empty_length":
            answer.content, answer.finish = "", "length"
            answer.tool_calls.clear()
        case "empty_content":
            answer.content = ""
            answer.tool_calls.clear()
        case "fenced":
            answer.content = f"```json\n{answer.content}\n```"
        case "trailing_text":
            answer.content += f"\n\n{LABEL} I hope this helps!"
        case "wrong_types" | "extra_keys":
            _spoil_json(answer, kind)
        case "refusal":
            answer.content = f"{LABEL} I'm sorry, but I can't help with that."
            answer.tool_calls.clear()
            answer.finish = "stop"
        case "content_filter":
            answer.content, answer.finish = "", kind
            answer.tool_calls.clear()
        case "cut_json":
            answer.content = answer.content[: len(answer.content) // 2]
        case "reasoning_only":
            answer.reasoning, answer.content = f"{answer.reasoning} {answer.content}".strip(), ""
        case "insufficient_system_resource":
            answer.content, answer.finish = "", kind
    return answer


def _spoil_json(answer: Answer, kind: str) -> None:
    def spoiled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if kind == "extra_keys":
            return {**value, "sandbox_extra": True}
        return {key: _other_type(inner) for key, inner in value.items()}

    for call in answer.tool_calls:
        call.arguments.update(spoiled(call.arguments))
    try:
        answer.content = json.dumps(spoiled(json.loads(answer.content)))
    except ValueError:
        return  # prose has no types to spoil


def _other_type(value: object) -> object:
    if isinstance(value, bool | int | float):
        return "about a dozen"
    return {"unexpected": value} if isinstance(value, str) else str(value)
