"""A merge taken apart again: the record that was merged away stands as it stood, with what was its own.

What was written since stays where it was written: with the one that stayed. What the merge gave that one goes, unless
it was changed since or a later merge gave the same.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from orjson import dumps, loads

from core.errors import Conflict, LeadNotFound
from core.leads.unmerging import LISTS, SPREAD, taken_back
from db.leads import record_history
from db.leads.matching import current_id, lock_who_is_who
from db.leads.merging import Deed
from db.leads.repointing import LeadOrContact, hang_on_lead, select_row
from db.leads.returning import give_back, part_pairs
from db.schema.contacts_tables import ContactRow
from db.schema.tables import LeadRow
from db.server.engine import Connection
from db.server.statements import change, listed, select, select_value

_EMPTY: Mapping[str, Any] = {name: {} for name in SPREAD} | {name: [] for name in (*LISTS, "aliases", "alias_keys")}
_FIND = """
SELECT id, record_id, lead_id, before, after FROM record_history
WHERE record_id = %(now)s AND action = 'merge' AND before->'merged'->>'id' = %(gone)s ORDER BY id DESC LIMIT 1
"""
_LATER = """
SELECT before->'merged' AS row FROM record_history
WHERE record_id = %(kept)s AND action = 'merge' AND id > %(id)s AND before ? 'moved' ORDER BY id
"""
_WITHIN = """
SELECT before->'merged'->>'id' AS id FROM record_history
WHERE action = 'merge' AND lead_id = ANY (%(leads)s) AND before->'moved'->>'within' = %(within)s ORDER BY id DESC
"""
_FORGET = "UPDATE record_history SET before = before - 'moved' WHERE id = %(id)s"


class Unmerged(NamedTuple):
    """What was taken apart: who stayed, who is back, and which fields of the first keep what was changed since."""

    kept_id: UUID
    gone_id: UUID
    kept_values: tuple[str, ...] = ()


class _Entry(NamedTuple):
    """A merge in the history: who stayed, the row of who went, what hung on it, and the kept one's values."""

    id: int
    kept_id: UUID
    gone: dict[str, Any]
    moved: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]


async def unmerge_leads(connection: Connection, gone_id: UUID, deed: Deed, *, decides: bool = True) -> Unmerged:
    """Take a lead out of the one it was merged into.

    Args:
        connection: in a transaction of its own.
        gone_id: of the lead that was merged away.
        deed: who takes them apart.
        decides: whether the two are apart from now on, so that nobody asks again.

    Raises:
        LeadNotFound: nothing was merged under this id.
        Conflict: something since stands against it; it says what.
    """
    await lock_who_is_who(connection)
    entry = await _entry(connection, gone_id, "lead")
    lead_ids = [entry.kept_id]
    within = {"leads": lead_ids, "within": str(gone_id)}
    for row in await select(connection, _WITHIN, within):
        await _unmerge_record(connection, "contact", await _entry(connection, UUID(row.id), "contact"), deed)
    done = await _unmerge_record(connection, "lead", entry, deed)
    await part_pairs(connection, "lead", entry.kept_id, entry.gone["id"], entry.moved, deed if decides else None)
    contacts = await select(connection, "SELECT id, lead_id FROM contacts WHERE lead_id = ANY (%(ids)s)", {
        "ids": [entry.kept_id, gone_id]
    })  # fmt: skip
    for lead_id in (entry.kept_id, gone_id):
        await hang_on_lead(connection, [row.id for row in contacts if row.lead_id == lead_id], lead_id)
    await connection.execute("DELETE FROM assessments WHERE lead_id = %(id)s", {"id": entry.kept_id})
    return done


async def unmerge_people(connection: Connection, gone_id: UUID, deed: Deed) -> Unmerged:
    """Take a person out of the one they were merged into, with their contacts. Args and Raises: as `unmerge_leads`."""
    await lock_who_is_who(connection)
    entry = await _entry(connection, gone_id, "person")
    statement = "SELECT lead_id FROM contacts WHERE person_id = %(id)s"
    leads = [row.lead_id for row in await select(connection, statement, {"id": entry.kept_id})]
    for row in await select(connection, _WITHIN, {"leads": leads, "within": str(gone_id)}):
        await _unmerge_record(connection, "contact", await _entry(connection, UUID(row.id), "contact"), deed)
    names = {"kept": entry.kept_id, "gone": gone_id, **{key: entry.moved[key] for key in ("contacts", "history")}}
    back = "UPDATE contacts SET person_id = %(gone)s WHERE id = ANY (%(contacts)s::uuid[]) AND person_id = %(kept)s"
    if not await change(connection, back, names):
        raise Conflict("nothing of this person is left: their contacts were deleted since")
    await connection.execute(
        "UPDATE identities SET owner_id = %(gone)s WHERE key = ANY (%(keys)s::uuid[]) AND owner_id = %(kept)s",
        {**names, "keys": entry.moved["identities"]},
    )
    await connection.execute(
        "UPDATE record_history SET record_id = %(gone)s WHERE id = ANY (%(history)s::bigint[])", names
    )
    await part_pairs(connection, "person", entry.kept_id, entry.gone["id"], entry.moved, deed)
    await _forget(connection, entry, deed, None, gone_id)
    return Unmerged(entry.kept_id, gone_id)


