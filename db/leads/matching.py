"""Who is who in the database: the leads and people that rows may be, read; and what placing them came to, stored.

All who make leads, contacts or identities hold one lock until their transaction ends, so that two never make the same
company at once; whoever only changes values does not.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from orjson import loads
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb, set_json_loads

from core.leads.fields import FIELDS_OF_CONTACT, FIELDS_OF_LEAD
from core.leads.identities import IdentityKind, name_at
from core.leads.known import KnownContact, KnownLead, KnownPerson
from core.leads.lead import FIELDS
from core.leads.matching import Matching
from core.leads.merging import ConflictPolicy
from core.leads.rows import NewRow, new_row, row_at
from core.leads.taking import RecordName
from db.leads.storing import store
from db.server.copy_rows import lead_ids
from db.server.engine import Connection
from db.server.statements import listed, select, select_value

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('who is who', 0))"
_OWNERS = "SELECT key::text, owner_id::text, kind FROM identities WHERE key = ANY (%(keys)s::uuid[])"
_ADDRESSES = f"""
SELECT owner_id::text, key::text FROM identities
WHERE owner_id = ANY (%(ids)s::uuid[]) AND kind = {int(IdentityKind.EMAIL)}
"""
_LEAD_COLUMNS = f"""
l.id::text, l.name_key, l.aliases, l.alias_keys, l.is_domain_shared, l.places, l.stands_for, l.extra, l.original,
l.field_edits, l.created_import_id, {listed(FIELDS_OF_LEAD, "l.{0}")}
"""
_LEADS = f"SELECT {_LEAD_COLUMNS} FROM leads l WHERE l.id = ANY (%(ids)s::uuid[]) ORDER BY l.created_at, l.id"
_SAME_NAMES = 500
# Ids only: most of them are read by an identity anyway, and a lead is read once.
_NAMED = f"""
SELECT l.id::text FROM unnest(%(names)s::text[]) AS n (name)
CROSS JOIN LATERAL (
    SELECT id FROM leads m WHERE m.name_key = n.name ORDER BY m.created_at, m.id LIMIT {_SAME_NAMES}
) l
"""
_ALIASED = """
SELECT l.id::text FROM leads l WHERE l.alias_keys <> '{}' AND l.alias_keys && %(names)s::text[]
"""
_CONTACT_COLUMNS = f"""
c.id::text, c.lead_id::text, c.person_id::text, c.name_key, c.extra, c.original, c.field_edits, c.created_import_id,
{listed(FIELDS_OF_CONTACT, "c.{0}")}
"""
_PEOPLE = f"""
SELECT {_CONTACT_COLUMNS} FROM contacts c WHERE c.person_id = ANY (%(ids)s::uuid[]) ORDER BY c.created_at, c.id
"""
_AT_LEADS = """
SELECT c.person_id::text FROM unnest(%(leads)s::uuid[], %(names)s::text[]) AS n (lead_id, name)
JOIN contacts c ON c.lead_id = n.lead_id AND c.name_key = n.name
"""
_MET_BEFORE = """
SELECT DISTINCT id::text FROM import_met m, unnest(m.lead_ids) AS n (id)
WHERE m.import_id = %(import_id)s AND id = ANY (%(ids)s::uuid[])
"""


async def lock_who_is_who(connection: Connection) -> None:
    """Let nobody else make leads, contacts or identities until this transaction ends."""
    await connection.execute(_LOCK)


async def current_id(connection: Connection, record_id: UUID) -> UUID:
    """Return the id that a record has now: that of the one it was merged into, or its own."""
    statement = """
        WITH RECURSIVE chain (id, depth) AS (
            SELECT %(id)s::uuid, 0
            UNION ALL SELECT m.new_id, c.depth + 1 FROM chain c JOIN merged_records m ON m.old_id = c.id
            WHERE c.depth < 100
        ) SELECT id FROM chain ORDER BY depth DESC LIMIT 1
    """
    found: UUID = await select_value(connection, statement, {"id": record_id})
    return found


class _Known:
    """Reads what rows may be into a matching; each record once."""

    def __init__(self, connection: Connection, matching: Matching, import_id: UUID | None) -> None:
        self._connection = connection
        self._matching = matching
        self._import_id = import_id
        self.leads: dict[str, KnownLead] = {}
        self.contacts: dict[str, KnownContact] = {}
        self.people: dict[str, KnownPerson] = {}

    async def _rows(self, statement: str, names: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        cursor = self._connection.cursor(row_factory=tuple_row, binary=False)
        set_json_loads(loads, cursor)
        await cursor.execute(statement, names)
        return await cursor.fetchall()

    async def _owners(self, keys: Iterable[str]) -> list[tuple[Any, ...]]:
        return await self._rows(_OWNERS, {"keys": _ids(keys)})

    async def read(self, rows: Sequence[NewRow]) -> None:
        """Read all that these rows may be."""
        keys = {identity[1] for row in rows for identity in (*row.lead_ids, *row.person_ids)}
        keys.update(identity[1] for row in rows for identity in (row.lead_row, row.person_row) if identity)
        owners = await self._owners(keys)
        await self._read_leads({owner for _, owner, kind in owners if kind < IdentityKind.PERSON_ID})
        await self._read_names({row.company_key for row in rows if row.company_key})
        await self._read_people({owner for _, owner, kind in owners if kind >= IdentityKind.PERSON_ID})
        self._take_owners(owners)
        await self._read_addresses(rows)
        await self._read_owners_of_rows(rows)
        await self._read_namesakes(rows)

    async def _read_addresses(self, rows: Iterable[NewRow]) -> None:
        """Read the own addresses of people whom a row with another one names."""
        asked = {
            owner.id: owner
            for row in rows
            for owner in map(self._matching.owners.get, (key for _, key in row.person_ids))
            if isinstance(owner, KnownPerson)
            and any(
                kind is IdentityKind.EMAIL and self._matching.owners.get(key) is not owner
                for kind, key in row.person_ids
            )
        }
        if asked:
            for owner, key in await self._rows(_ADDRESSES, {"ids": _ids(asked)}):
                asked[owner].addresses.add(key)

    async def _read_owners_of_rows(self, rows: Sequence[NewRow]) -> None:
        """Read who has a row itself as an identity, where what else it says may be somebody else's."""
        if keys := [key for row in rows for key in self._matching.doubtful_keys(row)]:
            owners = await self._owners(keys)
            await self._read_leads({owner for _, owner, kind in owners if kind < IdentityKind.PERSON_ID})
            await self._read_people({owner for _, owner, kind in owners if kind >= IdentityKind.PERSON_ID})
            self._take_owners(owners)

    def _take_owners(self, owners: Iterable[tuple[Any, ...]]) -> None:
        for key, owner, kind in owners:
            known = (self.leads if kind < IdentityKind.PERSON_ID else self.people).get(owner)
            if known is not None:
                self._matching.owners[key] = known

    async def read_at(self, rows: Sequence[tuple[NewRow, str]]) -> None:
        """Read leads, and all that rows' people may be there."""
        await self._read_leads({lead_id for _, lead_id in rows})
        keys = [identity[1] for row, _ in rows for identity in (*row.person_ids, row.person_row) if identity]
        owners = await self._owners(keys)
        await self._read_people({owner for _, owner, kind in owners if kind >= IdentityKind.PERSON_ID})
        self._take_owners(owners)
        await self._read_addresses(row for row, _ in rows)
        await self._read_owners_of_rows([row for row, _ in rows])
        await self._take_namesakes({(lead_id, row.person_key): None for row, lead_id in rows if row.person_key})

    async def _read_leads(self, ids: Iterable[str]) -> None:
        if missing := [lead_id for lead_id in ids if lead_id not in self.leads]:
            self._take_leads(await self._rows(_LEADS, {"ids": _ids(missing)}))

    async def _read_names(self, names: Iterable[str]) -> None:
        asked = {"names": list(names)}
        if asked["names"]:
            found = [*await self._rows(_NAMED, asked), *await self._rows(_ALIASED, asked)]
            await self._read_leads(dict.fromkeys(lead_id for (lead_id,) in found))

    def _take_leads(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for row in rows:
            lead_id, name_key, aliases, alias_keys, is_shared, places, stands_for, *more = row
            extra, original, edits, of, *values = more
            if lead_id in self.leads:
                continue
            is_own = of is not None and of == self._import_id
            lead = self.leads[lead_id] = KnownLead(
                id=lead_id, values=values, extra=extra, original=original, edits=edits, is_new=False, is_own=is_own,
                name_key=name_key, aliases=dict(zip(alias_keys, aliases, strict=True)), is_domain_shared=is_shared,
                places=places, is_person=stands_for == "person", is_named=is_own and name_key is not None,
            )  # fmt: skip
            self._matching.know_lead(lead)

    async def _read_people(self, ids: Iterable[str]) -> None:
        if asked := list(ids):
            await self._take_contacts(await self._rows(_PEOPLE, {"ids": _ids(asked)}))

    async def _take_contacts(self, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._read_leads({row[1] for row in rows})
        for contact_id, lead_id, person_id, name_key, extra, original, edits, of, *values in rows:
            if contact_id in self.contacts:
                continue
            person = self.people.get(person_id)
            if person is None:
                person = self.people[person_id] = KnownPerson(person_id, is_new=False)
            is_own = of is not None and of == self._import_id
            contact = self.contacts[contact_id] = KnownContact(
                id=contact_id, values=values, extra=extra, original=original, edits=edits, is_new=False, is_own=is_own,
                lead=self.leads[lead_id], person=person, name_key=name_key,
            )  # fmt: skip
            self._matching.know_contact(contact)

    async def _read_namesakes(self, rows: Sequence[NewRow]) -> None:
        """Read who has a row's person's name at a lead that the row may be of."""
        matching, asked = self._matching, dict[tuple[str, str], None]()
        for row in rows:
            if row.person_key is None:
                continue
            for _, key in row.lead_ids:
                if isinstance(owner := matching.owners.get(key), KnownLead):
                    asked[owner.id, row.person_key] = None
            for lead in matching.by_name.get(row.company_key or "", ()):
                asked[lead.id, row.person_key] = None
            if row.lead_row and isinstance(owner := matching.owners.get(row.lead_row.key), KnownLead):
                asked[owner.id, row.person_key] = None
        await self._take_namesakes(asked)

    async def _take_namesakes(self, asked: Mapping[tuple[str, str], None]) -> None:
        if asked:
            leads, names = zip(*asked, strict=True)
            found = await self._rows(_AT_LEADS, {"leads": _ids(leads), "names": list(names)})
            await self._read_people({person_id for (person_id,) in found} - self.people.keys())
            await self._take_other_names(asked)

    async def _take_other_names(self, asked: Iterable[tuple[str, str]]) -> None:
        """Read who was met at a lead under a name that is not the contact's."""
        keys = {name_at(lead_id, name).key: (lead_id, name) for lead_id, name in asked}
        owners = await self._owners(keys)
        await self._read_people({owner for _, owner, _ in owners} - self.people.keys())
        self._take_owners(owners)
        for key, owner, _ in owners:
            known = self._matching.at_lead.setdefault(keys[key], [])
            contacts = self.people[owner].contacts if owner in self.people else ()
            known += [one for one in contacts if one.lead.id == keys[key][0] and one not in known]


def _ids(ids: Iterable[str]) -> str:
    """Write ids as PostgreSQL reads an array of them: in a tenth of the time that a list of parameters takes."""
    return "{" + ",".join(ids) + "}"


async def read_known(
    connection: Connection, matching: Matching, rows: Sequence[NewRow], *, import_id: UUID | None = None
) -> None:
    """Read into a matching all leads and people that some rows may be.

    Args:
        connection: in a transaction that holds `lock_who_is_who`.
        matching: empty.
        rows: to be placed.
        import_id: of the import they belong to: what it brought before is its own.
    """
    known = _Known(connection, matching, import_id)
    await known.read(rows)
    if import_id is not None and (met := [lead.id for lead in known.leads.values() if not lead.is_own]):
        for row in await select(connection, _MET_BEFORE, {"import_id": import_id, "ids": _ids(met)}):
            known.leads[row.id].is_named = True


async def read_known_at(
    connection: Connection, matching: Matching, rows: Sequence[tuple[NewRow, str]]
) -> dict[str, KnownLead]:
    """Read into a matching all that people of known leads may be; return the leads by id.

    Args:
        connection: in a transaction that holds `lock_who_is_who`.
        matching: empty.
        rows: each with the id of its lead.
    """
    known = _Known(connection, matching, None)
    await known.read_at(rows)
    return known.leads


async def find_or_add_lead(
    connection: Connection,
    company: Mapping[str, str | None],
    *,
    origin: str,
    now: datetime,
    import_id: UUID | None = None,
) -> tuple[UUID, bool]:
    """Find the lead that a company is, or add it; return its id, and whether it is new.

    Values that the lead has already are not touched.

    Args:
        connection: in a transaction; holds `lock_who_is_who` from now on.
        company: values by field.
        origin: who says so.
        now: aware UTC.
        import_id: where an import does.
    """
    await lock_who_is_who(connection)
    matching = Matching(ConflictPolicy.SKIP, _new_id)
    row = new_row([company.get(field) for field in FIELDS], ids_of="company")
    await read_known(connection, matching, [row], import_id=import_id)
    matching.place(row)
    await store(connection, matching, import_id=import_id, origin=origin)
    if matching.leads:
        made = {"id": matching.leads[0].id, "now": now}
        await connection.execute("UPDATE leads SET created_at = %(now)s, updated_at = %(now)s WHERE id = %(id)s", made)
        return UUID(matching.leads[0].id), True
    return UUID(next(record.id for record in matching.met.values() if isinstance(record, KnownLead))), False


async def find_or_add_contact(
    connection: Connection,
    lead_id: UUID,
    person: Mapping[str, str | None],
    *,
    origin: str,
    now: datetime,
    **columns: Any,
) -> tuple[UUID, bool]:
    """Find the contact that a person is at a lead, or add it; return its id, and whether it is new.

    Values that the contact has already are not touched.

    Args:
        connection: in a transaction; holds `lock_who_is_who` from now on.
        lead_id: the lead.
        person: values by field.
        origin: of a new contact.
        now: aware UTC.
        columns: further columns of a new contact.
    """
    await lock_who_is_who(connection)
    matching = Matching(ConflictPolicy.SKIP, _new_id)
    row = row_at([person.get(field) for field in FIELDS], str(lead_id))
    known = await read_known_at(connection, matching, [(row, str(lead_id))])
    contact = matching.place_at(row, known[str(lead_id)])
    await store(connection, matching, origin=origin)
    if contact.is_new:
        columns = {"created_at": now, "updated_at": now, **columns}
        values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in columns.items()}
        sets = listed(values, "{0} = %({0})s")
        await connection.execute(f"UPDATE contacts SET {sets} WHERE id = %(id)s", values | {"id": contact.id})
    return UUID(contact.id), contact.is_new


def _new_id(_: RecordName) -> str:
    return str(uuid4())


def new_ids(count: int) -> Iterable[str]:
    """Make ids that sort by time, without end; so many at once."""
    while True:
        yield from lead_ids(count)
