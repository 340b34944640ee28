"""What a file says meets what is known: field by field, in the order of the rows; a person's edits stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.leads.known import Record
from core.leads.merging import ConflictPolicy, merge_extra, merge_values

PLACES = {"a": 0, "b": 1, "c": 2}
values = st.lists(st.sampled_from([None, "x", "y", "z"]), min_size=3, max_size=3)
policies = st.sampled_from(ConflictPolicy)


def merged(one: list[str | None], *others: list[str | None], policy: ConflictPolicy) -> list[str | None]:
    record = Record(id="1", values=list(one))
    for other in others:
        merge_values(record, PLACES, other, None, policy)
    return record.values


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (ConflictPolicy.FILL_EMPTY, ["x", "y", None]),
        (ConflictPolicy.OVERWRITE, ["z", "y", None]),
        (ConflictPolicy.SKIP, ["x", None, None]),
    ],
)
def test_merge_values(policy: ConflictPolicy, expected: list[str | None]) -> None:
    assert merged(["x", None, None], ["z", "y", None], policy=policy) == expected


@given(values, values, values, policies)
def test_merging_in_steps_or_at_once_is_the_same(one, two, three, policy) -> None:
    tail_first = merged(one, merged(two, three, policy=policy), policy=policy)
    assert merged(one, two, three, policy=policy) == tail_first


@given(values, policies)
def test_the_same_row_again_changes_nothing(one, policy) -> None:
    record = Record(id="1", values=list(one), is_new=False)
    merge_values(record, PLACES, one, None, policy)
    assert not record.is_changed


@given(values, policies)
def test_what_a_person_wrote_stays(one, policy) -> None:
    record = Record(id="1", values=["mine", None, None], edits={"a": {"by": "Ada"}, "b": {"by": "Ada"}})
    merge_values(record, PLACES, one, None, policy)
    assert record.values[:2] == ["mine", None]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (ConflictPolicy.FILL_EMPTY, {"k": 1, "n": 2}),
        (ConflictPolicy.OVERWRITE, {"k": 9, "n": 2}),
        (ConflictPolicy.SKIP, {"k": 1}),
    ],
)
def test_merge_extra(policy: ConflictPolicy, expected: dict[str, int]) -> None:
    record = Record(id="1", values=[], extra={"k": 1})
    merge_extra(record, {"k": 9, "n": 2}, policy)
    assert record.extra == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (ConflictPolicy.FILL_EMPTY, {"a": "X ", "b": " Y", "c": "no phone"}),
        (ConflictPolicy.OVERWRITE, {"a": "Z!", "b": " Y", "c": "no phone"}),
        (ConflictPolicy.SKIP, {"a": "X ", "c": "no phone"}),
    ],
)
def test_an_original_stays_with_the_value_that_won(policy: ConflictPolicy, expected: dict[str, str]) -> None:
    record = Record(id="1", values=["x", None, None], original={"a": "X ", "c": "no phone"})
    merge_values(record, PLACES, ["z", "y", None], {"a": "Z!", "b": " Y", "c": "other"}, policy)
    assert record.original == expected
