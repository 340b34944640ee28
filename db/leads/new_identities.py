"""Identities that a stored lead or person gets by new values, whoever writes them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from core.leads.identities import IdentityKind, RowIdentity, identity, own_address
from db.server.engine import Connection
from db.server.statements import change, select

_OF_FIELDS: Mapping[str, tuple[IdentityKind, str]] = {
    "company_domain": (IdentityKind.DOMAIN, "domain"),
    "company_linkedin_url": (IdentityKind.COMPANY_PAGE, "LinkedIn page"),
    "contact_email": (IdentityKind.EMAIL, "e-mail address"),
    "linkedin_url": (IdentityKind.PROFILE, "LinkedIn profile"),
}
IDENTIFYING = frozenset(_OF_FIELDS)
"""Fields whose values tell a lead or a person apart from all others."""


class NewIdentity(NamedTuple):
    """An identity by a new value.

    Attributes:
        owner_id: the lead's, or the person's.
        identity: which.
        name: what people call it.
    """

    owner_id: UUID
    identity: RowIdentity
    name: str


def identities_of(owner_id: UUID, values: Mapping[str, Any]) -> list[NewIdentity]:
    """Return the identities among new values of a lead, or of a contact whose person is the owner."""
    found = []
    for field, (kind, name) in _OF_FIELDS.items():
        value = values.get(field)
        if value and field == "contact_email":
            address = own_address(value)
            value = address.lower() if address else None
        if value:
            found.append(NewIdentity(owner_id, identity(kind, value), name))
    return found


async def add_identities(connection: Connection, new: Sequence[NewIdentity], *, by: str) -> None:
    """Let new values find whose they are; one that is somebody else's stays there, and both are a possible duplicate.

    Args:
        connection: in a transaction that holds `db.leads.matching.lock_who_is_who`.
        new: of any number of leads and people.
        by: through what the values came, for the reason of a pair.
    """
    if not new:
        return
    names = {
        "keys": [each.identity.key for each in new],
        "owners": [each.owner_id for each in new],
        "kinds": [int(each.identity.kind) for each in new],
    }
    statement = """
        INSERT INTO identities (key, owner_id, kind)
        SELECT * FROM unnest(%(keys)s::uuid[], %(owners)s::uuid[], %(kinds)s::smallint[]) ON CONFLICT DO NOTHING
    """
    if await change(connection, statement, names) == len(new):
        return
    statement = """
        SELECT n.owner, i.owner_id, n.key::text FROM unnest(%(keys)s::uuid[], %(owners)s::uuid[]) AS n (key, owner)
        JOIN identities i ON i.key = n.key WHERE i.owner_id <> n.owner
    """
    called = {each.identity.key: each for each in new}
    for row in await select(connection, statement, names):
        found = called[row.key]
        pair = {
            "kind": "lead" if found.identity.kind < IdentityKind.PERSON_ID else "person",
            "owner": row.owner,
            "other": row.owner_id,
            "reason": f"the same {found.name}, {by}",
        }
        await connection.execute(_PAIR, pair)


_PAIR = """
INSERT INTO possible_duplicates (first_id, second_id, kind, reason)
VALUES (least(%(owner)s, %(other)s), greatest(%(owner)s, %(other)s), %(kind)s, %(reason)s) ON CONFLICT DO NOTHING
"""
