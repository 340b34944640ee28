"""Structured output: the schema a strict provider accepts, and the answer as a checked value.

What a model says is taken as a value only after it was parsed and validated; anything else, `None` included, is a
`MalformedAnswer`, so that the next model may try.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import BaseModel, ValidationError

from core.agents.answer_text import objects_in
from core.agents.executions import note_answer
from core.errors import ConfigurationError, MalformedAnswer

Schema = type[BaseModel] | dict[str, Any]

_CHECKED_BY_US = {
    *("default", "title", "examples", "format", "pattern", "minLength", "maxLength", "minItems", "maxItems"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems", "discriminator"),
}
"""Keywords dropped from strict schemas; what they demand is checked on the answer."""
_CUT = {"length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"}
_FILTERED = {"content_filter", "safety", "recitation", "blocklist", "prohibited_content", "spii", "image_safety"}
_UNUSABLE = {
    **dict.fromkeys(_CUT, "was cut off"),
    **dict.fromkeys(_FILTERED, "was filtered"),
    "refusal": "was refused",
    **dict.fromkeys(("insufficient_system_resource", "error", "abort", "aborted", "cancelled"), "broke off"),
}
"""Finish reasons of answers that are of no use, in lower case, and what became of them."""
_DEEPEST = 64


def schema_of(schema: Schema) -> dict[str, Any]:
    """Return the JSON schema of a model class, or the given one."""
    return schema if isinstance(schema, dict) else schema.model_json_schema()


def name_of(schema: Schema) -> str:
    """Return a name for the schema."""
    return str(schema.get("title") or "Answer") if isinstance(schema, dict) else schema.__name__


def strict_schema(schema: Schema) -> dict[str, Any]:
    """Return the schema as constrained decoding wants it: closed objects, everything required.

    Bounds and formats are dropped; they are checked after the answer has come.

    Raises:
        ConfigurationError: the schema has an open object, which strict decoding cannot do.
    """
    strict: dict[str, Any] = _strict(schema_of(schema), "the schema")
    return strict


def _strict(node: Any, place: str) -> Any:
    if isinstance(node, list):
        return [_strict(item, place) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("additionalProperties"), dict) or node.get("additionalProperties") is True:
        raise ConfigurationError(f"{place} has an object with free keys, which no strict provider accepts")
    named = {"properties", "$defs"}
    strict = {
        "anyOf" if key == "oneOf" else key: (
            {name: _strict(child, name) for name, child in value.items()} if key in named else _strict(value, place)
        )
        for key, value in node.items()
        if key not in _CHECKED_BY_US and key != "const"
    }
    if "const" in node:
        strict["enum"] = [node["const"]]
    if node.get("type") == "object":
        strict["properties"] = strict.get("properties", {})
        strict["additionalProperties"] = False
        strict["required"] = list(strict["properties"])
    return strict


def reason_to_stop(message: BaseMessage, facts: Mapping[str, Any] | None = None) -> str | None:
    """Return why an answer, or the last piece of one, ended; None where nothing says so.

    Args:
        message: the answer or a piece of it.
        facts: metadata that is not yet part of the message.
    """
    metadata = {**(facts or {}), **message.response_metadata}
    return metadata.get("finish_reason") or metadata.get("stop_reason")


def checked(provider: str, message: AIMessage, facts: Mapping[str, Any] | None = None) -> AIMessage:
    """Return the message if it can be used at all.

    Args:
        provider: who answered.
        message: the answer, or the sum of its pieces.
        facts: metadata that is not yet part of the message.

    Raises:
        MalformedAnswer: it is empty, cut off, filtered or refused; it was paid, and says what it used.
    """
    reason = str(reason_to_stop(message, facts) or "")
    fate = _UNUSABLE.get(reason.lower())
    if fate is None and message.additional_kwargs.get("refusal"):
        fate, reason = "was refused", ""
    if fate is None and not (message.text.strip() or message.tool_calls or message.invalid_tool_calls):
        fate, reason = "is empty", ""
    if fate is None:
        note_answer(None)
        return message
    metadata = {**(facts or {}), **message.response_metadata}
    raise unusable(
        f"{provider}: the answer {fate}" + (f" ({reason[:40]})" if reason else ""),
        usage_metadata=message.usage_metadata,
        model_name=metadata.get("model_name") or metadata.get("model"),
    )


def unusable(what: str, **attributes: Any) -> MalformedAnswer:
    """Return the error of an answer that came and is of no use, and note it for whoever records what was run."""
    note_answer(what)
    return MalformedAnswer(what, **attributes)


def value_of(schema: Schema, *, include_raw: bool = False) -> Runnable[BaseMessage, Any]:
    """Return a step that turns a message into a value of `schema`; see `read_value`."""

    def read(message: BaseMessage) -> Any:
        if not include_raw:
            return read_value(schema, message)
        try:
            return {"raw": message, "parsed": read_value(schema, message), "parsing_error": None}
        except MalformedAnswer as error:
            return {"raw": message, "parsed": None, "parsing_error": error}

    async def aread(message: BaseMessage) -> Any:
        return read(message)

    return RunnableLambda(read, aread)


def read_value(schema: Schema, message: BaseMessage) -> Any:
    """Return the value a message holds, from its tool calls or its text; the last one that fits counts.

    Of the text only what stands outside of the model's thinking is looked at, see `core.agents.answer_text`.

    Raises:
        MalformedAnswer: it holds none, or none that fits.
    """
    misfit: ValidationError | None = None
    for found in _objects(message):
        clean = _clean(found)
        try:
            value = _fitted(schema, clean)
        except ValidationError as error:
            misfit = misfit or error
            continue
        if value is not None:
            note_answer(None)
            return value
    if misfit is None:
        raise unusable(f"the model's answer holds no {name_of(schema)}")
    places = sorted({".".join(map(str, item["loc"])) or "the whole" for item in misfit.errors()})
    raise unusable(f"the model's {name_of(schema)} does not fit at {', '.join(places[:5])}")


def _objects(message: BaseMessage) -> Iterator[Mapping[str, Any]]:
    if isinstance(message, AIMessage):
        yield from (call["args"] for call in reversed(message.tool_calls))
        for call in reversed(message.invalid_tool_calls):
            yield from objects_in(call["args"] or "")
    yield from objects_in(message.text)


def _fitted(schema: Schema, found: dict[str, Any]) -> Any:
    """Return the value of an object, None where it is of another kind. Raises ValidationError."""
    if isinstance(schema, dict):
        names, needed = set(schema.get("properties") or ()), set(schema.get("required") or ())
    else:
        names, needed = {field.alias or name for name, field in schema.model_fields.items()}, set()
    if (names and not found.keys() & names) or not found.keys() >= needed:
        return None
    return found if isinstance(schema, dict) else schema.model_validate(found)


def _clean(value: Any, depth: int = 0) -> Any:
    """Return a value without what no text of ours may hold, and no database takes: NUL and halves of characters."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode()
    if depth > _DEEPEST:
        return None
    if isinstance(value, Mapping):
        return {_clean(str(name)): _clean(inner, depth + 1) for name, inner in value.items()}
    return [_clean(inner, depth + 1) for inner in value] if isinstance(value, list) else value
