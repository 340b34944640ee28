"""Configuration in YAML: every mistake has its line and key, and no text breaks the reader."""

import pickle
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from core.config_files import MAX_BYTES, parse_config, read_config
from core.errors import InvalidConfig


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    weight: Decimal = Field(gt=0)
    words: list[str] = []


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    parts: list[Inner] = Field(default=[], min_length=0)
    anything: Any = None


def problems(text: str) -> list[str]:
    with pytest.raises(InvalidConfig) as caught:
        parse_config(text, Outer, path="a.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parts:\n  - wieght: 3", "line 2: parts[0].wieght: there is no such key here; did you mean 'weight'?"),
        ("parts:\n  - {weight: 1}\n  - words: [a]", "line 3: parts[1]: is missing: 'weight'"),
        ("parts:\n  - weight: 1\n  - weight: 0", "line 3: parts[1].weight: input should be greater than 0, not '0'"),
        (
            "parts:\n  - weight: 1\n    words:\n      - 5",
            "line 4: parts[0].words[0]: input should be a valid string, not '5'",
        ),
        ("parts:\n  - weight: 1\n    weight: 2", "line 3: parts[0].weight: stands here a second time"),
        ("parts: [\n  - {", "line 2: is no YAML: expected the node content, but found '-'"),
        ("? [a, b]\n: 1", "line 1: has a key that is no text"),
        ("{a: &a [1, *a]}", "is no YAML: nests too deeply"),
        ("anything: " + "[" * 5000, "is no YAML: nests too deeply"),
    ],
)
def test_mistake_is_named_by_line_and_key(text: str, said: str) -> None:
    assert said in problems(text)


def test_aliases_do_not_explode() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "stands for too many values" in problems("\n".join(lines))[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("true", True),
        ("null", None),
        ("2026-01-31", "2026-01-31"),
        ("12:30:45", "12:30:45"),
        ("007", "007"),
        ("0", 0),
        ("-5", -5),
        (".35", Decimal(".35")),
        ("0.1", Decimal("0.1")),
        ("'5'", "5"),
        ("1e3", Decimal(1000)),
    ],
)
def test_scalars_are_what_people_mean(text: str, value: object) -> None:
    found = parse_config(f"anything: {text}", Outer, path="a.yaml").anything
    assert found == value
    assert type(found) is type(value)


@example("a: !!python/object/apply:os.system [ls]")
@example("a: \x00")
@example("%YAML 9.9\n---\na")
@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*#!|>'\"\n ,?0.%@"), max_size=60) | st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidConfig):
        assert isinstance(parse_config(text, Outer, path="a.yaml"), Outer)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    latin, large = tmp_path / "latin.yaml", tmp_path / "large.yaml"
    latin.write_bytes("a: 1\nname: Müller".encode("latin-1"))
    large.write_bytes(b"#" * (MAX_BYTES + 1))
    for path, said in ((latin, "line 2: is not UTF-8"), (large, "is larger"), (tmp_path, "cannot be read"),
                       (tmp_path / "none", "cannot be read: No such file")):  # fmt: skip
        with pytest.raises(InvalidConfig, match=said):
            read_config(path, Outer)


def test_error_survives_pickling() -> None:
    with pytest.raises(InvalidConfig) as caught:
        parse_config("parts:\n  - weight: 0", Outer, path="a.yaml")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.problems) == (str(caught.value), caught.value.problems)
