"""A cell's text is repaired only where that is certain; what says nothing is None."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.cell_text import MISSING, SCIENTIFIC, WHOLE, aside, storable, text
from core.text.spreadsheets import guarded


@pytest.mark.parametrize("cell", sorted(MISSING))
def test_cells_that_mean_nothing(cell):
    assert text(cell) is text(f" {cell.upper()} ") is text(f'="{cell}"') is None


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("  Acme  ", "Acme"),
        ('="0049 30"', "0049 30"),
        ('="say ""hi"""', 'say "hi"'),
        ("'=1+2", "=1+2"),
        ("a\x00b", "ab"),
        ("x\ud800y", "xy"),
        ("O'Neill", "O'Neill"),
        ("None of us", "None of us"),
        ("nan.example", "nan.example"),
        ("0", "0"),
        ("\x00", None),
        ("é\u200b", "é"),
        ('="a" & "b"', '="a" & "b"'),
    ],
)
def test_cells(cell, value):
    assert text(cell) == value


@given(st.text())
def test_a_text_is_stripped_storable_and_stays_what_it_is(cell):
    value = text(cell)
    if value is not None:
        assert value == value.strip() == storable(value) != ""
        assert value.lower() not in MISSING
        assert text(value) == value


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00'")))
def test_a_guarded_cell_comes_back(cell):
    assert aside(guarded(cell)) == aside(cell)


@given(st.text())
def test_what_is_kept_beside_can_be_stored(cell):
    kept = aside(cell)
    assert storable(kept) == kept
    kept.encode()


@pytest.mark.parametrize(
    ("number", "is_scientific", "is_whole"),
    [
        ("4.9E+11", True, False),
        ("-4,9e11", True, False),
        ("78724.0", False, True),
        ("78724,0", False, True),
        ("78724.5", False, False),
        ("E11", False, False),
        ("49E11", False, False),
    ],
)
def test_numbers_as_spreadsheets_spoil_them(number, is_scientific, is_whole):
    assert (SCIENTIFIC.match(number) is not None, WHOLE.match(number) is not None) == (is_scientific, is_whole)
