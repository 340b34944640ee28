import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.imports.columns import ColumnMapping, map_columns
from core.imports.lead_rows import ImportedRow, Reject, normalizer_of, row_reader
from core.leads.lead import FIELDS, POSITION
from core.text.folding import fold


def mapping_of(**columns: str | None) -> ColumnMapping:
    return ColumnMapping(tuple((label.replace("__", " "), field, 1.0) for label, field in columns.items()))


PEOPLE = mapping_of(
    Name="contact_name",
    Email="contact_email",
    Phone="contact_phone",
    Company="company_name",
    Site="company_website",
    Country="country",
    Stage=None,
    _line=None,
)


def read(cells: list[str], **options: object) -> ImportedRow:
    row = row_reader(PEOPLE, **options)(cells)  # type: ignore[arg-type]
    assert isinstance(row, ImportedRow)
    return row


def value(row: ImportedRow, field: str) -> str | None:
    return row.values[POSITION[field]]


def test_reads_a_row() -> None:
    row = read(
        [" Ann Fern ", "Ann@Fern.example", "030 1234567", "Fern GmbH", "www.fern.com", "Deutschland", "new", "7"]
    )
    assert len(row.values) == len(FIELDS)
    assert value(row, "contact_name") == "Ann Fern"
    assert value(row, "contact_phone") == "+49301234567"
    assert value(row, "company_domain") == "fern.com"
    assert value(row, "country") == "DE"
    assert row.extra == {"Stage": "new"}
    assert row.original == {
        "contact_email": "Ann@Fern.example",
        "contact_phone": "030 1234567",
        "company_website": "www.fern.com",
    }, "a country in another language says what its code says"


def country_of(cell: str, mapping: ColumnMapping) -> tuple[str | None, str | None]:
    row = row_reader(mapping)(["Fern GmbH", cell])
    return value(row, "country"), (row.original or {}).get("country")


@pytest.mark.parametrize(
    ("cell", "stored", "kept"),
    [
        ("Germany", "DE", None), (" U.S.A. ", "US", None), ("UK", "GB", None), ("🇩🇪 Germany (DE)", "DE", None),
        ("England", "GB", "England"), ("DE-BY", "DE", "DE-BY"), ("Berlin, Germany", "DE", "Berlin, Germany"),
        ("Atlantis", None, "Atlantis"), ("Germany, Austria", None, "Germany, Austria"), ("USSR", None, "USSR"),
        ("n/a", None, None), ("NA", None, None), ("", None, None),
    ],
)  # fmt: skip
def test_a_country_is_its_code_and_what_says_more_is_kept(cell: str, stored: str | None, kept: str | None) -> None:
    mapping = mapping_of(Company="company_name", Country="country")
    assert country_of(cell, mapping) == (stored, kept)
    assert country_of(cell, mapping) == (stored, kept), "met before, the same"


@pytest.mark.parametrize(
    ("cells", "stored"),
    [(["NA", "ZA", "NL"], "NA"), (["NA", "Spain"], None), (["NA", ""], None), (["NA", "DE", "France"], None)],
)  # fmt: skip
def test_na_is_namibia_among_codes_and_nothing_among_names(cells: list[str], stored: str | None) -> None:
    mapping = map_columns(["company", "country"], [["Fern GmbH", cell] for cell in cells])
    assert country_of("NA", mapping) == (stored, None)
    assert normalizer_of("country", mapping)("NA") == stored


def test_a_phone_takes_its_country_from_whatever_says_it() -> None:
    mapping = mapping_of(Company="company_name", Country="country", Phone="company_phone")
    for land in ("England", "GB-SCT", "Royaume-Uni", "London, UK"):
        assert value(row_reader(mapping)(["Fern", land, "0113 496 0000"]), "company_phone") == "+441134960000"


def test_refused_values_are_kept_as_they_stood() -> None:
    row = read(["Ann", "ann at fern", "4.9E+11", "Fern GmbH", "N/A", "", "", ""])
    assert value(row, "contact_email") is None
    assert value(row, "contact_phone") is None
    assert row.original == {"contact_email": "ann at fern", "contact_phone": "4.9E+11"}


def test_what_came_before_changes_no_row() -> None:
    mapping = mapping_of(First="first_name", City="city", Email="contact_email")
    rows = [
        [f" Ann{number}", ("Bonn", "N/A", " Ulm ")[number % 3], f"ann{number}@fern.example"] for number in range(21_000)
    ]
    reader = row_reader(mapping)
    read_in_turn = [reader(cells) for cells in rows]
    for number in (0, 1, 9_998, 9_999, 10_000, 10_001, 20_001, 20_999):
        assert read_in_turn[number] == row_reader(mapping)(rows[number])
    assert reader(rows[5]) == read_in_turn[5]


def test_short_rows_are_padded_and_long_ones_lose_nothing() -> None:
    assert read(["Ann", "ann@fern.example"]).extra is None
    row = read(["Ann", "ann@fern.example", "", "", "", "", "", "", "left over", " ", "more"])
    assert row.extra == {"col_9": "left over", "col_11": "more"}


def test_a_label_of_the_header_is_never_overwritten_by_a_cell_beyond_it() -> None:
    row = row_reader(mapping_of(Company="company_name", col_3=None))(["Fern", "x", "y"])
    assert isinstance(row, ImportedRow)
    assert row.extra == {"col_3": "x", "col_3_": "y"}


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["", " ", "", "", "", "", "", ""], "blank_row"),
        (["Ann", "ann at fern", "", "", "", "", "", ""], "invalid_email_only"),
        (["Ann", "", "", "N/A", "-", "", "", ""], "phone_or_name_only"),
        (["", "", "555 12345", "", "", "", "", ""], "phone_or_name_only"),
        (["", "", "", "", "", "Germany", "new", ""], "nothing_identifying"),
    ],
)
def test_rejects_with_a_reason(cells: list[str], reason: str) -> None:
    result = row_reader(PEOPLE)(cells)
    assert isinstance(result, Reject)
    assert result.reason == reason


def test_names_are_joined_and_sources_filled_in() -> None:
    mapping = mapping_of(First="first_name", Last="last_name", Email="contact_email", Id="external_id")
    row = row_reader(mapping, source="Spring Fair")(["Ann", "Fern", "a@b.example", "7"])
    assert isinstance(row, ImportedRow)
    assert value(row, "contact_name") == "Ann Fern"
    assert value(row, "source") == "Spring Fair"


def test_a_shared_host_is_nobodys_domain() -> None:
    row = read(["Ann", "", "", "", "https://www.facebook.com/fern", "", "", ""])
    assert value(row, "company_website") == "https://www.facebook.com/fern"
    assert value(row, "company_domain") is None


@given(st.text(max_size=40))
def test_folding_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.lists(st.text(max_size=15), max_size=11))
@settings(max_examples=300, deadline=None)
def test_any_cells_give_a_row_or_a_reject(cells: list[str]) -> None:
    result = row_reader(PEOPLE, default_country="DE")(list(cells))
    if isinstance(result, ImportedRow):
        for text in (
            *filter(None, result.values),
            *(result.extra or {}).values(),
            *(result.original or {}).values(),
        ):
            assert "\0" not in text
            text.encode()
    else:
        assert result.reason in {"blank_row", "invalid_email_only", "phone_or_name_only", "nothing_identifying"}


def test_an_empty_mapping_reads_nothing() -> None:
    assert row_reader(ColumnMapping(()))([]) == Reject("", "", "blank_row")
