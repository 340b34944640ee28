"""Schemas a strict provider accepts, and answers that are values or errors, never None."""

import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage
from pydantic import BaseModel, Field

from agents.structured import checked, read_value, strict_schema, value_of
from core.errors import ConfigurationError, MalformedAnswer


class Fact(BaseModel):
    """A fact."""

    text: str
    kind: Literal["number"] = "number"


class Score(BaseModel):
    """A score."""

    value: int = Field(ge=0, le=100)
    reason: str | None = None
    facts: list[Fact] = []


def objects_of(node: object) -> list[dict]:
    found = [node] if isinstance(node, dict) and node.get("type") == "object" else []
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return found + [item for child in children for item in objects_of(child)]


def test_strict_schemas_are_closed_and_demand_everything() -> None:
    schema = strict_schema(Score)
    found = objects_of(schema)
    assert len(found) == 2
    for node in found:
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])
    text = json.dumps(schema)
    assert not any(f'"{word}"' in text for word in ("default", "minimum", "maximum", "title", "const"))
    assert schema["properties"]["reason"]["anyOf"] == [{"type": "string"}, {"type": "null"}]


def test_properties_may_be_called_like_keywords() -> None:
    class Odd(BaseModel):
        """Odd names."""

        title: str
        format: str
        default: int

    assert set(strict_schema(Odd)["properties"]) == {"title", "format", "default"}


def test_an_open_object_cannot_be_strict() -> None:
    class Open(BaseModel):
        """Free keys."""

        values: dict[str, int]

    with pytest.raises(ConfigurationError, match="free keys"):
        strict_schema(Open)


GOOD = '{"value": 7, "reason": null}'


@pytest.mark.parametrize("text", [GOOD, f"```json\n{GOOD}\n```", f"Here it is: {GOOD} - enjoy", f"{GOOD}{GOOD}"])
def test_a_value_is_found_in_what_the_model_wrote(text: str) -> None:
    assert read_value(Score, AIMessage(text)) == Score(value=7)


DRAFT = '{"value": 5, "reason": "a draft"}'


@pytest.mark.parametrize(
    "text",
    [
        f"<think>{DRAFT}</think>{GOOD}",
        f"{GOOD}<Reasoning why=x>{DRAFT}",
        f"{DRAFT}\nOr rather:\n```json\n{GOOD}\n```\nAs {{this}} shows.",
        f'{GOOD} {{"note": "of another kind"}} {{}}',
        f'{GOOD} {{"value": "no number"}}',
        f"[{GOOD}]",
        f'{{"answer": {GOOD}}}',
    ],
)
def test_the_last_value_that_fits_and_was_not_only_thought_counts(text: str) -> None:
    assert read_value(Score, AIMessage(text)) == Score(value=7)
    described = {"properties": {"value": {"type": "integer"}, "reason": {}}, "required": ["value", "reason"]}
    assert read_value(described, AIMessage(text.replace('"no number"', "1"))) == {"value": 7, "reason": None}


def test_line_breaks_in_texts_are_read_and_what_no_database_takes_is_left_out() -> None:
    said = '{"value": 7, "reason": "one\ntwo\\u0000\\ud83d"}'
    assert read_value(Score, AIMessage(said)) == Score(value=7, reason="one\ntwo")
    call = {"name": "Score", "args": said, "id": "1", "error": "no JSON"}
    message = checked("acme", AIMessage("", invalid_tool_calls=[call]))
    assert read_value(Score, message) == Score(value=7, reason="one\ntwo")


def test_a_value_is_found_in_a_tool_call() -> None:
    message = AIMessage("", tool_calls=[{"name": "Score", "args": {"value": 7}, "id": "1"}])
    assert read_value(Score, message) == Score(value=7)
    assert read_value({"title": "Free", "type": "object"}, message) == {"value": 7}


@pytest.mark.parametrize(
    "text", ["", "no idea", "{", '{"value": 700}', '{"value": "x"}', "[1]", "null", '{"other": 1}']
)
def test_what_is_no_value_is_an_error(text: str) -> None:
    with pytest.raises(MalformedAnswer):
        read_value(Score, AIMessage(text))


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        assert isinstance(read_value(Score, AIMessage(text)), Score)
    except MalformedAnswer:
        return


def test_the_raw_message_comes_along_when_asked_for() -> None:
    step = value_of(Score, include_raw=True)
    good, bad = step.invoke(AIMessage(GOOD)), step.invoke(AIMessage("no"))
    assert (good["parsed"], good["parsing_error"]) == (Score(value=7), None)
    assert bad["parsed"] is None
    assert isinstance(bad["parsing_error"], MalformedAnswer)


@pytest.mark.parametrize(
    "reason", ["length", "max_tokens", "refusal", "content_filter", "insufficient_system_resource"]
)
def test_an_answer_that_was_cut_or_refused_is_none(reason: str) -> None:
    used = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    for key in ("finish_reason", "stop_reason"):
        said = AIMessage("some", response_metadata={key: reason.upper(), "model_name": "m"}, usage_metadata=used)
        with pytest.raises(MalformedAnswer, match=reason.upper()) as failure:
            checked("acme", said)
        assert (failure.value.usage_metadata, failure.value.model_name) == (used, "m")
    with pytest.raises(MalformedAnswer, match="refused"):
        checked("acme", AIMessage("", additional_kwargs={"refusal": "No."}))


def test_an_empty_answer_is_none() -> None:
    with pytest.raises(MalformedAnswer, match="empty"):
        checked("acme", AIMessage("  "))
    assert checked("acme", AIMessage("", tool_calls=[{"name": "x", "args": {}, "id": "1"}]))
