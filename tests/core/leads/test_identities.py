"""What is an identity, and whose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.leads.identities import IdentityKind, derived_domain, lead_identities, own_address, person_identities
from core.leads.lead import FIELDS
from core.leads.names import company_key, person_key
from core.leads.rows import new_row

KIND = IdentityKind


def values(**said: str) -> list[str | None]:
    return [said.get(field) for field in FIELDS]


@pytest.mark.parametrize(
    ("said", "ids_of", "of_lead", "of_person"),
    [
        ({"contact_email": "jane@acme.example"}, "none", [KIND.DERIVED_DOMAIN], [KIND.EMAIL]),
        ({"contact_email": "jane@gmail.com"}, "none", [], [KIND.EMAIL]),
        ({"contact_email": "info@acme.example"}, "none", [], []),
        ({"contact_email": "noemail@noemail.com"}, "none", [], []),
        ({"company_domain": "acme.example", "contact_email": "jane@x.example"}, "none", [KIND.DOMAIN], [KIND.EMAIL]),
        ({"external_id": "7", "source": "fair"}, "person", [], [KIND.PERSON_ID]),
        ({"external_id": "7", "source": "fair"}, "company", [KIND.COMPANY_ID], []),
        ({"external_id": "7", "source": "fair"}, "none", [], []),
        ({"external_id": "7"}, "person", [], []),
        ({"linkedin_url": "https://x/in/jane"}, "none", [], [KIND.PROFILE]),
        ({"company_linkedin_url": "https://x/company/acme"}, "none", [KIND.COMPANY_PAGE], []),
        ({"company_name": "Acme", "city": "Ulm", "contact_name": "Jane Doe"}, "none", [], []),
    ],
)
def test_identities_of_a_row(said: dict[str, str], ids_of, of_lead: list[KIND], of_person: list[KIND]) -> None:
    row = values(**said)
    assert [each.kind for each in lead_identities(row, ids_of)] == of_lead
    assert [each.kind for each in person_identities(row, ids_of)] == of_person


def test_a_derived_domain_is_found_by_the_domain_itself() -> None:
    (derived,) = lead_identities(values(contact_email="jane@acme.example"))
    (own,) = lead_identities(values(company_domain="acme.example"))
    assert derived.key == own.key


def test_ids_of_other_systems_and_of_other_kinds_are_other_ids() -> None:
    keys = {
        identities[0].key
        for source in ("fair", "crm")
        for identities in (
            lead_identities(values(external_id="7", source=source), "company"),
            person_identities(values(external_id="7", source=source), "person"),
        )
    }
    assert len(keys) == 4


def test_who_has_no_identity_is_found_by_the_row_itself() -> None:
    one = new_row(values(company_name="Acme", contact_name="Jane Doe"))
    same = new_row(values(company_name="ACME", contact_name="jane  doe", notes="rang them"))
    other = new_row(values(company_name="Acme", contact_name="Max Roe"))
    assert one.lead_row is not None
    assert one.person_row is not None
    assert (one.lead_row, one.person_row) == (same.lead_row, same.person_row)
    assert one.person_row != other.person_row
    assert new_row(values(company_name="Acme", company_domain="acme.example")).lead_row is None
    assert new_row(values(contact_email="jane@acme.example")).person_row is None


@pytest.mark.parametrize(
    ("address", "own"),
    [("jane@acme.example", True), ("info@acme.example", False), ("na@na.com", False), (None, False)],
)
def test_own_addresses(address: str | None, own: bool) -> None:
    assert (own_address(address) is not None) == own


def test_a_mail_providers_domain_is_nobodys() -> None:
    assert derived_domain("jane@gmail.com") is None
    assert derived_domain("jane@mail.acme.co.uk") == "acme.co.uk"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Acme GmbH", "ACME"), ("Bau Alpha AG", "Alpha Bau"), ("Müller & Söhne", "Mueller Soehne")],
)
def test_equal_names_of_companies_have_one_key(one: str, other: str) -> None:
    assert company_key(one) == company_key(other)


@pytest.mark.parametrize(("one", "other"), [("Dr. Jane Doe", "DOE, Jane"), ("Jörg Müller", "Joerg Mueller")])
def test_equal_names_of_people_have_one_key(one: str, other: str) -> None:
    assert person_key(one) == person_key(other)


@given(st.text(max_size=400))
def test_a_key_is_bounded_and_there_is_none_without_a_name(name: str) -> None:
    for key in (company_key(name), person_key(name)):
        assert key is None or 0 < len(key) <= 200
    assert company_key("") is None
