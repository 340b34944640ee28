"""The leads of a batch that are being enriched: claimed, and written with what was found.

Values are written in one commit with their provenance, to the lead or to the contact that they are about, after both
were read again under their rows' locks: what a person or an import changed meanwhile counts.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import orjson
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core.batches import LeadRange
from core.enrichment.questions import KnownRecord, LeadOutcome, LeadRecords, RecordResult
from core.enrichment.runs import EnrichmentRun
from core.leads.fields import EXTRA_FIELDS, FIELDS_OF_CONTACT
from core.leads.known import key_of_name
from core.leads.names import company_key
from db.enrichment.leads import ASKED_ABOUT, HASH_SQL, LEAD_SQL, THESE, due_leads, lead_records
from db.leads.matching import lock_who_is_who
from db.leads.new_identities import NewIdentity, add_identities, identities_of
from db.runs import LeadLease
from db.server.engine import Connection
from db.server.keeping import OwnLine, own_line
from db.server.statements import select_dicts

ClosedLead = tuple[UUID, LeadOutcome, str | None, int]
"""Lead, outcome, reason, number of values it got."""


@dataclass(frozen=True)
class Concluded:
    """What is to be written of a lead: what came of its company and its contacts, the outcome with its reason."""

    lead_id: UUID
    results: Sequence[RecordResult]
    outcome: LeadOutcome
    reason: str | None

    @property
    def closed(self) -> ClosedLead:
        """The lead's outcome, with the number of values it got."""
        values = sum(one.is_new for result in self.results for one in result.accepted)
        return self.lead_id, self.outcome, self.reason, values


class EnrichmentLease(LeadLease[LeadRecords]):
    """The leads of a batch that this process enriches. Use `leased()`.

    All it does is done again while the database is away: what it works on may have been paid for.

    Attributes:
        run: the run.
    """

    def __init__(self, line: OwnLine, run: EnrichmentRun, batch: LeadRange) -> None:
        super().__init__(line, due_leads(run.request, run.config, run.version, run.started_at), batch)
        self.run = run

    async def _read(self, connection: Connection) -> list[LeadRecords]:
        statement = f"{LEAD_SQL.format(source=self.source, contacts=ASKED_ABOUT)} WHERE {self.mine} ORDER BY l.id"
        return [lead_records(row) for row in await select_dicts(connection, statement, self.names)]

    async def record_all(
        self,
        leads: Sequence[LeadRecords],
        conclude: Callable[[LeadRecords], Concluded],
        fresh_for_s: Mapping[LeadOutcome, float],
        *,
        identifies: bool = False,
    ) -> None:
        """Write what became of leads, as they are now, in one commit. A lead that is gone by now is left out.

        Args:
            leads: claimed ones.
            conclude: says what to write of a lead as it is now.
            fresh_for_s: seconds by outcome until it is due again.
            identifies: values may be among what is written that tell a lead or a person apart from all others.
        """

        async def write(connection: Connection) -> None:
            async with recording(connection, self, leads, identifies=identifies) as open_leads:
                concluded = [conclude(lead) for lead in open_leads.present]
                for one in concluded:
                    await open_leads.record(one)
                await open_leads.close_leads([one.closed for one in concluded], fresh_for_s)

        await self.keep(write, f"{len(leads)} leads")
        self._recorded([lead.lead_id for lead in leads])


