"""Moving leads that were pairs of company and contact into companies with their people.

Old leads are joined by the rules of matching itself (`core.leads.matching`), slice by slice in the order they were
made, except where two are linked to different companies of one CRM: those stay apart and are listed as possible
duplicates. A company keeps the id of its first lead, its people the ids under which the CRM knows them; every other old
id answers with the new one. All of it happens in the transaction of the upgrade.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid4, uuid5

import psycopg
from orjson import dumps
from psycopg.rows import dict_row

from core.errors import ConfigurationError
from core.leads.fields import PERSON_FIELDS
from core.leads.known import CONTACT_AT, LEAD_AT, KnownContact, KnownLead, Record
from core.leads.lead import FIELDS
from core.leads.matching import Matching
from core.leads.merging import ConflictPolicy
from core.leads.rows import NewRow, new_row, row_at
from core.leads.taking import RecordName
from core.text.country_readings import migrated_country
from db.leads import matching as who
from db.leads.storing import store

SLICE = 5_000
T = TypeVar("T")

_OLD_CONTACTS = {"contact_name": "name", "contact_title": "title", "contact_email": "email", "contact_phone": "phone"}
_OLD_COLUMNS = {field: _OLD_CONTACTS.get(field, field) for field in PERSON_FIELDS}
_IN_CONTACTS = ("contact_name", "contact_title", "contact_email", "contact_phone", "linkedin_url")

_MAP = """
CREATE TEMP TABLE joined (
    old_id uuid PRIMARY KEY, lead_id uuid NOT NULL, contact_id uuid
) ON COMMIT DROP
"""
_OLD_LEADS = """
SELECT * FROM old_leads WHERE (created_at, id) > (%(at)s, %(id)s) ORDER BY created_at, id LIMIT %(limit)s
"""
_OLD_PEOPLE = """
SELECT c.*, j.lead_id AS new_lead_id FROM old_contacts c JOIN joined j ON j.old_id = c.lead_id
WHERE (c.lead_id, c.person_key) > (%(id)s, %(key)s) ORDER BY c.lead_id, c.person_key LIMIT %(limit)s
"""
_COUNTRIES = """
SELECT before ->> 'country' FROM import_changes WHERE before ->> 'country' IS NOT NULL
UNION SELECT after ->> 'country' FROM import_changes WHERE after ->> 'country' IS NOT NULL
UNION SELECT value FROM field_provenance WHERE field = 'country' AND value IS NOT NULL
UNION SELECT original FROM field_provenance WHERE field = 'country' AND original IS NOT NULL
"""
_WRITE_COUNTRIES = (
    """
    UPDATE import_changes i SET before = jsonb_set(before, '{country}', to_jsonb(c.code)) FROM countries c
    WHERE before ->> 'country' = c.said AND c.code IS NOT NULL
    """,
    """
    UPDATE import_changes i SET after = jsonb_set(after, '{country}', to_jsonb(c.code)) FROM countries c
    WHERE after ->> 'country' = c.said AND c.code IS NOT NULL
    """,
    """
    UPDATE field_provenance p SET value = c.code FROM countries c
    WHERE p.field = 'country' AND p.value = c.said AND c.code IS NOT NULL
    """,
    """
    UPDATE field_provenance p SET original = c.code FROM countries c
    WHERE p.field = 'country' AND p.original = c.said AND c.code IS NOT NULL
    """,
)
_NOTE_LEADS = """
UPDATE leads l SET created_at = o.created_at, updated_at = o.updated_at, edited_at = o.edited_at,
    edited_by = o.edited_by, created_import_id = o.created_import_id
FROM old_leads o WHERE l.id = o.id
"""
_NOTE_CONTACTS = """
UPDATE contacts c SET created_at = o.created_at, updated_at = o.updated_at, edited_at = o.edited_at,
    edited_by = o.edited_by, created_import_id = o.created_import_id
