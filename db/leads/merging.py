"""Two leads become one, or two people: what one lacks it takes from the other, and all that hangs on that goes over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from core.errors import Conflict, LeadNotFound
from core.leads.fields import FIELDS_OF_CONTACT, FIELDS_OF_LEAD
from core.leads.identities import IdentityKind, identity, own_address
from core.leads.known import CONTACT_AT, LEAD_AT, key_of_name
from core.leads.names import company_key
from db.leads import record_history
from db.leads.inventories import pairs_and_old_ids, take_inventory
from db.leads.matching import current_id, lock_who_is_who
from db.leads.repointing import (
    LeadOrContact,
    hang_on_lead,
    refuse_two_links,
    remember_merged,
    repoint,
    repoint_pairs,
    select_row,
    vouch,
)
from db.server.engine import Connection
from db.server.statements import change, listed, select

_PLACE = ("street", "city", "state", "country", "postal_code")
_MADE_ELSEWHERE = ("role", "title_points", "source_url", "evidence", "confidence")
_HISTORY = "SELECT id FROM record_history WHERE record_id = %(gone)s"
_JSON = ("extra", "original", "field_edits", "provenance", "places")


@dataclass(frozen=True)
class Deed:
    """Who does something to records, when and why."""

    by: str
    now: datetime
    reason: str | None = None


async def merge_leads(connection: Connection, kept_id: UUID, gone_id: UUID, deed: Deed) -> UUID:
    """Merge a lead into another; its people, history and links go over, its id answers with the other's.

    Args:
        connection: in a transaction of its own.
        kept_id: of the lead that stays; an id that was merged before stands for its new one.
        gone_id: of the lead that goes.
        deed: who merges them.

    Returns:
        The id of the lead that stays.

    Raises:
        LeadNotFound: one of them is not there.
        Conflict: they are one already, or both are linked in a CRM.
    """
    await lock_who_is_who(connection)
    kept_id, gone_id = await current_id(connection, kept_id), await current_id(connection, gone_id)
    kept, gone = await _both(connection, "lead", kept_id, gone_id)
    await refuse_two_links(connection, "lead", kept_id, gone_id)
    values = _merged_lead(kept, gone)
    moved = await take_inventory(connection, "lead", kept_id, gone)
    await _note_taken(connection, "lead", kept, gone, values)
    await repoint(connection, "lead", kept_id, gone_id)
    await repoint_pairs(connection, kept_id, gone_id)
    await _decide(connection, kept_id, gone_id, deed)
    await connection.execute("DELETE FROM leads WHERE id = %(id)s", {"id": gone_id})
    await _store(connection, "lead", kept_id, values)
    await vouch(connection, gone["created_import_id"], "lead", kept_id)
    await _join_namesakes(connection, kept_id, gone_id, deed)
    await record_history.note(
        connection, kept_id, kept_id, "merge", by=deed.by, now=deed.now, reason=deed.reason,
        before={"merged": told(gone), "moved": moved, **told({name: kept[name] for name in values})},
        after=told(values),
    )  # fmt: skip
    return kept_id


async def merge_people(connection: Connection, kept_id: UUID, gone_id: UUID, deed: Deed) -> UUID:
    """Let two people be one: contacts at the same lead become one contact, those at others stay, as this person's.

    Args:
        connection: in a transaction of its own.
        kept_id: of the person who stays (`contacts.person_id`).
        gone_id: of the other.
        deed: who merges them.

    Returns:
        The id of the person who stays.

    Raises:
        LeadNotFound: one of them is not there.
        Conflict: they are one already, or have contacts at one lead that are both linked in a CRM.
    """
    await lock_who_is_who(connection)
    kept_id, gone_id = await current_id(connection, kept_id), await current_id(connection, gone_id)
    if kept_id == gone_id:
        raise Conflict("they are the same already")
    statement = """
        SELECT id, lead_id, person_id FROM contacts WHERE person_id = ANY (%(ids)s) ORDER BY created_at, id FOR UPDATE
    """
    rows = await select(connection, statement, {"ids": [kept_id, gone_id]})
    ours = {row.lead_id: row.id for row in rows if row.person_id == kept_id}
    theirs = [row for row in rows if row.person_id == gone_id]
    if not ours or not theirs:
        raise LeadNotFound(f"no person {gone_id if ours else kept_id}")
    names = {"kept": kept_id, "gone": gone_id}
    keys = await select(connection, "SELECT key::text FROM identities WHERE owner_id = %(gone)s", names)
    moved = {
        "kept": kept_id,
        "contacts": [row.id for row in theirs],
        "identities": [row.key for row in keys],
        "history": [row.id for row in await select(connection, _HISTORY, names)],
        **(await pairs_and_old_ids(connection, kept_id, gone_id)),
    }
    await connection.execute("UPDATE contacts SET person_id = %(kept)s WHERE person_id = %(gone)s", names)
    await connection.execute("UPDATE identities SET owner_id = %(kept)s WHERE owner_id = %(gone)s", names)
    await connection.execute("UPDATE record_history SET record_id = %(kept)s WHERE record_id = %(gone)s", names)
    await repoint_pairs(connection, kept_id, gone_id)
    await _decide(connection, kept_id, gone_id, deed)
    await remember_merged(connection, "person", kept_id, gone_id)
    for row in theirs:
        if row.lead_id in ours:
            await _merge_contacts(connection, ours[row.lead_id], row.id, deed, within=gone_id)
        else:
            await record_history.note(
                connection, row.id, row.lead_id, "merge", by=deed.by, now=deed.now, reason=deed.reason,
                before={"person_id": gone_id}, after={"person_id": kept_id},
            )  # fmt: skip
    await record_history.note(
        connection, kept_id, None, "merge", by=deed.by, now=deed.now, reason=deed.reason,
        before={"merged": {"id": gone_id}, "moved": moved}, after={"id": kept_id},
    )  # fmt: skip
    return kept_id


async def merge_contacts(connection: Connection, kept_id: UUID, gone_id: UUID, deed: Deed) -> UUID:
    """Merge the people of two contacts; return the id of the contact that stays. Raises LeadNotFound, Conflict."""
    await lock_who_is_who(connection)
    kept_id, gone_id = await current_id(connection, kept_id), await current_id(connection, gone_id)
    kept, gone = await _both(connection, "contact", kept_id, gone_id)
    if kept["person_id"] != gone["person_id"]:
        await merge_people(connection, kept["person_id"], gone["person_id"], deed)
    elif kept["lead_id"] == gone["lead_id"]:
        await _merge_contacts(connection, kept_id, gone_id, deed)
    else:
        raise Conflict("both are contacts of one person already, at two leads: to be one they would have to be at one")
    return await current_id(connection, kept_id)


async def _merge_contacts(
    connection: Connection, kept_id: UUID, gone_id: UUID, deed: Deed, *, within: UUID | None = None
) -> None:
    """Merge two contacts of one person at one lead."""
    kept, gone = await _both(connection, "contact", kept_id, gone_id)
    await refuse_two_links(connection, "contact", kept_id, gone_id)
    values = _merged_contact(kept, gone)
    moved = await take_inventory(connection, "contact", kept_id, gone, within=within)
    await _note_taken(connection, "contact", kept, gone, values)
    await repoint(connection, "contact", kept_id, gone_id)
    await connection.execute("DELETE FROM contacts WHERE id = %(id)s", {"id": gone_id})
    await _store(connection, "contact", kept_id, values)
    await vouch(connection, gone["created_import_id"], "contact", kept_id)
    await _spell_out(connection, gone["contact_email"])
    await record_history.note(
        connection, kept_id, kept["lead_id"], "merge", by=deed.by, now=deed.now, reason=deed.reason,
        before={"merged": told(gone), "moved": moved, **told({name: kept[name] for name in values})},
        after=told(values),
    )  # fmt: skip


async def _spell_out(connection: Connection, address: str | None) -> None:
    """Keep an address that no column holds any more in words, beside its identity."""
    if own := own_address(address):
        key = identity(IdentityKind.EMAIL, own.lower()).key
        statement = "UPDATE identities SET value = coalesce(value, %(address)s) WHERE key = %(key)s::uuid"
        await connection.execute(statement, {"address": own, "key": key})


async def _both(
    connection: Connection, kind: LeadOrContact, kept_id: UUID, gone_id: UUID
) -> tuple[dict[str, Any], dict[str, Any]]:
    if kept_id == gone_id:
        raise Conflict("they are the same already")
    found = {record_id: await select_row(connection, kind, record_id) for record_id in sorted((kept_id, gone_id))}
    for record_id, row in found.items():
        if not row:
            raise LeadNotFound(f"no {kind} {record_id}")
    return found[kept_id], found[gone_id]


def _merged_lead(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a lead becomes: its own values, filled up, and the other's name, places and tags as further ones."""
    values = _filled(kept, gone, FIELDS_OF_LEAD)
    # Two addresses are not mixed: one of the two, the other is a further place.
    has_place = any(kept[name] for name in _PLACE)
    if has_place:
        values |= {name: kept[name] for name in _PLACE}
    theirs = {name: gone[name] for name in _PLACE if gone[name]}
    places = [*kept["places"], *gone["places"]]
    if has_place and theirs and theirs.items() - {name: kept[name] for name in _PLACE}.items():
        places.append(theirs)
    values["name_key"] = company_key(values["company_name"]) or kept["name_key"] or gone["name_key"]
    aliases = dict(zip([*kept["alias_keys"], *gone["alias_keys"]], [*kept["aliases"], *gone["aliases"]], strict=True))
    for name in (kept["company_name"], gone["company_name"]):
        if key := company_key(name):
            aliases.setdefault(key, name)
    aliases.pop(values["name_key"], None)
    return values | {
        "aliases": list(aliases.values()),
        "alias_keys": list(aliases),
        "places": [place for number, place in enumerate(places) if place not in places[:number]],
        "tags": list(dict.fromkeys([*kept["tags"], *gone["tags"]])),
        "assigned_to": kept["assigned_to"] or gone["assigned_to"],
        "is_domain_shared": kept["is_domain_shared"] and gone["is_domain_shared"],
        "stands_for": "company" if "company" in (kept["stands_for"], gone["stands_for"]) else "person",
        **_edited(kept, gone),
    }