async def unmerge_contact(connection: Connection, gone_id: UUID, deed: Deed) -> Unmerged:
    """Take the person of a contact out of the one they were merged into; the contact is one that is gone, or stayed.

    Raises:
        LeadNotFound: nothing was merged under this id.
        Conflict: it was merged with its company, or something since stands against it.
    """
    await lock_who_is_who(connection)
    statement = """
        SELECT before->>'person_id' FROM record_history
        WHERE record_id = %(id)s AND action = 'merge' AND before ? 'person_id' ORDER BY id DESC LIMIT 1
    """
    person = await select_value(connection, statement, {"id": gone_id})
    if person is not None and await current_id(connection, UUID(person)) != UUID(person):
        return await unmerge_people(connection, UUID(person), deed)
    entry = await _entry(connection, gone_id, "contact")
    if within := entry.moved.get("within"):
        if (
            await select_value(connection, "SELECT kind FROM merged_records WHERE old_id = %(id)s", {"id": within})
            == "lead"
        ):
            raise Conflict(f"it became one contact when its company was merged: `sales-agent leads unmerge {within}`")
        return await unmerge_people(connection, UUID(within), deed)
    return await _unmerge_record(connection, "contact", entry, deed)


async def _entry(connection: Connection, gone_id: UUID, kind: str) -> _Entry:
    """Return the merge under which a record is gone. Raises LeadNotFound, Conflict."""
    found = await select_value(connection, "SELECT kind FROM merged_records WHERE old_id = %(id)s", {"id": gone_id})
    if found != kind:
        raise LeadNotFound(f"no {kind} {gone_id} was merged into another; `sales-agent leads show` tells what was")
    now = await current_id(connection, gone_id)
    row = next(iter(await select(connection, _FIND, {"now": now, "gone": str(gone_id)})), None)
    if row is None or "moved" not in row.before:
        raise Conflict(
            f"{gone_id} can't be taken out of {now}: what was merged was not noted (an earlier version merged them,"
            " or a person of it was erased)"
        )
    before = dict(row.before)
    gone, moved = before.pop("merged"), before.pop("moved")
    if UUID(moved["kept"]) != now:
        raise Conflict(f"{moved['kept']}, which has it, was merged into {now} since: take that apart first")
    return _Entry(row.id, now, gone, moved, before, row.after)


async def _unmerge_record(connection: Connection, kind: LeadOrContact, entry: _Entry, deed: Deed) -> Unmerged:
    gone_id, kept_id = UUID(entry.gone["id"]), entry.kept_id
    kept = await select_row(connection, kind, kept_id)
    if not kept:
        raise Conflict(f"{kept_id}, which has it, was deleted since")
    await _insert_gone(connection, kind, entry)
    await give_back(connection, kind, kept_id, gone_id, entry.moved)
    later = [row.row for row in await select(connection, _LATER, {"kept": kept_id, "id": entry.id})]
    patch, left = taken_back(_plain(kept), entry.before, entry.after, entry.gone, later)
    if patch:
        await _patch(connection, kind, kept_id, patch)
    await connection.execute("DELETE FROM merged_records WHERE old_id = %(id)s", {"id": gone_id})
    statement = "UPDATE merged_records SET new_id = %(gone)s WHERE old_id = ANY (%(ids)s::uuid[])"
    await connection.execute(statement, {"gone": gone_id, "ids": entry.moved.get("old_ids", [])})
    lead_id = gone_id
    if kind == "contact":
        names = {"id": gone_id}
        lead_id = await select_value(connection, "SELECT lead_id FROM contacts WHERE id = %(id)s", names)
        await hang_on_lead(connection, [gone_id, kept_id], lead_id)
    await _forget(connection, entry, deed, lead_id, gone_id)
    return Unmerged(kept_id, gone_id, tuple(left))


async def _forget(connection: Connection, entry: _Entry, deed: Deed, lead_id: UUID | None, gone_id: UUID) -> None:
    await connection.execute(_FORGET, {"id": entry.id})
    for record_id in (entry.kept_id, gone_id):
        await record_history.note(
            connection, record_id, lead_id, "unmerge", by=deed.by, now=deed.now, reason=deed.reason,
            before={"merged_into": entry.kept_id}, after={"id": gone_id},
        )  # fmt: skip


async def _insert_gone(connection: Connection, kind: LeadOrContact, entry: _Entry) -> None:
    row = {**entry.gone}
    if kind == "contact":
        # Its company may have been merged since, and taken apart; where the other one moved to, it does not follow.
        lead_id = await current_id(connection, UUID(row["lead_id"]))
        if not await select_value(connection, "SELECT 1 FROM leads WHERE id = %(id)s", {"id": lead_id}):
            raise Conflict(f"its company {lead_id} was deleted since")
        row["lead_id"] = str(lead_id)
    table = (LeadRow if kind == "lead" else ContactRow).__table__
    empty = {column.name: _EMPTY[column.name] for column in table.columns if column.name in _EMPTY}
    names = [column.name for column in table.columns if column.name in row or column.name in empty]
    statement = f"""
        INSERT INTO {kind}s ({listed(names)})
        SELECT {listed(names)} FROM jsonb_populate_record(NULL::{kind}s, %(row)s::jsonb)
    """
    await connection.execute(statement, {"row": dumps({**empty, **row}).decode()})


async def _patch(connection: Connection, kind: LeadOrContact, record_id: UUID, patch: Mapping[str, Any]) -> None:
    statement = f"""
        UPDATE {kind}s t SET {listed(patch, "{0} = n.{0}")}, updated_at = now()
        FROM jsonb_populate_record(NULL::{kind}s, %(row)s::jsonb) n WHERE t.id = %(id)s
    """
    await connection.execute(statement, {"id": record_id, "row": dumps(dict(patch)).decode()})


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the history keeps it."""
    plain: dict[str, Any] = loads(dumps(dict(row), default=str))
    return plain