class Recording:
    """Leads locked in a transaction, to be written. Use `recording`.

    Attributes:
        present: as they are now; those that are gone are left out, and those that this run has closed before.
    """

    def __init__(
        self,
        connection: Connection,
        lease: EnrichmentLease,
        present: list[LeadRecords],
        person_of: Mapping[UUID, UUID],
    ) -> None:
        self.connection, self.run, self.token, self.present = connection, lease.run, lease.token, present
        self._person_of = person_of
        self._identities: list[NewIdentity] = []

    async def record(self, concluded: Concluded) -> None:
        """Write a lead's attempts, values and provenance, and those of its contacts."""
        await self._write_attempts(concluded)
        for result in concluded.results:
            if result.accepted:
                await self._write_values(result)

    async def _write_attempts(self, concluded: Concluded) -> None:
        rows = [
            (
                *(one.record_id, concluded.lead_id, self.run.run_id, one.provider, one.question_hash),
                *(one.answer.outcome, one.answer.reason, one.answer.cost.usd, one.answer.cost.credits),
                *(one.answer.latency_ms, one.answer.request_id, one.answer.is_reused, one.answer.asked_at),
            )
            for result in concluded.results
            for one in result.attempts
        ]
        async with self.connection.cursor() as cursor:
            await cursor.executemany(_ATTEMPT, rows)

    async def _write_values(self, result: RecordResult) -> None:
        record = result.record
        observed = {one.provider: one.answer.asked_at for one in result.attempts}
        hashes = {one.provider: one.question_hash for one in result.attempts}
        rows = [
            (
                *(record.record_id, record.lead_id, one.found.field, one.found.value, one.provider),
                *(one.found.source_url, observed.get(one.provider) or self.run.started_at, one.found.confidence),
                *(self.run.run_id, hashes.get(one.provider), one.original),
            )
            for one in result.accepted
        ]
        async with self.connection.cursor() as cursor:
            await cursor.executemany(_PROVENANCE, rows)
        new = {one.found.field: one.found.value for one in result.accepted if one.is_new}
        if new:
            await self._change(record, new)

    async def _change(self, record: KnownRecord, new: Mapping[str, str]) -> None:
        fields = {field: value for field, value in new.items() if field not in EXTRA_FIELDS}
        extra = {field: value for field, value in new.items() if field in EXTRA_FIELDS}
        names = {**fields, "extra": Jsonb(extra), "id": record.record_id}
        sets = [f"{field} = %({field})s" for field in fields]
        if record.contact_id is None:
            table, owner_id = "leads", record.lead_id
            if "company_name" in fields:
                sets.append(_RENAMED)
                names |= {"name_key": company_key(fields["company_name"])}
        else:
            table, owner_id = "contacts", self._person_of[record.contact_id]
            sets.append("name_key = %(name_key)s")
            names |= {"name_key": key_of_name([{**record.values, **fields}.get(name) for name in FIELDS_OF_CONTACT])}
        sets += ["extra = extra || %(extra)s", "updated_at = clock_timestamp()"]
        await self.connection.execute(f"UPDATE {table} SET {', '.join(sets)} WHERE id = %(id)s", names)
        self._identities += identities_of(owner_id, fields)

    async def close_leads(self, closed: Sequence[ClosedLead], fresh_for_s: Mapping[LeadOutcome, float]) -> None:
        """Write what became of leads and give their claims back; after `record` of all of them.

        Args:
            closed: lead, outcome, reason, values it got.
            fresh_for_s: seconds by outcome until it is due again.
        """
        await add_identities(self.connection, self._identities, by="as a provider says")
        rows = [
            {
                "lead_id": lead_id,
                "outcome": outcome,
                "reason": reason,
                "fresh_for_s": fresh_for_s[outcome],
                "values_count": values,
            }
            for lead_id, outcome, reason, values in closed
        ]
        run = self.run
        names = {
            "rows": orjson.dumps(rows).decode(),
            "version": run.version,
            "run_id": run.run_id,
        }
        await self.connection.execute(_CLOSE, names)
        await self.connection.execute(
            "DELETE FROM enrichment_claims WHERE lead_id = ANY (%s::uuid[]) AND token = %s",
            ([lead_id for lead_id, *_ in closed], self.token),
        )