FROM (SELECT DISTINCT ON (j.contact_id) j.contact_id, o.* FROM joined j JOIN old_leads o ON o.id = j.old_id
    WHERE j.contact_id IS NOT NULL ORDER BY j.contact_id, o.created_at, o.id) o
WHERE c.id = o.contact_id
"""
_NOTE_EDITS = """
UPDATE {table} r SET field_edits = n.edits
FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (id uuid, edits jsonb) WHERE r.id = n.id
"""
_NOTE_FOUND = """
UPDATE contacts c SET role = n.role, is_owner_like = n.is_owner_like, source_url = n.source_url,
    evidence = n.evidence, confidence = n.confidence, provenance = n.provenance, last_seen_at = n.last_seen_at,
    not_seen_since = n.not_seen_since, origin = CASE WHEN n.is_new THEN n.origin ELSE c.origin END,
    created_at = least(c.created_at, n.created_at), field_edits = c.field_edits || n.edits
FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (id uuid, role text, is_owner_like boolean, source_url text,
    evidence text, confidence float8, provenance jsonb, last_seen_at timestamptz, not_seen_since timestamptz,
    origin text, is_new boolean, created_at timestamptz, edits jsonb)
WHERE c.id = n.id
"""


class _Cursor:
    """A cursor whose calls can be awaited, though each is done at once."""

    def __init__(self, cursor: psycopg.Cursor[Any]) -> None:
        self._cursor = cursor
        self.adapters = cursor.adapters

    async def __aenter__(self) -> "_Cursor":
        return self

    async def __aexit__(self, *_: object) -> None:
        self._cursor.close()

    async def execute(self, statement: Any, values: Any = None) -> "_Cursor":
        self._cursor.execute(statement, values)
        return self

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    def copy(self, statement: Any) -> "_Copy":
        return _Copy(self._cursor, statement)


class _Copy:
    """A COPY, alike."""

    def __init__(self, cursor: psycopg.Cursor[Any], statement: Any) -> None:
        self._context = cursor.copy(statement)

    async def __aenter__(self) -> "_Copy":
        self._copy = self._context.__enter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        self._context.__exit__(*error)

    async def write(self, rows: bytes) -> None:
        self._copy.write(rows)


class _Connection:
    """The upgrade's own connection, as what matches and stores expects one: nothing of it ever waits."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def cursor(self, **options: Any) -> _Cursor:
        options.pop("binary", None)
        return _Cursor(self._connection.cursor(**options))

    async def execute(self, statement: Any, values: Any = None) -> _Cursor:
        return _Cursor(self._connection.execute(statement, values))


