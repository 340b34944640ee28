"""Pairs that may be one: listed, merged or kept apart, in a person's name; what is decided never asks again."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from core.errors import InvalidInput
from db.leads import record_history
from db.leads.listing import Page
from db.leads.merging import Deed
from db.server.engine import Connection
from db.server.statements import change, select, select_dicts, select_value

HANDLE = "left(md5(p.first_id::text || p.second_id::text), 12)"
"""What people name a pair by; there is an index of it."""
_COUNTED = 10_000


class DuplicatePair(NamedTuple):
    """Two leads or two people that may be one; `handle` is what people name it by."""

    handle: str
    kind: str
    first_id: UUID
    second_id: UUID


class PairFilters(NamedTuple):
    """Which undecided pairs: of a kind, of an import, of a reason that holds some words."""

    kind: str | None = None
    import_id: UUID | None = None
    about: str | None = None


_ASKED = """
    p.decision IS NULL AND (%(kind)s::text IS NULL OR p.kind = %(kind)s)
    AND (%(import_id)s::uuid IS NULL OR p.import_id = %(import_id)s)
    AND (%(about)s::text IS NULL OR position(lower(%(about)s) IN lower(p.reason)) > 0)
"""
_TOLD = """
    jsonb_strip_nulls(CASE p.kind
    WHEN 'lead' THEN (SELECT jsonb_build_object('id', l.id, 'name', l.company_name, 'domain', l.company_domain,
        'city', l.city, 'country', l.country, 'contacts', (SELECT count(*) FROM contacts c WHERE c.lead_id = l.id))
        FROM leads l WHERE l.id = {0})
    ELSE (SELECT jsonb_build_object('id', c.id, 'name', coalesce(c.contact_name, concat_ws(' ', c.first_name,
        c.last_name)), 'email', c.contact_email, 'title', c.contact_title, 'company', l.company_name)
        FROM contacts c JOIN leads l ON l.id = c.lead_id WHERE c.person_id = {0} ORDER BY c.created_at, c.id LIMIT 1)
    END)
"""


async def select_open(
    connection: Connection, filters: PairFilters, *, after: str | None = None, limit: int = 25
) -> Page:
    """List pairs that nobody has decided, the oldest first: `pair`, `kind`, `reason`, `found_at`, `first`, `second`.

    Raises:
        InvalidInput: `after` is no pair.
    """
    beyond = ""
    values: dict[str, Any] = {**filters._asdict(), "more": limit + 1}
    if after is not None:
        (pair,) = await find(connection, [after])
        beyond = "AND (p.found_at, p.first_id, p.second_id) > (SELECT found_at, first_id, second_id"
        beyond += " FROM possible_duplicates WHERE first_id = %(first)s AND second_id = %(second)s)"
        values |= {"first": pair.first_id, "second": pair.second_id}
    statement = f"""
        SELECT {HANDLE} AS pair, p.kind, p.reason, p.found_at, {_TOLD.format("p.first_id")} AS first,
            {_TOLD.format("p.second_id")} AS second
        FROM possible_duplicates p WHERE {_ASKED} {beyond}
        ORDER BY p.found_at, p.first_id, p.second_id LIMIT %(more)s
    """
    rows = await select_dicts(connection, statement, values)
    shown = rows[:limit]
    return Page(shown, shown[-1]["pair"] if len(rows) > limit else None)


async def select_pairs(connection: Connection, filters: PairFilters) -> list[DuplicatePair]:
    """Return every undecided pair of some filters."""
    statement = f"""
        SELECT {HANDLE} AS handle, p.kind, p.first_id, p.second_id FROM possible_duplicates p WHERE {_ASKED}
        ORDER BY p.found_at, p.first_id, p.second_id
    """
    return [DuplicatePair(**row) for row in await select_dicts(connection, statement, filters._asdict())]


async def find(connection: Connection, handles: Sequence[str]) -> list[DuplicatePair]:
    """Return pairs by what people name them by, decided ones too. Raises InvalidInput: one is no pair."""
    statement = f"""
        SELECT {HANDLE} AS handle, p.kind, p.first_id, p.second_id FROM possible_duplicates p
        WHERE {HANDLE} = ANY (%(handles)s)
    """
    found = {
        row["handle"]: DuplicatePair(**row)
        for row in await select_dicts(connection, statement, {"handles": list(handles)})
    }
    if missing := [handle for handle in handles if handle not in found]:
        raise InvalidInput(f"no such pair: {', '.join(missing)}; `sales-agent duplicates list` names them")
    return [found[handle] for handle in handles]


async def keep_apart(connection: Connection, pairs: Sequence[DuplicatePair], deed: Deed) -> int:
    """Decide that pairs are two each; return how many that is new of.

    Args:
        connection: in a transaction.
        pairs: any number; one that was merged stays so.
        deed: who decides.
    """
    statement = """
        UPDATE possible_duplicates SET decision = 'apart', decided_by = %(by)s, decided_at = %(now)s,
            decision_reason = %(reason)s
        WHERE first_id = %(first)s AND second_id = %(second)s AND decision IS NULL
    """
    decided = 0
    for pair in pairs:
        values = {"first": pair.first_id, "second": pair.second_id, "by": deed.by, "now": deed.now}
        if not await change(connection, statement, {**values, "reason": deed.reason}):
            continue
        decided += 1
        for one, other in ((pair.first_id, pair.second_id), (pair.second_id, pair.first_id)):
            await record_history.note(
                connection, one, one if pair.kind == "lead" else None, "apart", by=deed.by, now=deed.now,
                reason=deed.reason, after={"not_the_same_as": other},
            )  # fmt: skip
    return decided


async def ordered(connection: Connection, pair: DuplicatePair, keep: UUID | None = None) -> tuple[UUID, UUID]:
    """Return who of a pair stays and who goes: one that is asked for, else the one a CRM knows, else the older.

    Raises:
        InvalidInput: the one that is asked for is not of the pair.
    """
    ids = (pair.first_id, pair.second_id)
    if pair.kind == "lead":
        known = """
            SELECT l.id AS owner_id, l.id, l.created_at, EXISTS (SELECT FROM crm_links k
                WHERE k.kind = 'lead' AND k.own_id = l.id AND k.remote_id IS NOT NULL) AS is_linked
            FROM leads l WHERE l.id = ANY (%(ids)s) ORDER BY is_linked DESC, l.created_at, l.id
        """
    else:
        known = """
            SELECT c.person_id AS owner_id, c.id, c.created_at, EXISTS (SELECT FROM crm_links k
                WHERE k.kind = 'contact' AND k.own_id = c.id AND k.remote_id IS NOT NULL) AS is_linked
            FROM contacts c WHERE c.person_id = ANY (%(ids)s) ORDER BY is_linked DESC, c.created_at, c.id
        """
    rows = await select(connection, known, {"ids": list(ids)})
    if keep is not None:
        chosen = next((row.owner_id for row in rows if keep in (row.id, row.owner_id)), None)
        if chosen is None:
            raise InvalidInput(f"{keep} is none of pair {pair.handle}")
    else:
        chosen = rows[0].owner_id if rows else ids[0]
    return (ids[0], ids[1]) if chosen == ids[0] else (ids[1], ids[0])


async def count_open(connection: Connection) -> tuple[int, bool]:
    """Count undecided pairs, up to ten thousand; and tell whether there are more."""
    counted = f"""
        SELECT count(*) FROM (SELECT FROM possible_duplicates WHERE decision IS NULL LIMIT {_COUNTED + 1}) AS t
    """
    found = int(await select_value(connection, counted))
    return min(found, _COUNTED), found > _COUNTED
