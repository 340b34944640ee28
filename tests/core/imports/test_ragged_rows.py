"""A row that an unquoted delimiter has shifted is put right where that is certain, and refused where it is not."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.imports.batches import RejectedRecord
from core.imports.columns import map_columns
from core.imports.lead_rows import ImportedRow, Reject, row_reader
from core.imports.rejects import header_of, reject_row
from core.leads.fields import shown
from core.leads.lead import FIELDS, POSITION

SOUND = [
    ["Alpha GmbH", "ann@alpha.example", "Ulm", "Germany", "+49 731 123456", "120"],
    ["Beta Ltd", "bob@beta.example", "London", "United Kingdom", "+44 20 7946 0000", "51"],
    ["Gamma SA", "cid@gamma.example", "Lyon", "France", "+33 4 72 00 00 00", "900"],
    ["Delta", "", "Rome", "Italy", "", ""],
]
HEADER = ("Company", "Email", "City", "Country", "Phone", "Employees")


def read(cells: list[str], delimiter: str = ",") -> ImportedRow | Reject:
    return row_reader(map_columns(HEADER, [*SOUND, cells]), delimiter=delimiter)(cells)


def values(row: ImportedRow | Reject, *fields: str) -> list[str | None]:
    assert isinstance(row, ImportedRow), row
    return [row.values[POSITION[field]] for field in fields]


@pytest.mark.parametrize("delimiter", [",", ";", "|"])
@pytest.mark.parametrize(
    ("cells", "company", "city"),
    [
        (["Broken", " Inc.", "eva@broken.example", "Bern", "Switzerland", "", "7"], "Broken{} Inc.", "Bern"),
        (["Eta", "eva@eta.example", "Paris", "Texas", "Germany", "+49 30 123456", "7"], "Eta", "Paris{}Texas"),
        (["A", "B", "C", "eva@abc.example", "Bern", "Germany", "+49 30 123456", "7"], "A{}B{}C", "Bern"),
        (["A", "B", "eva@ab.example", "Bern", "Ost", "Germany", "+49 30 123456", "7"], "A{}B", "Bern{}Ost"),
        (["Broken", " Inc.", "eva@broken.example", "Bern", "", "", ""], "Broken{} Inc.", "Bern"),
        (["Trail", "eva@trail.example", "Bern", "Germany", "", "", "", " ", ""], "Trail", "Bern"),
        (["Short", "eva@short.example", "Bern"], "Short", "Bern"),
    ],
)  # fmt: skip
def test_the_one_way_that_fits_every_column_is_taken(cells: list[str], company: str, city: str, delimiter: str) -> None:
    row = read(cells, delimiter)
    assert values(row, "company_name", "city") == [text.replace("{}", delimiter) for text in (company, city)]
    assert values(row, "contact_email") == [next(cell for cell in cells if "@" in cell)]
    assert isinstance(row, ImportedRow)
    assert row.extra is None


@pytest.mark.parametrize(
    "cells",
    [
        ["A", "B", "C", "D", "E", "F", "G", "H"],  # no way
        ["Alpha", "eva@a.example", "Bern", "max@b.example", "Germany", "+49 30 123456", "7"],  # an address too many
        ["Alpha", "Beta", "eva@a.example", "Germany", "+49 30 123456", "7", "8", "9"],
    ],
)
def test_what_fits_no_way_is_refused_with_all_its_cells(cells: list[str]) -> None:
    assert read(cells) == Reject("", ",".join(cells), "more_cells_than_columns")


def test_several_ways_are_none_unless_a_blank_says_which() -> None:
    header, sound = ("company", "contact", "city"), [["Alpha", "Ann Berg", "Ulm"], ["Beta", "Bob Cole", "Rom"]]
    for cells, company in ((["Broken", " Inc.", "Eva Falk", "Bern"], "Broken, Inc."), (["A", "B", "C", "D"], None)):
        row = row_reader(map_columns(header, sound))(cells)
        if company:
            assert values(row, "company_name", "contact_name", "city") == [company, "Eva Falk", "Bern"]
        else:
            assert isinstance(row, Reject)
    padded = [[f" {cell}" for cell in row] for row in sound]  # where all cells begin with a blank, it says nothing
    assert isinstance(row_reader(map_columns(header, padded))([" Broken", " Inc.", " Eva Falk", " Bern"]), Reject)


def test_a_number_may_be_cut_at_its_comma() -> None:
    row = read(["Big", "eva@big.example", "Bern", "Germany", "+49 30 123456", "1", "200"])
    assert values(row, "contact_phone", "company_size") == ["+4930123456", "1200"]


def test_what_has_shifted_nothing_stays_beyond_the_header() -> None:
    row = read([*SOUND[0], "left over"])
    assert isinstance(row, ImportedRow)
    assert row.extra == {"col_7": "left over"}


def test_a_rejects_file_keeps_all_cells_and_is_refused_until_it_is_mended() -> None:
    cells = ["A", "B", "C", "D", "E", "F", "G", "H"]
    reject = read(cells)
    assert isinstance(reject, Reject)
    header = header_of(HEADER, {}, has_header=True, has_wider=True)
    row = reject_row(RejectedRecord(4, 9, cells, reject), len(HEADER))
    assert row == ["A", "B", "C", "D", "E", "F", "9", f"more_cells_than_columns: {','.join(cells)}", "G,H"]
    reader = row_reader(map_columns(header, [[*each, "", "", ""] for each in SOUND]))
    again = reader(row)
    assert isinstance(again, Reject)
    assert again.reason == "more_cells_than_columns"
    mended = reader(["A,B", "eva@ab.example", "Ulm", "Germany", "", "", "9", row[7], ""])
    assert values(mended, "company_name") == ["A,B"]


@given(st.lists(st.sampled_from(["A", " B", "", "x@y.example", "Germany", "7", "+49 30 123456"]), max_size=14))
def test_no_row_loses_a_cell(cells: list[str]) -> None:
    row = read(list(cells))
    if isinstance(row, Reject):
        return
    kept = [shown(name, text) for name, text in zip(FIELDS, row.values, strict=True) if text]
    kept += [*(row.original or {}).values(), *(row.extra or {}).values()]
    for cell in filter(str.strip, cells):
        assert any(cell.strip() in text for text in kept), (cell, row)


def test_a_line_that_was_read_from_a_file_is_put_right() -> None:
    line = "Broken, Inc.,eva@broken.example,Bern,Germany,,7"
    (cells,) = csv.reader(io.StringIO(line))
    assert values(read(cells), "company_name", "contact_email", "city") == [
        "Broken, Inc.", "eva@broken.example", "Bern"
    ]  # fmt: skip
