"""Where the e-mail addresses of contacts were found: what gave the value that stands, else what brought the contact."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from db.server.engine import Connection
from db.server.statements import select as select_rows

_SELECT = """
SELECT c.id, coalesce(p.source, c.origin) AS name, CASE WHEN p.source IS NULL THEN c.source_url ELSE p.source_url END
    AS url, c.source AS list_name, l.company_domain
FROM contacts c JOIN leads l ON l.id = c.lead_id
LEFT JOIN field_provenance p ON p.record_id = c.id AND p.field = 'contact_email' AND p.value = c.contact_email
WHERE c.id = ANY (%(ids)s) AND c.contact_email IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class StoredSource:
    """Where an address was found.

    Attributes:
        name: 'import', 'person', 'crm', or the name of a source of values or of people.
        url: the page it stood on, if one.
        list_name: what the import that brought the contact was labelled.
        company_domain: of the contact's lead.
    """

    name: str
    url: str | None
    list_name: str | None
    company_domain: str | None


async def select(connection: Connection, contact_ids: Collection[UUID]) -> dict[UUID, StoredSource]:
    """Return where the addresses of some contacts were found; those without an address are left out."""
    rows = await select_rows(connection, _SELECT, {"ids": list(contact_ids)})
    return {row.id: StoredSource(row.name, row.url, row.list_name, row.company_domain) for row in rows}
