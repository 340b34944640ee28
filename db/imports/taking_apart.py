"""A merge taken apart in a person's name; imports that were undone meanwhile stay undone in both."""

from typing import Literal, NamedTuple
from uuid import UUID

from db.imports.undo import undo_again
from db.leads.merging import Deed
from db.leads.repointing import LeadOrContact
from db.leads.unmerging import unmerge_contact, unmerge_leads, unmerge_people
from db.server.engine import Connection
from db.server.statements import select


class TakenApart(NamedTuple):
    """Who stayed and who is back; fields that keep what was changed since; those of which nothing is left."""

    kept_id: UUID
    gone_id: UUID
    kept_values: tuple[str, ...]
    removed: tuple[UUID, ...]


async def take_apart(
    connection: Connection, kind: LeadOrContact | Literal["person"], gone_id: UUID, deed: Deed
) -> TakenApart:
    """Take apart what was merged.

    Args:
        connection: in a transaction of its own.
        kind: what the id is of; a contact's person is taken apart as well, with all their contacts.
        gone_id: of the one that was merged away, or of a contact whose person was.
        deed: who takes them apart.

    Raises:
        LeadNotFound: nothing was merged under this id.
        Conflict: something since stands against it; it says what.
    """
    if kind == "lead":
        done = await unmerge_leads(connection, gone_id, deed)
    else:
        of_person = unmerge_people if kind == "person" else unmerge_contact
        done = await of_person(connection, gone_id, deed)
    ids = (done.kept_id, done.gone_id)
    await undo_again(connection, ids)
    statement = """
        SELECT id FROM leads WHERE id = ANY (%(ids)s)
        UNION ALL SELECT unnest(ARRAY[id, person_id]) FROM contacts
        WHERE id = ANY (%(ids)s) OR person_id = ANY (%(ids)s)
    """
    left = {row.id for row in await select(connection, statement, {"ids": list(ids)})}
    return TakenApart(*ids, done.kept_values, tuple(each for each in ids if each not in left))
