"""What a file says meets what is known: field by field, in the order of the rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.leads.merging import ConflictPolicy, merge_extra, merge_original, merge_values

FIELDS = ("a", "b", "c")
values = st.lists(st.sampled_from([None, "x", "y", "z"]), min_size=3, max_size=3)
policies = st.sampled_from(ConflictPolicy)


@pytest.mark.parametrize(
    ("policy", "merged"),
    [
        (ConflictPolicy.FILL_EMPTY, ["x", "y", None]),
        (ConflictPolicy.OVERWRITE, ["z", "y", None]),
        (ConflictPolicy.SKIP, ["x", None, None]),
    ],
)
def test_merge_values(policy: ConflictPolicy, merged: list[str | None]) -> None:
    assert merge_values(["x", None, None], ["z", "y", None], policy) == merged


@given(values, values, values, policies)
def test_merging_in_steps_or_at_once_is_the_same(one, two, three, policy) -> None:
    in_order = merge_values(merge_values(one, two, policy), three, policy)
    tail_first = merge_values(one, merge_values(two, three, policy), policy)
    assert in_order == tail_first


@given(values, policies)
def test_the_same_row_again_changes_nothing(one, policy) -> None:
    assert merge_values(one, one, policy) == one


@pytest.mark.parametrize(
    ("policy", "merged"),
    [
        (ConflictPolicy.FILL_EMPTY, {"k": 1, "n": 2}),
        (ConflictPolicy.OVERWRITE, {"k": 9, "n": 2}),
        (ConflictPolicy.SKIP, {"k": 1}),
    ],
)
def test_merge_extra(policy: ConflictPolicy, merged: dict[str, int]) -> None:
    assert merge_extra({"k": 1}, {"k": 9, "n": 2}, policy) == merged


def test_an_original_stays_with_the_value_that_won() -> None:
    known = (["x", None, None], {"a": "X ", "c": "no phone"})
    new = (["z", "y", None], {"a": "Z!", "b": " Y", "c": "other"})
    assert merge_original(known, new, ConflictPolicy.FILL_EMPTY, FIELDS) == {"a": "X ", "b": " Y", "c": "no phone"}
    assert merge_original(known, new, ConflictPolicy.OVERWRITE, FIELDS) == {"a": "Z!", "b": " Y", "c": "no phone"}
    assert merge_original(known, new, ConflictPolicy.SKIP, FIELDS) == known[1]
