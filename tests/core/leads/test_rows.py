"""What a row is found by, and what becomes of a person's fields on a row without a person."""

import pytest

from core.leads.known import CONTACT_AT, LEAD_AT
from core.leads.lead import FIELDS
from core.leads.rows import names_a_person, new_row, row_at, with_company_address


@pytest.mark.parametrize(
    ("said", "has_person"),
    [
        ({"contact_name": "Jane Doe"}, True),
        ({"last_name": "Doe"}, True),
        ({"contact_title": "CEO"}, True),
        ({"contact_email": "jane@acme.example"}, True),
        ({"contact_email": "info@acme.example", "contact_phone": "+4930123456"}, False),
    ],
)
def test_who_names_a_person(said: dict[str, str], has_person: bool) -> None:
    assert names_a_person([said.get(field) for field in CONTACT_AT]) == has_person


@pytest.mark.parametrize(
    ("known", "extra", "company_phone", "kept"),
    [
        (None, None, "+4930123456", {"company_email": "info@acme.example"}),
        ("+4930999", None, "+4930999", {"contact_phone": "+4930123456", "company_email": "info@acme.example"}),
        (
            "+4930123456",
            {"company_email": "x"},
            "+4930123456",
            {"contact_email": "info@acme.example", "company_email": "x"},
        ),
    ],
)
def test_nothing_of_a_row_without_a_person_is_lost(known, extra, company_phone, kept) -> None:
    said = {"contact_email": "info@acme.example", "contact_phone": "+4930123456", "company_phone": known}
    lead = [said.get(field) for field in LEAD_AT]
    row = with_company_address(
        new_row([said.get(field) for field in FIELDS], extra), lead, [said.get(field) for field in CONTACT_AT]
    )
    assert (lead[LEAD_AT["company_phone"]], row.extra) == (company_phone, kept)


def test_who_has_no_identity_is_known_only_at_their_lead() -> None:
    values = [{"contact_name": "Jane Doe"}.get(field) for field in FIELDS]
    assert row_at(values, "1").person_row == row_at(values, "1").person_row
    assert row_at(values, "1").person_row != row_at(values, "2").person_row
