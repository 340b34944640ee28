"""What contradicts that an identity is right."""

import pytest

from core.leads.contradictions import is_another_company, is_another_person
from core.leads.identities import IdentityKind
from core.leads.known import CONTACT_AT, LEAD_AT, KnownContact, KnownLead, KnownPerson
from core.leads.names import Likeness, companies_likeness

KIND = IdentityKind
Said = dict[str, str | None]


def contact(text: str) -> tuple[Said, Said]:
    """Read 'name | e-mail | company | profile', any of them empty: what it says of the company and of the person."""
    cells = [part.strip() or None for part in f"{text}|||".split("|")][:4]
    name, email, company, profile = cells
    return {"company_name": company}, {"contact_name": name, "contact_email": email, "linkedin_url": profile}


def is_other_person(found_by: KIND | None, one: str, other: str) -> bool:
    (company, person), (new_company, new_person) = contact(one), contact(other)
    lead = KnownLead(id="1", values=[company.get(field) for field in LEAD_AT])
    known = KnownContact(id="2", values=[person.get(field) for field in CONTACT_AT], lead=lead, person=KnownPerson("3"))
    likeness = companies_likeness(company["company_name"], new_company["company_name"])
    row = [new_person.get(field) for field in CONTACT_AT]
    return is_another_person(known, row, found_by, likeness, ids_of="person")


SAME = [
    (KIND.PERSON_ID, "Jane Doe | jane@a.example | Alpha", "DOE, Jane | jane.doe@a.example | ALPHA GmbH"),
    (KIND.PERSON_ID, "Dr. Jane Doe", "J. Doe"),
    (KIND.PERSON_ID, "Jörg Müller", "Joerg Mueller"),
    (KIND.PERSON_ID, "Jane Doe | | Alpha", "Jane Doe | | Beta"),  # she went there
    (KIND.EMAIL, "Jane Doe | jane@a.example | Alpha", "Jane Doe | jane@a.example | Omega"),
    (KIND.EMAIL, "Jane Doe | jane@a.example | Alpha", "Jane Roe | jane@a.example | Alpha"),
    (KIND.EMAIL, "Иван Петров | i@a.example", "Ivan Petrov | i@a.example"),
    (KIND.PROFILE, "Jane Doe | jane@a.example | | in/j", "Jane Doe | jane@b.example | | in/j"),
    (None, "Jane Doe | jane@a.example | Alpha", "Jane Doe | | Alpha"),
    (None, "Jane Doe | info@a.example | Alpha", "Jane Doe | jane@a.example | Alpha"),
    (KIND.PERSON_ROW, "Jane Doe | jane@a.example", "Max Roe | max@b.example"),
]
OTHERS = [
    (KIND.PERSON_ID, "Jane Doe", "Max Roe"),
    (KIND.PERSON_ID, "| ann@a.example | Alpha", "| bob@a.example | Alpha"),
    (KIND.PERSON_ID, "Jane Doe | jane@a.example | Alpha", "J. Doe | jane@b.example | Beta"),
    (KIND.PERSON_ID, "Jane Doe | jane@a.example | Alpha", "Ann Doe | ann@a.example | Alpha"),
    (KIND.EMAIL, "Jane Doe | team-west@a.example | Alpha", "Max Roe | team-west@a.example | Alpha"),
    (KIND.EMAIL, "Jane Doe | jane@a.example | Alpha", "Jane Roe | jane@a.example | Omega"),
    (KIND.PROFILE, "Jane Doe | jane@a.example | | in/j", "J. Doe | jd@b.example | | in/j"),
    (None, "Jane Doe | jane@a.example | Alpha", "Jane Doe | doe@b.example | Alpha"),
    (None, "Jane Doe | | Alpha | in/jane", "Jane Doe | | Alpha | in/jd"),
]


@pytest.mark.parametrize(("found_by", "one", "other"), SAME)
def test_one_person(found_by: KIND | None, one: str, other: str) -> None:
    assert not is_other_person(found_by, one, other)
    assert not is_other_person(found_by, other, one)


@pytest.mark.parametrize(("found_by", "one", "other"), OTHERS)
def test_two_people(found_by: KIND | None, one: str, other: str) -> None:
    assert is_other_person(found_by, one, other)
    assert is_other_person(found_by, other, one)


def company(text: str) -> list[str | None]:
    """Read 'name | domain | city | page'."""
    names = ("company_name", "company_domain", "city", "company_linkedin_url")
    cells = [part.strip() or None for part in f"{text}|||".split("|")][:4]
    said = dict(zip(names, cells, strict=True))
    return [said.get(field) for field in LEAD_AT]


@pytest.mark.parametrize(
    ("found_by", "one", "other", "is_other"),
    [
        (KIND.DOMAIN, "Alpha | a.example", "Beta | a.example", False),  # renamed
        (KIND.DOMAIN, "Alpha | a.example | Ulm", "Beta | a.example | Köln", True),
        (KIND.DOMAIN, "Alpha Bau | a.example | Ulm", "Alpha Bau AG | a.example | Köln", False),
        (KIND.DERIVED_DOMAIN, "Alpha | a.example", "Beta", True),
        (KIND.DERIVED_DOMAIN, "Alpha | a.example", "Alpha AG", False),
        (KIND.DERIVED_DOMAIN, "Alpha | a.example", "", False),
        (KIND.COMPANY_PAGE, "Alpha | a.example | | c/a", "Beta | b.example | | c/a", True),
        (KIND.COMPANY_ID, "Alpha Bau", "Beta Reisen", True),
        (KIND.COMPANY_ID, "Alpha Bau", "Alpha Bau GmbH", False),
        (None, "Alpha | a.example", "Alpha | alpha.example", True),
        (None, "Alpha | a.example", "Alpha", False),
        (None, "Alpha | | | c/a", "Alpha | | | c/b", True),
    ],
)
def test_companies(found_by: KIND | None, one: str, other: str, is_other: bool) -> None:
    assert is_another_company(KnownLead(id="1", values=company(one)), company(other), found_by) == is_other


def test_two_names_with_one_domain_in_one_file_are_two() -> None:
    lead = KnownLead(id="1", values=company("Alpha | a.example"), is_named=True)
    assert is_another_company(lead, company("Beta | a.example"), KIND.DOMAIN)
    lead.aliases["beta"] = "Beta"
    assert not is_another_company(lead, company("Beta | a.example"), KIND.DOMAIN)


def test_what_a_person_wrote_speaks_for_nobody() -> None:
    lead = KnownLead(id="1", values=company("Zeta | a.example"), edits={"company_name": {"by": "Ada"}}, is_named=True)
    assert not is_another_company(lead, company("Alpha | a.example"), KIND.DOMAIN)
    assert lead.likeness("Zeta AG") is Likeness.SAME
