"""The rejects file carries every cell out and back in, and no formula into a spreadsheet."""

from hypothesis import given
from hypothesis import strategies as st

from core.import_batches import RejectedRecord
from core.lead_rows import Reject
from core.rejects import header_of, reject_row
from core.spreadsheets import guarded, unguarded


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
