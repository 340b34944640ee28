"""Who of a look is known at a lead already, and whose details are one's own."""

from uuid import uuid4

import pytest

from core.discovery.company_contacts import Contact, Provenance
from core.discovery.known_people import StoredContact, known_among, role_of, with_own_details


def found(name: str, **details: str) -> Contact:
    page = Provenance(
        source="website", source_url="https://acme.example/team", title="CEO", evidence=f"{name}, CEO", confidence=0.9
    )
    said = {"email": None, "linkedin_url": None, "phone": None, **details}
    return Contact(name=name, title="CEO", role="CEO", is_owner_like=False, provenance=(page,), **said)


def stored(name: str, **fields: str) -> StoredContact:
    return StoredContact(uuid4(), name, "CEO", {"website": None}, **fields)


@pytest.mark.parametrize(
    ("role", "title", "read"), [("CFO", "Chief Executive Officer", "CFO"), (None, "CEO", "CEO"), (None, None, None)]
)
def test_a_role_is_the_stored_one_or_the_titles(role, title, read) -> None:
    assert role_of(role, title) == read


def test_what_stands_with_two_people_is_neithers_own() -> None:
    one, other = with_own_details(
        [
            found("Maud Tillerby", email="maud@acme.example", phone="+49 30 123456"),
            found("Oren Castle", email="info@acme.example", phone="+49 30 123456"),
        ]
    )
    assert (one.email, one.phone) == ("maud@acme.example", None)
    assert (other.email, other.phone) == (None, None)


def test_equal_names_are_known_and_other_addresses_are_others() -> None:
    maud = stored("Maud Tillerby", name_key="maud tillerby", contact_email="maud@acme.example")
    look = [found("Tillerby, Maud", email="maud@acme.example"), found("Oren Castle")]
    assert known_among(look, [maud]) == {0: maud}
    assert known_among([found("Maud Tillerby", email="m.t@acme.example")], [maud]) == {}
