"""What tells leads and people apart from all others: their identities, and the keys under which they are stored.

A company is known by its id in the system it came from, its registrable domain, its page on LinkedIn; a person by
theirs in a system, by an e-mail address of their own, by their profile on LinkedIn. Names and places are no identities:
they are looked up and weighed (`core.leads.matching`). No identity are made-up and shared addresses, shared hosts, and
ids without the system that gave them.
"""

from collections.abc import Sequence
from enum import IntEnum
from hashlib import md5
from typing import Literal, NamedTuple

from core.leads.lead import FIELDS, POSITION
from core.text.folding import fold
from core.text.mailboxes import is_made_up, is_shared
from core.text.shared_hosts import is_shared as is_shared_host
from core.text.web_addresses import registrable_domain

IdsOf = Literal["person", "company", "none"]
"""Whose the ids of a file are; none's where they tell nobody apart."""


class IdentityKind(IntEnum):
    """Kinds of identities, the strongest of an owner first. Stored: a number is never used again."""

    COMPANY_ID = 1
    DOMAIN = 2
    DERIVED_DOMAIN = 3
    """Of a person's own address: it joins names that agree, never names that differ."""
    COMPANY_PAGE = 4
    COMPANY_ROW = 5
    """A row that says nothing else: the same row finds itself again."""
    PERSON_ID = 11
    EMAIL = 12
    PROFILE = 13
    PERSON_ROW = 14
    NAME_AT = 15
    """A name under which somebody was met at a lead, beside the one that the contact has."""


class RowIdentity(NamedTuple):
    """An identity: `key` is the UUID, as text, under which it is stored."""

    kind: IdentityKind
    key: str


_NAME, _DOMAIN, _PAGE = POSITION["company_name"], POSITION["company_domain"], POSITION["company_linkedin_url"]
_EMAIL, _PROFILE = POSITION["contact_email"], POSITION["linkedin_url"]
_ID, _SOURCE = POSITION["external_id"], POSITION["source"]
_SPACE_OF = {
    IdentityKind.COMPANY_ID: "company",
    IdentityKind.DOMAIN: "domain",
    IdentityKind.DERIVED_DOMAIN: "domain",
    IdentityKind.COMPANY_PAGE: "page",
    IdentityKind.COMPANY_ROW: "row",
    IdentityKind.PERSON_ID: "person",
    IdentityKind.EMAIL: "email",
    IdentityKind.PROFILE: "profile",
    IdentityKind.PERSON_ROW: "person row",
    IdentityKind.NAME_AT: "name at",
}
_SPACES = [_SPACE_OF.get(kind, "") for kind in range(max(IdentityKind) + 1)]  # type: ignore[call-overload]
"""By number: a member's hash, asked for several times a row, is computed in Python."""
_new_tuple = tuple.__new__
"""Quicker than a named tuple's own."""


def identity(kind: IdentityKind, value: str) -> RowIdentity:
    """Return an identity by its value: a domain, an address, 'system|id'."""
    digest = md5(f"{_SPACES[kind]}\0{value}".encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
    key = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
    return _new_tuple(RowIdentity, (kind, key))


def own_address(address: str | None) -> str | None:
    """Return an address if it is a person's own: not made up, no mailbox that many share."""
    return None if address is None or is_shared(address) or is_made_up(address) else address


def derived_domain(address: str | None) -> str | None:
    """Return the domain of a person's own address where it is a company's; None of a mail provider's."""
    if address is None:
        return None
    domain = registrable_domain(address.rpartition("@")[2])
    return domain if domain and not is_shared_host(domain) else None


def lead_identities(values: Sequence[str | None], ids_of: IdsOf = "none") -> list[RowIdentity]:
    """Return a row's identities of its company, the strongest first.

    Args:
        values: In the order of `FIELDS`, cleaned.
        ids_of: Whose `external_id` is.
    """
    found = []
    if ids_of == "company" and (given := _given_id(values)):
        found.append(identity(IdentityKind.COMPANY_ID, given))
    if domain := values[_DOMAIN]:
        found.append(identity(IdentityKind.DOMAIN, domain))
    elif domain := derived_domain(own_address(values[_EMAIL])):
        found.append(identity(IdentityKind.DERIVED_DOMAIN, domain))
    if page := values[_PAGE]:
        found.append(identity(IdentityKind.COMPANY_PAGE, page))
    return found


def _given_id(values: Sequence[str | None]) -> str | None:
    """Return the id that a system gave, with the system: another one's ids are other ids."""
    source, given = values[_SOURCE], values[_ID]
    return f"{fold(source)}|{given}" if source and given else None


def person_identities(values: Sequence[str | None], ids_of: IdsOf = "none") -> list[RowIdentity]:
    """Return a row's identities of its person, the strongest first; arguments as of `lead_identities`."""
    found = []
    if ids_of == "person" and (given := _given_id(values)):
        found.append(identity(IdentityKind.PERSON_ID, given))
    if address := own_address(values[_EMAIL]):
        found.append(identity(IdentityKind.EMAIL, address.lower()))
    if profile := values[_PROFILE]:
        found.append(identity(IdentityKind.PROFILE, profile))
    return found


def name_at(lead_id: str, name_key: str) -> RowIdentity:
    """Return a name at a lead as an identity of who has it there, by their ids and `core.leads.names.person_key`."""
    return identity(IdentityKind.NAME_AT, f"{lead_id}|{name_key}")


def lead_row_identity(values: Sequence[str | None], found: Sequence[RowIdentity]) -> RowIdentity | None:
    """Return the row as an identity of its company where it may have no other of its own.

    Args:
        values: In the order of `FIELDS`.
        found: What `lead_identities` gives for it.
    """
    if any(each.kind is IdentityKind.DOMAIN for each in found) and values[_NAME]:
        return None
    return row_identity(IdentityKind.COMPANY_ROW, values)


def person_row_identity(values: Sequence[str | None], found: Sequence[RowIdentity]) -> RowIdentity | None:
    """Return the row as an identity of its person where it may have no other of its own."""
    if any(each.kind is IdentityKind.EMAIL for each in found):
        return None
    return row_identity(IdentityKind.PERSON_ROW, values)


def row_identity(kind: IdentityKind, values: Sequence[str | None]) -> RowIdentity:
    """Return what a row is found by that says nothing else: all it says of company and person, folded."""
    said = [fold(value) if value else "" for value in (values[position] for position in _SAID)]
    return identity(kind, "\x1f".join(said))


_SAID = tuple(position for position, field in enumerate(FIELDS) if field != "notes")

_VALUE_AT = {
    IdentityKind.COMPANY_ID: _ID,
    IdentityKind.DOMAIN: _DOMAIN,
    IdentityKind.COMPANY_PAGE: _PAGE,
    IdentityKind.PERSON_ID: _ID,
    IdentityKind.EMAIL: _EMAIL,
    IdentityKind.PROFILE: _PROFILE,
}
VALUE_AT = [_VALUE_AT.get(kind) for kind in range(max(IdentityKind) + 1)]  # type: ignore[call-overload]
"""Kind, as a number -> the place of its value in a row, or None."""