def _merged_contact(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a contact becomes: its own values, filled up; what sources say of both stands side by side."""
    values = _filled(kept, gone, FIELDS_OF_CONTACT)
    for name in _MADE_ELSEWHERE:
        values[name] = kept[name] if kept[name] is not None else gone[name]
    seen = [row["last_seen_at"] for row in (kept, gone) if row["last_seen_at"]]
    is_missing = kept["not_seen_since"] and gone["not_seen_since"]
    return values | {
        "name_key": key_of_name([values[name] for name in CONTACT_AT]),
        "state": "active" if "active" in (kept["state"], gone["state"]) else "former",
        "is_owner_like": kept["is_owner_like"] or gone["is_owner_like"],
        "provenance": {**gone["provenance"], **kept["provenance"]},
        "last_seen_at": max(seen, default=None),
        "not_seen_since": max(kept["not_seen_since"], gone["not_seen_since"]) if is_missing else None,
        **_edited(kept, gone),
    }


def _filled(kept: Mapping[str, Any], gone: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Fill what is empty, also of the row's own columns; notes of both are kept."""
    # That a person emptied a field is an edit, too.
    is_free = {name: kept[name] is None and name not in kept["field_edits"] for name in fields}
    values = {name: gone[name] if is_free[name] else kept[name] for name in fields}
    if kept["notes"] and gone["notes"] and gone["notes"] not in kept["notes"]:
        values["notes"] = f"{kept['notes']}\n{gone['notes']}"
    original = dict(kept["original"])
    original |= {name: said for name, said in gone["original"].items() if is_free.get(name) or name not in original}
    return values | {"extra": {**gone["extra"], **kept["extra"]}, "original": original}


def _edited(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> dict[str, Any]:
    edited = [row for row in (kept, gone) if row["edited_at"] is not None]
    last = max(edited, key=lambda row: row["edited_at"], default=kept)
    return {
        "field_edits": {**gone["field_edits"], **kept["field_edits"]},
        "edited_at": last["edited_at"],
        "edited_by": last["edited_by"],
    }


async def _store(connection: Connection, kind: LeadOrContact, record_id: UUID, values: Mapping[str, Any]) -> None:
    statement = f"UPDATE {kind}s SET {listed(values, '{0} = %({0})s')}, updated_at = now() WHERE id = %(id)s"
    stored = {name: Jsonb(value) if name in _JSON else value for name, value in values.items()}
    await change(connection, statement, {**stored, "id": record_id})


async def _note_taken(
    connection: Connection,
    kind: LeadOrContact,
    kept: Mapping[str, Any],
    gone: Mapping[str, Any],
    values: Mapping[str, Any],
) -> None:
    """Note what the import that brought the one gave to the other, so that undoing it takes just that away."""
    if gone["created_import_id"] is None or gone["created_import_id"] == kept["created_import_id"]:
        return
    statement = """
        SELECT before FROM import_changes WHERE record_id = %(id)s ORDER BY changed_at
    """
    changes = [row.before for row in await select(connection, statement, {"id": gone["id"]})]
    taken = _taken_values(kind, kept, gone, values, changes)
    if kind == "lead":
        taken |= _taken_beside(kept, gone)
    if taken:
        insert = """
            INSERT INTO import_changes AS c (import_id, record_id, lead_id, before, after, changed_at)
            SELECT id, %(record_id)s, %(lead_id)s, %(before)s, %(after)s, started_at FROM imports
            WHERE id = %(import_id)s
            ON CONFLICT (import_id, record_id) DO UPDATE
                SET before = excluded.before || c.before, after = excluded.after || c.after
        """
        names = {
            "import_id": gone["created_import_id"],
            "record_id": kept["id"],
            "lead_id": kept["id"] if kind == "lead" else kept["lead_id"],
            "before": Jsonb({name: old for name, (old, _) in taken.items()}),
            "after": Jsonb({name: new for name, (_, new) in taken.items()}),
        }
        await connection.execute(insert, names)


def _taken_values(
    kind: LeadOrContact,
    kept: Mapping[str, Any],
    gone: Mapping[str, Any],
    values: Mapping[str, Any],
    changes: Sequence[Mapping[str, Any]],
) -> dict[str, tuple[Any, Any]]:
    """Return what each value was that the kept one took over, and what the import that brought the other gave it."""
    taken: dict[str, tuple[Any, Any]] = {}
    fields = LEAD_AT if kind == "lead" else CONTACT_AT
    for name in (*fields, *(f"extra.{key}" for key in gone["extra"]), *(f"original.{key}" for key in gone["original"])):
        old, new, theirs = _at(kept, name), _at(values, name), _at(gone, name)
        if old == new or new != theirs:
            continue
        # What a later import changed it from is what this one brought.
        brought = next((said[name] for said in changes if name in said), theirs)
        if brought is not None:
            taken[name] = (old, brought)
    return taken


def _taken_beside(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the tags and the user that the kept one took over, as undo knows them."""
    taken: dict[str, tuple[Any, Any]] = {f"tags.{tag}": (None, tag) for tag in gone["tags"] if tag not in kept["tags"]}
    if kept["assigned_to"] is None and gone["assigned_to"] is not None:
        taken["assigned_to"] = (None, gone["assigned_to"])
    return taken


def _at(row: Mapping[str, Any], name: str) -> Any:
    """Return a value by the name that changes have: `city`, `extra.Shoe`."""
    column, _, key = name.partition(".")
    return row[column].get(key) if key else row[column]


async def _join_namesakes(connection: Connection, lead_id: UUID, gone_id: UUID, deed: Deed) -> None:
    """Make one contact of several of one person at a lead; people of one name there may be one, and are listed."""
    same = """
        SELECT array_agg(id ORDER BY created_at, id) AS ids FROM contacts WHERE lead_id = %(lead_id)s
        GROUP BY person_id HAVING count(*) > 1
    """
    for row in await select(connection, same, {"lead_id": lead_id}):
        for other in row.ids[1:]:
            await _merge_contacts(connection, row.ids[0], other, deed, within=gone_id)
    alike = """
        INSERT INTO possible_duplicates (first_id, second_id, kind, reason)
        SELECT DISTINCT least(a.person_id, b.person_id), greatest(a.person_id, b.person_id), 'person',
            'the same name at leads that were merged'
        FROM contacts a JOIN contacts b ON b.lead_id = a.lead_id AND b.name_key = a.name_key AND b.id > a.id
        WHERE a.lead_id = %(lead_id)s AND a.person_id <> b.person_id
        ON CONFLICT DO NOTHING
    """
    await connection.execute(alike, {"lead_id": lead_id})
    ids = await select(connection, "SELECT id FROM contacts WHERE lead_id = %(lead_id)s", {"lead_id": lead_id})
    await hang_on_lead(connection, [row.id for row in ids], lead_id)


async def _decide(connection: Connection, one: UUID, other: UUID, deed: Deed) -> None:
    """Remember for the pair, where there is one, that it was merged."""
    statement = """
        UPDATE possible_duplicates SET decision = 'merge', decided_by = %(by)s, decided_at = %(now)s,
            decision_reason = %(reason)s
        WHERE first_id = %(first)s AND second_id = %(second)s
    """
    first, second = sorted((one, other))
    await connection.execute(
        statement, {"first": first, "second": second, "by": deed.by, "now": deed.now, "reason": deed.reason}
    )


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the history keeps of values: those there are."""
    return {name: value for name, value in row.items() if value not in (None, [], {})}
