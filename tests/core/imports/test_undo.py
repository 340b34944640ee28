"""Taking one import out of a lead's history gives what would be there without it."""

from hypothesis import given
from hypothesis import strategies as st

from core.imports.undo import Change, flattened, patched, unmerge

FIELDS = ["city", "notes", "extra.k", "extra.m"]
edits = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from([None, "x", "y", "z"]), max_size=4)


def apply(values: dict, edit: dict) -> Change | None:
    """Overwrite fields as an import does; give the change it records."""
    differing = {field: value for field, value in edit.items() if values.get(field) != value}
    change = Change({field: values.get(field) for field in differing}, differing)
    values.update(differing)
    return change


@given(st.lists(edits, min_size=1, max_size=5), st.data())
def test_undone_in_any_order_all_is_as_before(history, data) -> None:
    values: dict = dict.fromkeys(FIELDS)
    chain = [apply(values, edit) for edit in history]
    while chain:
        position = data.draw(st.integers(0, len(chain) - 1))
        change = chain.pop(position)
        patch, handed = unmerge(change, chain[position:], values)
        values.update(patch)
        for offset, extra in enumerate(handed):
            later = chain[position + offset]
            chain[position + offset] = Change({**later.before, **extra}, later.after)
    assert values == dict.fromkeys(FIELDS)


def test_a_value_changed_by_other_means_is_left() -> None:
    change = Change({"city": "Rome"}, {"city": "Oslo"})
    assert unmerge(change, [], {"city": "Bern"}) == ({}, [])


def test_columns_of_extra_are_taken_out_one_by_one() -> None:
    lead = {"city": "Oslo", "extra": {"k": "1", "m": "2"}, "original": {}}
    assert flattened(lead) == {"city": "Oslo", "extra.k": "1", "extra.m": "2"}
    assert patched(lead, {"city": None, "extra.k": None, "extra.m": "3"}) == {
        "city": None,
        "extra": {"m": "3"},
        "original": {},
    }
