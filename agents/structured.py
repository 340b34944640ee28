"""Structured output: the schema a strict provider accepts, and the answer as a checked value.

What a model says is taken as a value only after it was parsed and validated; anything else, `None` included, is a
`MalformedAnswer`, so that the next model may try.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import BaseModel, ValidationError

from core.errors import ConfigurationError, MalformedAnswer

Schema = type[BaseModel] | dict[str, Any]

_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
_CHECKED_BY_US = {
    *("default", "title", "examples", "format", "pattern", "minLength", "maxLength", "minItems", "maxItems"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems", "discriminator"),
}
"""Keywords dropped from strict schemas; what they demand is checked on the answer."""
_UNUSABLE = {
    *("length", "max_tokens", "model_context_window_exceeded"),
    *("content_filter", "refusal", "insufficient_system_resource"),
}
"""Finish reasons of answers that are cut off, filtered or refused."""


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
        MalformedAnswer: it is empty, cut off, filtered or refused.
    """
    reason = reason_to_stop(message, facts)
    if reason in _UNUSABLE:
        raise MalformedAnswer(f"{provider}: the answer ended with {reason}")
    if not message.text.strip() and not message.tool_calls:
        raise MalformedAnswer(f"{provider}: the answer is empty")
    return message


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
    """Return the value a message holds, from its tool call or its text, fenced or with words around it.

    Raises:
        MalformedAnswer: it holds none, or one that does not fit.
    """
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    found = calls[0]["args"] if calls else _json_in(message.text)
    if not isinstance(found, Mapping):
        raise MalformedAnswer(f"the model's answer holds no {name_of(schema)}")
    if isinstance(schema, dict):
        return dict(found)
    try:
        return schema.model_validate(found)
    except ValidationError as error:
        places = sorted({".".join(map(str, item["loc"])) or "the whole" for item in error.errors()})
        raise MalformedAnswer(f"the model's {name_of(schema)} does not fit at {', '.join(places[:5])}") from None


def _json_in(text: str) -> Any:
    fenced = _FENCED.search(text)
    for candidate in filter(None, (text, fenced and fenced[1], text[text.find("{") :] if "{" in text else "")):
        try:
            return json.JSONDecoder().raw_decode(candidate.strip())[0]
        except ValueError:
            continue
    return None