def _done(work: Coroutine[Any, Any, T]) -> T:
    """Run to its end what never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("it waited")


class _Slice:
    """The joining of some old leads: a matching, and what of the old rows it does not know."""

    def __init__(self, links: Mapping[UUID, str], linked: dict[str, str]) -> None:
        self._links = links
        self._linked = linked
        self._row: Mapping[str, Any] = {}
        self.matching = Matching(ConflictPolicy.FILL_EMPTY, self._new_id, is_apart=self._is_linked_elsewhere)
        self.joined: list[tuple[UUID, str, str | None]] = []
        self.edits: dict[str, dict[str, Any]] = {}

    def _new_id(self, kind: RecordName) -> str:
        if kind == "lead":
            return str(self._row["id"])
        return str(uuid5(self._row["id"], "own person") if kind == "contact" else uuid4())

    def _is_linked_elsewhere(self, lead: KnownLead) -> bool:
        link = self._links.get(self._row["id"])
        return link is not None and self._linked.get(lead.id, link) != link

    def place(self, old: Mapping[str, Any], row: NewRow) -> None:
        """Join one old lead with what is there."""
        self._row = old
        self.matching.ids_of = _ids_of(old)
        self.matching.place(row)
        if self.matching.last is None:
            raise AssertionError("a placed row has a lead")
        lead, contact = self.matching.last
        for record in (lead, contact):
            if record is not None:
                self._take_edits(record, old)
        lead.is_own = lead.is_named = False  # one slice is no file: a name alone joins nobody of another
        if old["id"] in self._links:
            self._linked[lead.id] = self._links[old["id"]]
        self.joined.append((old["id"], lead.id, contact.id if contact else None))

    def _take_edits(self, record: Record, old: Mapping[str, Any]) -> None:
        """Let what a person wrote win over what a file said of the same company."""
        places = LEAD_AT if isinstance(record, KnownLead) else CONTACT_AT
        marks = {name: mark for name, mark in old["field_edits"].items() if name in places}
        for name in marks.keys() - record.edits.keys():
            if record.values[places[name]] != old[name]:
                record.keep()
                record.values[places[name]] = old[name]
        if marks:
            record.edits = self.edits[record.id] = {**marks, **record.edits}


def _ids_of(old: Mapping[str, Any]) -> Any:
    if not old["dedupe_key"].startswith("id:"):
        return "none"
    return "person" if any(old[name] for name in PERSON_FIELDS) else "company"


def join(connection: psycopg.Connection[Any]) -> None:
    """Fill `leads` and `contacts` from the old ones, and the temporary table `joined` with what became of which.

    Raises:
        ConfigurationError: an old lead cannot be moved; nothing is changed.
    """
    connection.execute(_MAP)
    for setting in ("enable_hashjoin", "enable_mergejoin", "jit"):
        connection.execute(f"SET LOCAL {setting} = off")
    _join_leads(connection)
    connection.execute("ANALYZE leads, contacts, identities, joined")
    connection.execute("RESET enable_hashjoin")
    connection.execute("RESET enable_mergejoin")
    connection.execute(_NOTE_LEADS)
    connection.execute(_NOTE_CONTACTS)
    _join_contacts(connection)
    _join_countries(connection)
    connection.execute(
        "INSERT INTO merged_records (old_id, new_id, kind) SELECT old_id, lead_id, 'lead' FROM joined"
        " WHERE old_id <> lead_id ON CONFLICT DO NOTHING"
    )


def _with_code(old: Mapping[str, Any]) -> dict[str, Any]:
    """Return an old lead with its country as a code; a text that names none stays aside."""
    text = old["country"]
    if text is None:
        return dict(old)
    code = migrated_country(text)
    original = old["original"] if code else {"country": text, **old["original"]}
    return {**old, "country": code, "original": original}


def _slices(
    connection: psycopg.Connection[Any], statement: str, first: dict[str, Any], after: Callable[[Any], dict[str, Any]]
) -> Any:
    names = first
    while True:
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(statement, names | {"limit": SLICE}).fetchall()
        if rows:
            yield rows
        if len(rows) < SLICE:
            return
        names = after(rows[-1])


def _join_leads(connection: psycopg.Connection[Any]) -> None:
    links = {
        own_id: f"{provider} {remote_id}"
        for own_id, provider, remote_id in connection.execute(
            "SELECT own_id, provider, remote_id FROM crm_links"
            " WHERE kind = 'lead' AND remote_id IS NOT NULL AND NOT is_gone"
        )
    }
    linked: dict[str, str] = {}
    first = {"at": "-infinity", "id": UUID(int=0)}
    is_analyzed = False
    for old_rows in _slices(connection, _OLD_LEADS, first, lambda row: {"at": row["created_at"], "id": row["id"]}):
        old_rows = [_with_code(old) for old in old_rows]
        part = _Slice(links, linked)
        rows = [
            new_row([old[f] for f in FIELDS], old["extra"], old["original"], ids_of=_ids_of(old)) for old in old_rows
        ]
        _done(who.read_known(_Connection(connection), part.matching, rows))  # type: ignore[arg-type]
        for old, row in zip(old_rows, rows, strict=True):
            try:
                part.place(old, row)
            except Exception as error:  # whatever it is, it names the lead that has to be looked at
                raise ConfigurationError(f"lead {old['id']} cannot be moved; nothing was changed: {error}") from error
        _done(store(_Connection(connection), part.matching))  # type: ignore[arg-type]
        _write(connection, part)
        if not is_analyzed:
            connection.execute("ANALYZE leads, contacts, identities")
            is_analyzed = True


def _join_countries(connection: psycopg.Connection[Any]) -> None:
    """Let what imports changed and providers said of countries speak of codes too, so that it is recognised."""
    connection.execute("CREATE TEMP TABLE countries (said text PRIMARY KEY, code text) ON COMMIT DROP")
    texts = connection.execute(_COUNTRIES).fetchall()
    with connection.cursor().copy("COPY countries (said, code) FROM STDIN") as copy:
        for (text,) in texts:
            copy.write_row((text, migrated_country(text)))
    for statement in _WRITE_COUNTRIES:
        connection.execute(statement)


def _write(connection: psycopg.Connection[Any], part: _Slice) -> None:
    moved = {alone.id: company.id for alone, company in part.matching.absorbed}
    with connection.cursor().copy("COPY joined (old_id, lead_id, contact_id) FROM STDIN") as copy:
        for old_id, lead_id, contact_id in part.joined:
            copy.write_row((old_id, moved.get(lead_id, lead_id), contact_id))
    for alone, company in moved.items():
        connection.execute("UPDATE joined SET lead_id = %s WHERE lead_id = %s", (company, alone))
    rows = dumps([{"id": record_id, "edits": edits} for record_id, edits in part.edits.items()]).decode()
    for table in ("leads", "contacts"):
        connection.execute(_NOTE_EDITS.format(table=table), {"rows": rows})


def _join_contacts(connection: psycopg.Connection[Any]) -> None:
    """Bring the people that were found on websites and by providers to the leads of their companies."""
    first = {"id": UUID(int=0), "key": ""}
    for old_rows in _slices(
        connection, _OLD_PEOPLE, first, lambda row: {"id": row["lead_id"], "key": row["person_key"]}
    ):
        current: list[Mapping[str, Any]] = []
        matching = Matching(ConflictPolicy.FILL_EMPTY, partial(_id_of_found, current))
        rows = [(_person_row(old), str(old["new_lead_id"])) for old in old_rows]
        leads = _done(who.read_known_at(_Connection(connection), matching, rows))  # type: ignore[arg-type]
        found: dict[str, dict[str, Any]] = {}
        for old, (row, lead_id) in zip(old_rows, rows, strict=True):
            current[:] = [old]
            contact = matching.place_at(row, leads[lead_id])
            found[contact.id] = _found(old, contact)
        _done(store(_Connection(connection), matching))  # type: ignore[arg-type]
        connection.execute(_NOTE_FOUND, {"rows": dumps(list(found.values())).decode()})


def _id_of_found(current: Sequence[Mapping[str, Any]], kind: RecordName) -> str:
    (old,) = current
    return str(uuid5(old["lead_id"], f"contact:{old['person_key']}") if kind == "contact" else uuid4())


def _person_row(old: Mapping[str, Any]) -> NewRow:
    said = {field: old[_OLD_COLUMNS[field]] or None for field in _IN_CONTACTS}
    return row_at([said.get(field) for field in FIELDS], str(old["new_lead_id"]))


def _found(old: Mapping[str, Any], contact: KnownContact) -> dict[str, Any]:
    names = {column: field for field, column in _OLD_COLUMNS.items()}
    return {
        **{name: old[name] for name in ("role", "is_owner_like", "source_url", "evidence", "confidence", "provenance")},
        "id": contact.id,
        "origin": old["source"],
        "is_new": contact.is_new,
        "created_at": old["first_seen_at"],
        "last_seen_at": old["last_seen_at"],
        "not_seen_since": old["not_seen_since"],
        "edits": {names.get(name, name): mark for name, mark in old["field_edits"].items()},
    }
