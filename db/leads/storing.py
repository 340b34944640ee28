"""What placing rows came to, stored: new leads, contacts and identities, changed values, possible duplicates."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from core.leads.batch_matching import identities_of
from core.leads.fields import FIELDS_OF_CONTACT, FIELDS_OF_LEAD
from core.leads.identities import IdentityKind
from core.leads.matching import Matching, contact_values, lead_values_of_person
from core.leads.taking import Added
from db.leads.absorbing import absorb
from db.leads.changes import changes_of, record_changes
from db.server.copy_rows import escaped, json_bytes
from db.server.engine import Connection
from db.server.statements import listed

_NEW_LEADS = f"""
COPY leads (id, {listed(FIELDS_OF_LEAD)}, name_key, stands_for, is_domain_shared, aliases, alias_keys, places, extra,
    original, created_import_id) FROM STDIN (NULL '')
"""
_NEW_CONTACTS = f"""
COPY contacts (id, lead_id, person_id, {listed(FIELDS_OF_CONTACT)}, name_key, extra, original, created_import_id,
    origin) FROM STDIN (NULL '')
"""
_NEW_IDENTITIES = "COPY identities (key, owner_id, kind, value) FROM STDIN (NULL '')"
# What is added for a row itself was not always looked for before (`Matching.doubtful_keys`).
_OF_ROWS = (IdentityKind.COMPANY_ROW, IdentityKind.PERSON_ROW, IdentityKind.NAME_AT)
_ROWS = """
INSERT INTO identities (key, owner_id, kind)
SELECT * FROM unnest(%(keys)s::uuid[], %(owners)s::uuid[], %(kinds)s::smallint[]) ON CONFLICT DO NOTHING
"""
_PAIRS = """
INSERT INTO possible_duplicates (kind, first_id, second_id, reason, import_id)
SELECT kind, first_id::uuid, second_id::uuid, reason, %(import_id)s
FROM unnest(%(kinds)s::text[], %(firsts)s::text[], %(seconds)s::text[], %(reasons)s::text[])
    AS n (kind, first_id, second_id, reason)
ON CONFLICT DO NOTHING
"""
_END = "\0"


async def store(
    connection: Connection, matching: Matching, *, import_id: UUID | None = None, origin: str = "import"
) -> None:
    """Store what placing rows came to: new leads, contacts and identities, changed values, possible duplicates.

    Args:
        connection: in the transaction that read what was known.
        matching: after all rows were placed.
        import_id: the import that vouches for it.
        origin: of new contacts.
    """
    of = "" if import_id is None else str(import_id)
    async with connection.cursor() as cursor:
        for statement, rendered in (
            (_NEW_LEADS, _render_leads(matching, of)),
            (_NEW_CONTACTS, _render_contacts(matching, of, origin)),
            (_NEW_IDENTITIES, _render_identities(matching)),
        ):
            if rendered:
                async with cursor.copy(statement) as copy:
                    await copy.write(rendered)
    if of_rows := [each for each in (*matching.added, *_of_noted(matching)) if each.kind in _OF_ROWS]:
        keys, owners, kinds = zip(*((each.key, each.owner, int(each.kind)) for each in of_rows), strict=True)
        await connection.execute(_ROWS, {"keys": list(keys), "owners": list(owners), "kinds": list(kinds)})
    absorbed = [(alone.id, company.id) for alone, company in matching.absorbed]
    await absorb(connection, absorbed, import_id=import_id, origin=origin)
    gone = {alone.id for alone, _ in matching.absorbed}
    touched = {**matching.met, **matching.sharing}
    changed = [
        record for record in touched.values() if record.is_changed and not record.is_new and record.id not in gone
    ]
    await record_changes(connection, changes_of(changed), import_id)
    if pairs := list(matching.pairs.values()):
        names_of, firsts, seconds, reasons = (list(column) for column in zip(*pairs, strict=True))
        found = {"kinds": names_of, "firsts": firsts, "seconds": seconds, "reasons": reasons}
        await connection.execute(_PAIRS, {**found, "import_id": import_id})


def _of_noted(matching: Matching) -> Iterator[Added]:
    """Yield the identities of noted rows that are the row itself."""
    for noted in matching.noted.values():
        row = noted[0]
        if not (row.lead_ids and row.person_ids):
            yield from (each for each in identities_of(noted) if each.kind in _OF_ROWS)


def _render_leads(matching: Matching, of: str) -> bytes:
    lines = []
    end = f"\0company\0f\0{{}}\0{{}}\0[]\0{{}}\0{{}}\0{of}"
    for row, lead_id, _, _ in matching.noted.values():
        values = [value or "" for value in lead_values_of_person(row)]
        lines.append(f"{lead_id}\0{_END.join(values)}\0{row.company_key or ''}{end}".encode())
    for lead in matching.leads:
        texts = [lead.id, *[value or "" for value in lead.values], lead.name_key or ""]
        texts += ["person" if lead.is_person else "company", "t" if lead.is_domain_shared else "f"]
        texts += [_array(lead.aliases.values()), _array(lead.aliases)]
        facts = [json_bytes(lead.places, b"[]"), json_bytes(lead.extra), json_bytes(lead.original), of.encode()]
        lines.append(b"\0".join(["\0".join(texts).encode(), *facts]))
    return escaped(lines)


def _render_contacts(matching: Matching, of: str, origin: str) -> bytes:
    lines = []
    end = f"\0{of}\0{origin}".encode()
    for row, lead_id, person_id, contact_id in matching.noted.values():
        values = [value or "" for value in contact_values(row)]
        head = f"{contact_id}\0{lead_id}\0{person_id}\0{_END.join(values)}\0{row.person_key or ''}\0".encode()
        lines.append(b"%b%b\0%b%b" % (head, json_bytes(row.extra), json_bytes(row.original), end))
    for contact in matching.contacts:
        texts = [contact.id, contact.lead.id, contact.person.id, *[value or "" for value in contact.values]]
        head = "\0".join([*texts, contact.name_key or "", ""]).encode()
        lines.append(b"%b%b\0%b%b" % (head, json_bytes(contact.extra), json_bytes(contact.original), end))
    return escaped(lines)


def _render_identities(matching: Matching) -> bytes:
    lines = []
    for row, lead_id, person_id, _ in matching.noted.values():
        lines += [f"{key}\0{lead_id}\0{kind:d}\0" for kind, key in row.lead_ids]
        lines += [f"{key}\0{person_id}\0{kind:d}\0" for kind, key in row.person_ids]
    lines += [
        f"{key}\0{owner}\0{kind:d}\0{value or ''}" for key, owner, kind, value in matching.added if kind not in _OF_ROWS
    ]
    return escaped([line.encode() for line in lines])


def _array(texts: Iterable[str]) -> str:
    """Write an array as PostgreSQL reads it (documentation, "Array Input and Output Syntax")."""
    quoted = ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    return "{" + ",".join(quoted) + "}"