_WAS_CALLED = "name_key IS NOT NULL AND name_key <> %(name_key)s AND NOT name_key = ANY (alias_keys)"
_RENAMED = f"""
    stands_for = 'company', name_key = coalesce(%(name_key)s, name_key),
    aliases = CASE WHEN {_WAS_CALLED} THEN aliases || company_name ELSE aliases END,
    alias_keys = CASE WHEN {_WAS_CALLED} THEN alias_keys || name_key ELSE alias_keys END
"""
_ATTEMPT = """
    INSERT INTO enrichment_attempts AS t (record_id, lead_id, run_id, provider, question_hash, outcome, reason,
        cost_usd, cost_credits, latency_ms, request_id, is_reused, asked_at, attempted_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())
    ON CONFLICT (record_id, run_id, provider) DO UPDATE SET question_hash = excluded.question_hash,
        outcome = excluded.outcome, reason = excluded.reason, cost_usd = t.cost_usd + excluded.cost_usd,
        cost_credits = t.cost_credits + excluded.cost_credits, latency_ms = excluded.latency_ms,
        request_id = excluded.request_id, is_reused = excluded.is_reused, asked_at = excluded.asked_at,
        attempted_at = excluded.attempted_at
"""
_PROVENANCE = """
    INSERT INTO field_provenance (record_id, lead_id, field, value, source, source_url, observed_at, confidence,
        run_id, question_hash, original)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (record_id, field) DO UPDATE SET value = excluded.value, source = excluded.source,
        source_url = excluded.source_url, observed_at = excluded.observed_at, confidence = excluded.confidence,
        run_id = excluded.run_id, question_hash = excluded.question_hash, original = excluded.original,
        edited_by = NULL
"""
_CLOSE = f"""
    INSERT INTO lead_enrichments (lead_id, outcome, reason, version, facts_hash, run_id, enriched_at, fresh_until,
        values_count)
    SELECT l.id, n.outcome, n.reason, %(version)s, {HASH_SQL}, %(run_id)s, clock_timestamp(),
        clock_timestamp() + make_interval(secs => n.fresh_for_s), n.values_count
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (lead_id uuid, outcome text, reason text, fresh_for_s float8,
        values_count int)
    JOIN leads l ON l.id = n.lead_id ORDER BY l.id
    ON CONFLICT (lead_id) DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason,
        version = excluded.version, facts_hash = excluded.facts_hash, run_id = excluded.run_id,
        enriched_at = excluded.enriched_at, fresh_until = excluded.fresh_until, values_count = excluded.values_count
"""


_OPEN = """
    l.id = ANY (%(ids)s::uuid[])
    AND NOT EXISTS (SELECT FROM lead_enrichments e WHERE e.lead_id = l.id AND e.run_id = %(run_id)s)
"""
_LOCK_LEADS = f"SELECT FROM leads l WHERE {_OPEN} ORDER BY l.id FOR NO KEY UPDATE"
_LOCK_CONTACTS = """
    SELECT id, person_id FROM contacts WHERE id = ANY (%(contact_ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
_READ_AGAIN = LEAD_SQL.format(source="leads l", contacts=THESE)


@asynccontextmanager
async def recording(
    connection: Connection, lease: EnrichmentLease, leads: Sequence[LeadRecords], *, identifies: bool
) -> AsyncIterator[Recording]:
    """Open a transaction in which leads are locked and written.

    What this run has closed is not written again: after a commit whose acknowledgement was lost it is tried once more.
    """
    names = {
        "ids": [lead.lead_id for lead in leads],
        "contact_ids": [contact.contact_id for lead in leads for contact in lead.contacts],
        "run_id": lease.run.run_id,
    }
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        if identifies:
            # Before any row: an import holds it when it comes to rows that are locked here.
            await lock_who_is_who(connection)
        await cursor.execute(_LOCK_LEADS, names)
        await cursor.execute(_LOCK_CONTACTS, names)
        person_of = {row["id"]: row["person_id"] for row in await cursor.fetchall()}
        await cursor.execute(f"{_READ_AGAIN} WHERE {_OPEN} ORDER BY l.id", names)
        yield Recording(connection, lease, [lead_records(row) for row in await cursor.fetchall()], person_of)


@asynccontextmanager
async def leased(url: str, run: EnrichmentRun, batch: LeadRange) -> AsyncIterator[EnrichmentLease]:
    """Work on a batch, on a connection of its own; what is left at the end is given back.

    Raises:
        DatabaseUnavailable: the database cannot be reached at the start; later it is waited for.
    """
    async with own_line(url) as line:
        lease = EnrichmentLease(line, run, batch)
        async with lease.held():
            yield lease
