"""A row of values as matching takes it: with its identities and the keys of its names."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from core.leads.identities import (
    IdentityKind,
    IdsOf,
    RowIdentity,
    identity,
    lead_identities,
    lead_row_identity,
    own_address,
    person_identities,
    person_row_identity,
)
from core.leads.known import CONTACT_AT, LEAD_AT, Values, name_of
from core.leads.lead import POSITION
from core.leads.names import company_key, person_key

_NAME = POSITION["company_name"]
_FULL, _FIRST, _LAST = POSITION["contact_name"], POSITION["first_name"], POSITION["last_name"]
_OF_PERSON = (POSITION["contact_email"], POSITION["linkedin_url"], POSITION["contact_phone"])
_COMPANY_PHONE = LEAD_AT["company_phone"]
_TITLE, _PROFILE = CONTACT_AT["contact_title"], CONTACT_AT["linkedin_url"]
_EMAIL, _PHONE = CONTACT_AT["contact_email"], CONTACT_AT["contact_phone"]


class NewRow(NamedTuple):
    """A row to be placed.

    Attributes:
        values: In the order of `core.leads.lead.FIELDS`.
        extra: Unmapped cells by label.
        original: What stood there, by field.
        lead_ids: Identities of its company, the strongest first.
        person_ids: Identities of its person.
        company_key: What equal names of its company share.
        person_key: What equal names of its person share.
        lead_row: Where nothing else may tell the company: the row itself.
        person_row: Where nothing else may tell the person: the row itself.
    """

    values: Sequence[str | None]
    extra: dict[str, Any] | None
    original: dict[str, Any] | None
    lead_ids: Sequence[RowIdentity]
    person_ids: Sequence[RowIdentity]
    company_key: str | None
    person_key: str | None
    lead_row: RowIdentity | None
    person_row: RowIdentity | None


def new_row(
    values: Sequence[str | None],
    extra: dict[str, Any] | None = None,
    original: dict[str, Any] | None = None,
    *,
    ids_of: IdsOf = "none",
) -> NewRow:
    """Work out what a row is found by.

    Args:
        values: In the order of `core.leads.lead.FIELDS`, cleaned.
        extra: Unmapped cells by label.
        original: What stood there, by field.
        ids_of: Whose `external_id` is.
    """
    lead_ids, person_ids = lead_identities(values, ids_of), person_identities(values, ids_of)
    return NewRow(
        values,
        extra,
        original,
        lead_ids,
        person_ids,
        company_key(values[_NAME]),
        person_key(values[_FULL] or values[_LAST] or values[_FIRST]),
        lead_row_identity(values, lead_ids),
        person_row_identity(values, person_ids),
    )


def row_at(values: Sequence[str | None], lead_id: str) -> NewRow:
    """Work out what a person at a known lead is found by; who has no identity of their own is known only there.

    Args:
        values: In the order of `core.leads.lead.FIELDS`.
        lead_id: As text.
    """
    row = new_row(values, ids_of="person")
    if row.person_row is None:
        return row
    said = "\x1f".join((f"at {lead_id}", row.person_key or "", *(values[position] or "" for position in _OF_PERSON)))
    return row._replace(person_row=identity(IdentityKind.PERSON_ROW, said))


def names_a_person(values: Values) -> bool:
    """Return whether a row names a person: by name, title, profile or an address of their own."""
    return bool(name_of(values) or values[_TITLE] or values[_PROFILE] or own_address(values[_EMAIL]))


def with_company_address(row: NewRow, lead_values: Values, person_values: Values) -> NewRow:
    """Give the company what a row without a person says under a person's fields: 'info@', the switchboard.

    What the company has room for no more stays aside, under the field's name.
    """
    aside: dict[str, Any] = {}
    if phone := person_values[_PHONE]:
        if lead_values[_COMPANY_PHONE] in (None, phone):
            lead_values[_COMPANY_PHONE] = phone
        else:
            aside["contact_phone"] = phone
    if address := person_values[_EMAIL]:
        aside["contact_email" if "company_email" in (row.extra or {}) else "company_email"] = address
    return row._replace(extra={**aside, **(row.extra or {})}) if aside else row
