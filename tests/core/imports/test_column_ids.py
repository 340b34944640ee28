"""Whose the ids of a column are."""

import pytest

from core.imports.columns import map_columns
from core.leads.identities import IdsOf

PEOPLE = [["Ann", "Berg", "ann@a.example"], ["Bob", "Cole", "bob@b.example"], ["Cid", "Dorn", "cid@c.example"]]
HEADER = ("First Name", "Last Name", "Email")


@pytest.mark.parametrize(
    ("label", "ids", "ids_of"),
    [
        ("Account ID", "001A 001B 001C", "company"),
        ("Associated Company ID", "77 88 99", "company"),
        ("Company Name.id", "77 88 99", "company"),
        ("Organization - ID", "77 88 99", "company"),
        ("Apollo Account Id", "77 88 99", "company"),
        ("USt-IdNr", "DE1 DE2 DE3", "company"),
        ("Nr", "1 2 3", "none"),
        ("ID", "3 1 2", "none"),
        ("ID", "501 502 503", "none"),
        ("Lfd. Nr.", "1. 2. 3.", "none"),
        ("Record ID", "9 9 9", "company"),
        ("Record ID", "77 81 99", "person"),
        ("Lead ID", "1 2 3", "person"),
        ("Contact ID", "003A 003B 003C", "person"),
        ("Person - ID", "77 81 99", "person"),
        ("ID", "7731 42 9917", "person"),
    ],
)
def test_whose_ids(label: str, ids: str, ids_of: IdsOf) -> None:
    rows = [[number, *person] for number, person in zip(ids.split(), PEOPLE, strict=True)]
    mapping = map_columns((label, *HEADER), rows)
    assert mapping.mapping.get(label) == "external_id"
    assert (mapping.ids_of, mapping.no_identity is None) == (ids_of, ids_of != "none")


def test_ids_that_many_companies_share_are_nobodys() -> None:
    rows = [["9", *person, f"Company {letter}"] for person, letter in zip(PEOPLE, "ABC", strict=True)]
    mapping = map_columns(("Record ID", *HEADER, "Company"), rows)
    assert (mapping.ids_of, mapping.no_identity) == ("none", "repeats over different companies")


def test_a_file_of_companies_has_ids_of_companies() -> None:
    rows = [["77", "Alpha Bau", "Ulm"], ["91", "Beta Technik", "Bonn"], ["12", "Gamma Reisen", "Wien"]]
    assert map_columns(("Record ID", "Company", "City"), rows).ids_of == "company"


@pytest.mark.parametrize("said", ["person", "company", "none"])
def test_what_the_user_says_overrides_every_guess(said: IdsOf) -> None:
    rows = [[number, *person] for number, person in zip("123", PEOPLE, strict=True)]
    mapping = map_columns(("Nr", *HEADER), rows, ids={"Nr": said})
    assert (mapping.mapping["Nr"], mapping.ids_of, mapping.no_identity) == ("external_id", said, None)


def test_who_maps_a_column_of_ids_means_it() -> None:
    rows = [[number, *person] for number, person in zip("123", PEOPLE, strict=True)]
    assert map_columns(("Nr", *HEADER), rows, overrides={"Nr": "external_id"}).ids_of == "person"


@pytest.mark.parametrize("label", ["Batch", "Batch ID", "Import ID", "List ID", "Owner ID", "Campaign ID", "Deal ID"])
def test_ids_of_other_things_are_no_ids(label: str) -> None:
    rows = [[f"x{number}", *person] for number, person in enumerate(PEOPLE)]
    assert label not in map_columns((label, *HEADER), rows).mapping
