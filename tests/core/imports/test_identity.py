"""What contradicts that two rows with one key are one lead."""

import pytest

from core.imports.columns import map_columns
from core.imports.identity import contradicts, unedited
from core.leads.lead import FIELDS, further_keys


def lead(text: str) -> list[str | None]:
    """Read 'name | e-mail | company | domain', any of them empty."""
    cells = [part.strip() or None for part in f"{text}|||".split("|")][:4]
    fields = dict(zip(("contact_name", "contact_email", "company_name", "company_domain"), cells, strict=True))
    return [fields.get(field) for field in FIELDS]


SAME = [
    ("id:", "Jane Doe | jane@a.example | Alpha", "DOE, Jane | jane.doe@a.example | ALPHA GmbH"),
    ("id:", "Dr. Jane Doe", "J. Doe"),
    ("id:", "Jörg Müller", "Joerg Mueller"),
    ("id:", "Jean-Pierre Roy", "Jean Pierre Roy"),
    ("id:", "Jane Doe | | Alpha", "Jane Doe | | Beta"),  # she went there
    ("id:", "| | Alpha Bau", "Jane Doe | jane@a.example | Alpha Bau AG"),
    ("id:", "| | Alpha | alpha.example", "| | Beta | alpha.example"),  # renamed
    ("id:", "Jane Doe | jane@a.example | Alpha", "Jane Roe | jane@a.example | Alpha"),
    ("email:", "Jane Doe | jane@a.example | Alpha", "Jane Doe | jane@a.example | Omega"),
    ("email:", "Иван Петров | i@a.example", "Ivan Petrov | i@a.example"),
    ("email:", "Jane Doe | info@a.example | Alpha", "| info@a.example | Alpha GmbH"),
    ("company:", "Jane Doe | jane@a.example | Alpha", "Jane Doe | | Alpha"),
    ("company:", "Jane Doe | info@a.example | Alpha", "Jane Doe | jane@a.example | Alpha"),
    ("row:", "Jane Doe | jane@a.example", "Max Roe | max@b.example"),
]
OTHERS = [
    ("id:", "Jane Doe", "Max Roe"),
    ("id:", "| | Alpha Bau", "| | Alpha Technik"),
    ("id:", "| ann@a.example | Alpha", "| bob@a.example | Alpha"),
    ("id:", "Jane Doe | jane@a.example | Alpha", "Jane Doe | jane@b.example | Beta"),
    ("id:", "Jane Doe | jane@a.example | Alpha", "Ann Doe | ann@a.example | Alpha"),
    ("email:", "Jane Doe | praxis-west@a.example | Alpha", "Max Roe | praxis-west@a.example | Alpha"),
    ("email:", "Jane Doe | jane@a.example | Alpha", "Jane Roe | jane@a.example | Omega"),
    ("email:", "| info@a.example | Alpha Bau", "| info@a.example | Alpha Technik"),
    ("email:", "Jane Doe | info@a.example | Alpha", "Ann Doe | info@a.example | Alpha"),
    ("email:", "| x@a.example | Alpha", "| x@a.example | Omega"),
    ("company:", "Jane Doe | jane@a.example | Alpha", "Jane Doe | doe@b.example | Alpha"),
    ("company:", "| | Alpha | alpha.example", "| | Alpha | alpha-bau.example"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "one", "other"), SAME)
def test_one_lead(key: str, one: str, other: str) -> None:
    assert not contradicts(key, lead(one), lead(other))
    assert not contradicts(key, lead(other), lead(one))


@pytest.mark.parametrize(("key", "one", "other"), OTHERS)
def test_two_leads(key: str, one: str, other: str) -> None:
    assert contradicts(key, lead(one), lead(other))
    assert contradicts(key, lead(other), lead(one))


def test_what_a_person_wrote_speaks_for_nobody() -> None:
    known = unedited({"contact_name": "Mary Poe", "contact_email": "jane@a.example"}, {"contact_name": {"by": "Ada"}})
    assert not contradicts("email:", known, lead("Jnae Deo | jane@a.example"))


def test_every_lead_has_a_key_of_its_own_in_the_end() -> None:
    keys = further_keys(lead("Jane Doe | jane@a.example | Alpha | alpha.example"))
    assert [key.partition(":")[0] for key in keys] == ["email", "domain", "company", "row"]
    assert [key.partition(":")[0] for key in further_keys(lead(""))] == ["row"]


PEOPLE = [["Ann", "Berg", "ann@a.example"], ["Bob", "Cole", "bob@b.example"], ["Cid", "Dorn", "cid@c.example"]]


@pytest.mark.parametrize(
    ("label", "ids", "counts"),
    [
        ("Account ID", "001A 001B 001C", False),
        ("Associated Company ID", "77 88 99", False),
        ("Company Name.id", "77 88 99", False),
        ("Organization - ID", "77 88 99", False),
        ("Apollo Account Id", "77 88 99", False),
        ("USt-IdNr", "DE1 DE2 DE3", False),
        ("Nr", "1 2 3", False),
        ("ID", "3 1 2", False),
        ("ID", "501 502 503", False),
        ("Lfd. Nr.", "1. 2. 3.", False),
        ("Record ID", "9 9 9", False),
        ("Record ID", "77 81 99", True),
        ("Lead ID", "1 2 3", True),
        ("Contact ID", "003A 003B 003C", True),
        ("Person - ID", "77 81 99", True),
        ("ID", "7731 42 9917", True),
    ],
)
def test_which_ids_are_the_rows_own(label: str, ids: str, counts: bool) -> None:
    rows = [[number, *person] for number, person in zip(ids.split(), PEOPLE, strict=True)]
    mapping = map_columns((label, "First Name", "Last Name", "Email"), rows)
    assert mapping.mapping.get(label) == "external_id"
    assert (mapping.no_identity is None) == counts
    by_hand = map_columns((label, "First Name", "Last Name", "Email"), rows, overrides={label: "external_id"})
    assert by_hand.no_identity is None


@pytest.mark.parametrize("label", ["Batch", "Batch ID", "Import ID", "List ID", "Owner ID", "Campaign ID", "Deal ID"])
def test_ids_of_other_things_are_no_ids(label: str) -> None:
    rows = [[f"x{number}", *person] for number, person in enumerate(PEOPLE)]
    assert label not in map_columns((label, "First Name", "Last Name", "Email"), rows).mapping
