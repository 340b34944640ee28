"""Kinds of columns that were read wrongly once, each with made-up headers and cells."""

import pytest

from core.imports.columns import map_columns
from core.imports.lead_rows import row_reader
from core.leads.lead import POSITION

FIRMS = ["Acmo GmbH", "Beto Ltd", "Gamo S.A.", "Delto LLC", "Epso Inc", "Zeto AG", "Etto BV", "Tetto Oy"]
PEOPLE = ["Jane Doe", "John Roe", "Maria Poe", "Peter Low", "Anna Foe", "Thomas Hill", "Laura Loe", "Mark Moe"]
PHONES = [f"+49 30 90182{n}" for n in range(8)]


def mapped(header: str, *columns: list[str]) -> dict[str, str]:
    return map_columns(header.split("|"), [list(row) for row in zip(*columns, strict=True)]).mapping


@pytest.mark.parametrize("name", ["Name", "nom", "Title", "NombreCliente", "Nazwa", "Naziv", "Firma Adı", "名称"])
def test_names_that_are_companies_go_to_the_company(name):
    assert mapped(f"{name}|Address", FIRMS, [f"High Street {n}" for n in range(8)])[name] == "company_name"


def test_names_that_are_people_go_to_the_person():
    emails = [f"p{n}@acmo.example" for n in range(8)]
    assert mapped("Name|Email", PEOPLE, emails)["Name"] == "contact_name"


def test_what_may_be_either_is_said_with_little_confidence():
    rows = [[name, phone] for name, phone in zip(["Ulo", "Ibo", "Ako", "Emo"], PHONES, strict=False)]
    assert map_columns(["Name", "Phone"], rows).confidence["Name"] < 0.9


@pytest.mark.parametrize(
    "label", ["Рабочий телефон", "Phone number (recommended)", "Téléphone fixe (si connu)", "Ph. Number"]
)
def test_a_word_beside_a_certain_head_keeps_the_head(label):
    assert mapped(f"Company|{label}", FIRMS, PHONES)[label] == "contact_phone"


def test_a_list_is_of_what_its_names_say():
    found = mapped("Bank Name|City|Acquiring Institution", FIRMS, ["Bath"] * 8, FIRMS[::-1])
    assert found["Bank Name"] == "company_name"


def test_record_ids_are_no_trade_and_passports_no_ids():
    ids = [f"a0B3i00000{n}PQLAA2" for n in range(8)]
    found = mapped("Company|Branch__c|Passport Number", FIRMS, ids, [f"C01X{n}" for n in range(8)])
    assert list(found) == ["Company"]


def test_addresses_that_share_one_host_are_a_directorys():
    pages = [f"https://directory.example/firm/{n}" for n in range(8)]
    assert "Profile url" not in mapped("Company|Profile url", FIRMS, pages)


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        (["Germany", "France", "Spain", "Italy", "Poland", "Sweden", "Norway", "Japan"], "country"),
        (PHONES, "contact_phone"),
        ([f"p{n}@firm{n}.example" for n in range(8)], "contact_email"),
        ([f"https://firm{n}.example" for n in range(8)], "company_website"),
    ],
)
def test_certain_cells_tell_a_column_with_an_unknown_name(cells, field):
    assert mapped("Company|Xyzzy", FIRMS, cells)["Xyzzy"] == field


def test_a_table_without_names_is_read_by_its_cells():
    codes = [f"1011{n}" for n in range(8)]
    cities = ["Bath", "Hull", "York", "Ely", "Ripon", "Wells", "Leeds", "Truro"]
    rows = [list(row) for row in zip(FIRMS, codes, cities, PHONES, strict=True)]
    found = map_columns([f"col_{n}" for n in range(1, 5)], rows).mapping
    assert found == {"col_1": "company_name", "col_2": "postal_code", "col_3": "city", "col_4": "contact_phone"}


def test_amounts_are_read_in_the_unit_of_their_column():
    mapping = map_columns(["Company", "Umsatz (Mio. €)"], [["Acmo GmbH", "12,5"], ["Beto GmbH", "3"]])
    row = row_reader(mapping)(["Acmo GmbH", "12,5"])
    assert row.values[POSITION["annual_revenue"]] == "12500000"


def test_a_range_that_became_a_date_is_a_range_again():
    mapping = map_columns(["Company", "Company size"], [["Acmo", "10-Jan"], ["Beto", "51-200"]])
    row = row_reader(mapping)(["Acmo", "10-Jan"])
    assert (row.values[POSITION["company_size"]], row.original) == ("1-10", {"company_size": "10-Jan"})


def test_a_family_name_is_no_word_for_nothing():
    mapping = map_columns(["First name", "Last name", "Email"], [["Ann", "Null", "ann@acmo.example"]])
    assert row_reader(mapping)(["Ann", "Null", "ann@acmo.example"]).values[POSITION["last_name"]] == "Null"
    assert row_reader(mapping)(["Ann", "NULL", "ann@acmo.example"]).values[POSITION["last_name"]] is None
