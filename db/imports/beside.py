"""What a file says of leads beside their fields, users and tags, stored after its rows were placed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from orjson import dumps

from core.imports.beside_columns import Beside, SaidBeside, read_beside
from core.leads.known import KnownContact, KnownLead
from core.leads.matching import Matching
from core.leads.merging import ConflictPolicy
from core.leads.rows import NewRow
from db.leads.changes import note_changes
from db.server.engine import Connection
from db.server.statements import select

_STORED = """
SELECT id::text, tags, assigned_to, created_import_id IS NOT DISTINCT FROM %(import_id)s AS is_own,
    field_edits ? 'assigned_to' AS is_edited
FROM leads WHERE id = ANY (%(ids)s::uuid[]) ORDER BY id FOR UPDATE
"""
_CHANGE = """
UPDATE leads l SET tags = ARRAY(SELECT jsonb_array_elements_text(n.tags)), assigned_to = n.assigned_to,
    updated_at = now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (id uuid, tags jsonb, assigned_to text) WHERE l.id = n.id
"""


@dataclass
class BesideRows:
    """Takes users and tags out of a batch's rows, and gives them to the leads the rows were found to be."""

    columns: Mapping[str, Beside]
    policy: ConflictPolicy
    import_id: UUID
    _said: list[tuple[KnownLead, KnownContact | None, SaidBeside]] = field(default_factory=list)

    def taken(self, row: NewRow) -> tuple[NewRow, SaidBeside | None]:
        """Return a row without those cells, and what they say."""
        if not self.columns or not row.extra:
            return row, None
        left, said = read_beside(row.extra, self.columns)
        return row._replace(extra=left or None), said

    def note(self, matching: Matching, said: SaidBeside | None) -> None:
        """Remember what the row said that was placed last."""
        if said is not None and matching.last is not None:
            self._said.append((*matching.last, said))

    async def store(self, connection: Connection, matching: Matching) -> None:
        """Give leads their users and tags, note for undo what that changed in those that were there before."""
        said = self._said_by_lead()
        if not said:
            return
        rows: list[dict[str, Any]] = []
        noted: list[dict[str, Any]] = []
        for stored in await select(connection, _STORED, {"ids": list(said), "import_id": self.import_id}):
            changes = self._changes(stored, [each for _, each in said[stored.id]])
            if not changes:
                continue
            tags = [*stored.tags, *(value for name, value in changes.items() if name != "assigned_to")]
            rows.append({"id": stored.id, "tags": tags, "assigned_to": changes.get("assigned_to", stored.assigned_to)})
            if stored.is_own:
                continue
            before = {name: stored.assigned_to if name == "assigned_to" else None for name in changes}
            noted.append({"record_id": stored.id, "lead_id": stored.id, "before": before, "after": changes})
            if (record := matching.met.get(stored.id)) is not None:
                record.changes += 1
            matching.things.update((thing, True) for thing, _ in said[stored.id] if thing in matching.things)
        if rows:
            await connection.execute(_CHANGE, {"rows": dumps(rows).decode()})
        await note_changes(connection, noted, self.import_id)

    def _said_by_lead(self) -> dict[str, list[tuple[str, SaidBeside]]]:
        """Return what rows said, by the lead they were found to be; each with the id of what the row named."""
        said: dict[str, list[tuple[str, SaidBeside]]] = {}
        for lead, contact, each in self._said:
            of = lead if contact is None else contact.lead
            said.setdefault(of.id, []).append((lead.id if contact is None else contact.id, each))
        return said

    def _changes(self, stored: Any, said: list[SaidBeside]) -> dict[str, str]:
        """Return the new values by the names that undo knows them by: `assigned_to`, `tags.fair`."""
        if self.policy is ConflictPolicy.SKIP and not stored.is_own:
            return {}
        changes = {f"tags.{tag}": tag for each in said for tag in each.tags if tag not in stored.tags}
        users = [each.assigned_to for each in said if each.assigned_to]
        overwrites = self.policy is ConflictPolicy.OVERWRITE and not stored.is_edited
        if users and (stored.assigned_to is None or overwrites):
            user = users[-1] if overwrites else users[0]
            if user != stored.assigned_to:
                changes["assigned_to"] = user
        return changes
