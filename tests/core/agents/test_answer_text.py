"""The objects in a model's text: outside its thinking, the last first; and any text in time like its length."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.agents.answer_text import LONGEST, Aloud, objects_in

GOOD, DRAFT = '{"v": 95}', '{"v": 70}'
ANSWERS = {
    "plain": GOOD,
    "in a fence": f"Here:\n```json\n{GOOD}\n```\nas asked",
    "after a draft": f"{DRAFT} no, rather {GOOD}",
    "in a later fence": f"```\n{DRAFT}\n```\n```json\n{GOOD}\n```",
    "after thinking": f"<think>{DRAFT}</think>{GOOD}",
    "before thinking": f"{GOOD}<think>was it {DRAFT}?</think>",
    "any case and attributes": f'<Thinking budget="3 > 2"\n effort=low>{DRAFT}</THINKING >{GOOD}',
    "another name": f"<reasoning_steps>{DRAFT}</reasoning_steps><final_answer>{GOOD}</final_answer>",
    "with a prefix": f"<seed:think>{DRAFT}</seed:think>{GOOD}",
    "nested": f"<think>{DRAFT}<reflection>{DRAFT}</reflection>{DRAFT}</think>{GOOD}",
    "nested, alike, after the answer": f"{GOOD}<think><think>{DRAFT}</think>{DRAFT}</think>",
    "tags are talked of": f"<think>no <thinking> tags, says {DRAFT}</think>{GOOD}",
    "opened by the template": f"So {DRAFT}, hm.</think>{GOOD}",
    "never closed": f"{GOOD}\n<think>or rather {DRAFT}",
    "empty": f"<think/>{GOOD}",
    "escaped": f"&lt;think&gt;{DRAFT}&lt;/think&gt;{GOOD}",
    "of other families": f"[THINK]{DRAFT}[/THINK]◁think▷{DRAFT}◁/think▷{GOOD}",
    "of yet others": f"<|begin_of_thought|>{DRAFT}<|end_of_thought|>{GOOD}",
    "channels": f"<|channel|>analysis<|message|>{DRAFT}<|end|><|channel|>final<|message|>{GOOD}<|return|>",
    "behind a brace that breaks off": f"The set {{a, b {{ and {GOOD}",
    "behind a quote that breaks off": f'{{"a {GOOD}',
    "behind another kind of list": f"[1] {GOOD}",
    "a list of one": f"[{GOOD}]",
    "deep in what never closes": '{"a":' * 100 + GOOD,
}


@pytest.mark.parametrize("text", ANSWERS.values(), ids=ANSWERS)
def test_the_answer_comes_first(text: str) -> None:
    assert next(objects_in(text)) == {"v": 95}


def test_what_stands_in_others_comes_after_them() -> None:
    assert list(objects_in(f'{DRAFT}{{"answer": {GOOD}}}')) == [{"answer": {"v": 95}}, {"v": 70}, {"v": 95}]


@pytest.mark.parametrize(
    "text", ["", "no", "{", f"<think>{GOOD}", f"{GOOD}</think>", f"[{GOOD}, {GOOD}]", "[1]", "{'v': 1}"]
)
def test_there_is_none(text: str) -> None:
    assert list(objects_in(text)) == []


def test_newlines_in_texts_and_tags_in_texts_are_theirs() -> None:
    assert next(objects_in('{"a": "one\ntwo\t<think>", "b": 1}')) == {"a": "one\ntwo\t<think>", "b": 1}


PIECES = st.lists(
    st.sampled_from([*'{}[]",:\\<>/| 1a\n', "<think>", "</think>", "&lt;", "[THINK]", GOOD, "<|channel|>", "true"])
)


@given(PIECES)
def test_no_text_breaks_it(pieces: list[str]) -> None:
    assert all(isinstance(one, dict) for one in objects_in("".join(pieces)))


@given(PIECES)
def test_pieces_are_said_like_the_whole(pieces: list[str]) -> None:
    whole, piecewise = Aloud(), Aloud()
    text = "".join(pieces)
    said = whole.of(text) + whole.rest()
    assert "".join(map(piecewise.of, text)) + piecewise.rest() == said


def test_what_is_thought_is_not_said() -> None:
    aloud = Aloud()
    pieces = ("Well, <th", "ink a=1>secret {", "</th", "ink>a < b", " and <re", "d>. [", "x] <thinking>", "more")
    assert "".join(map(aloud.of, pieces)) + aloud.rest() == "Well, a < b and <red>. [x] "


ATOMS = ["{", "[", '{"a":', '{"', '"', "{}", "[1", "[[],", '{"a":1},', '\\"{', '{"\\"', '{":{"a":"', '{"a":{},"b":{']
ATOMS += ["<", "<think>", "</think>", "<think ", "<draft", "<a", "&lt;", "[THINK", "<|channel|>", "1", " ", "think"]


def seconds(text: str) -> float:
    began = time.process_time()
    list(objects_in(text))
    aloud = Aloud()
    aloud.of(text)
    aloud.rest()
    return time.process_time() - began


def lasting(atom: str, size: int) -> float:
    text = (atom * (size // len(atom) + 1))[:size]
    return min(seconds(text) for _ in range(2))


@pytest.mark.parametrize("atom", ATOMS)
def test_twice_the_text_takes_twice_the_time(atom: str) -> None:
    once, twice = (lasting(atom, size) for size in (32_000, 64_000))
    assert twice < 3 * once + 0.01


@pytest.mark.soak
@pytest.mark.parametrize("atom", ATOMS)
def test_the_longest_text_is_read(atom: str) -> None:
    assert lasting(atom, LONGEST) < 24 * lasting(atom, LONGEST // 8) + 0.01
