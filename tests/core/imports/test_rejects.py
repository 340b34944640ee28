"""The rejects file carries every cell out and back in, and no formula into a spreadsheet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.imports.batches import RejectedRecord
from core.imports.lead_rows import Reject
from core.imports.rejects import header_of, reject_row
from core.text.cell_text import aside, text
from core.text.spreadsheets import guarded, unguarded


@given(st.text())
def test_the_guard_comes_off_again(cell: str) -> None:
    if not (cell.startswith("'") and unguarded(cell) != cell):  # a cell that already looks guarded
        assert unguarded(guarded(cell)) == cell


@given(st.sampled_from(["=", "+", "-", "@", "\t", "\r"]), st.text())
def test_no_cell_starts_a_formula(start: str, rest: str) -> None:
    assert guarded(start + rest).startswith("'")


def test_a_row_names_line_reason_column_and_value() -> None:
    reject = RejectedRecord(4, 9, ["Ann"], Reject("E-mail", "ann@", "invalid_email_only"))
    assert reject_row(reject, 3) == ["Ann", "", "", "9", "invalid_email_only: E-mail: ann@"]


def test_a_file_without_header_gets_the_names_of_its_fields() -> None:
    labels = ("col_1", "col_2")
    mapping = {"col_1": "company_name"}
    assert header_of(labels, mapping, has_header=False) == ["company_name", "col_2", "_line", "_error"]
    assert header_of(labels, mapping, has_header=True) == ["col_1", "col_2", "_line", "_error"]


PIECES = st.text(
    st.sampled_from([*"=+-@\t\r\n;,|' \"aé", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u200b", "\u202e", "\ufeff"])
)
INVISIBLE = ' "\t\r\n\u200b\u202e\ufeff'


@given(PIECES, st.sampled_from([",", ";", "\t", "|"]))
def test_no_piece_of_a_cell_starts_a_formula(cell: str, delimiter: str) -> None:
    written = guarded(cell, delimiter)
    assert not written.lstrip(INVISIBLE).startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20")), written
    for other in {",", ";", "\t", "|"} - {delimiter}:
        for piece in written.replace("\r", "\n").replace("\n", other).split(other):
            assert not piece.lstrip(INVISIBLE).startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20")), (piece, written)
    assert unguarded(written) == unguarded(cell)
    assert unguarded(unguarded(cell)) == unguarded(cell)


@pytest.mark.parametrize(
    "cell", ["=1+1", "\uff1d1+1", " \u200b+1", "a;=1+1", "a; -1", "x\n@sum", "\tx", "+49 30 1; +49 30 2", "a,b;\uff20c"]
)
def test_a_stored_value_comes_back_as_it_was(cell: str) -> None:
    assert guarded(cell) != cell
    assert text(guarded(cell)) == text(cell)
    assert aside(guarded(cell)) == aside(cell)


@pytest.mark.parametrize("cell", ["a-b", "O'Brien", "rock, 'n' roll", "x = y", "a, =1", "ann@fern.example", "-"[1:]])
def test_ordinary_text_is_left_alone(cell: str) -> None:
    assert guarded(cell) == unguarded(cell) == cell
