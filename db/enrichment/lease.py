"""The leads of a batch that are being enriched: claimed, and written with what was found.

Values are written in one commit with their provenance, after the lead was read again under its row's lock: what a
person or an import changed meanwhile counts.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core.batches import LeadRange
from core.enrichment.questions import Accepted, KnownLead, LeadOutcome, LeadResult
from core.enrichment.runs import EnrichmentRun
from core.leads.lead import FIELDS
from db.enrichment.leads import HASH_SQL, LEAD_SQL, due_leads, known_lead
from db.runs import LeadLease
from db.server.engine import Connection
from db.server.keeping import OwnLine, own_line
from db.server.statements import select_dicts

ClosedLead = tuple[UUID, LeadOutcome, str | None, int]
"""Lead, outcome, reason, number of values it got."""


@dataclass(frozen=True)
class Concluded:
    """What is to be written of a lead: its attempts, the values it gets, the outcome with its reason."""

    result: LeadResult
    accepted: Sequence[Accepted]
    outcome: LeadOutcome
    reason: str | None

    @property
    def closed(self) -> ClosedLead:
        """The lead's outcome, with the number of values it got."""
        return self.result.lead_id, self.outcome, self.reason, sum(one.is_new for one in self.accepted)


class EnrichmentLease(LeadLease[KnownLead]):
    """The leads of a batch that this process enriches. Use `leased()`.

    All it does is done again while the database is away: what it works on may have been paid for.

    Attributes:
        run: the run.
    """

    def __init__(self, line: OwnLine, run: EnrichmentRun, batch: LeadRange) -> None:
        super().__init__(line, due_leads(run.request.selection, run.version, run.started_at), batch)
        self.run = run

    async def _read(self, connection: Connection) -> list[KnownLead]:
        statement = f"{LEAD_SQL.format(source=self.source)} WHERE {self.mine} ORDER BY l.id"
        return [known_lead(row) for row in await select_dicts(connection, statement, self.names)]

    async def record_all(
        self,
        lead_ids: Sequence[UUID],
        conclude: Callable[[KnownLead], Concluded],
        fresh_for_s: Mapping[LeadOutcome, float],
    ) -> None:
        """Write what became of leads, as they are now, in one commit. A lead that is gone by now is left out.

        Args:
            lead_ids: of claimed leads.
            conclude: says what to write of a lead as it is now.
            fresh_for_s: seconds by outcome until it is due again.
        """

        async def write(connection: Connection) -> None:
            async with recording(connection, self, lead_ids) as open_leads:
                concluded = [conclude(lead) for lead in open_leads.present]
                for one in concluded:
                    await open_leads.record(one.result, one.accepted)
                await open_leads.close_leads([one.closed for one in concluded], fresh_for_s)

        await self.keep(write, f"{len(lead_ids)} leads")
        self._recorded(lead_ids)


class Recording:
    """Leads locked in a transaction, to be written. Use `recording`.

    Attributes:
        present: as they are now; those that are gone are left out, and those that this run has closed before.
    """

    def __init__(self, connection: Connection, lease: EnrichmentLease, present: list[KnownLead]) -> None:
        self.connection, self.run, self.token, self.present = connection, lease.run, lease.token, present

    async def record(self, result: LeadResult, accepted: Sequence[Accepted]) -> None:
        """Write a lead's attempts, values and provenance."""
        await self._write_attempts(result)
        if accepted:
            await self._write_values(result, accepted)

    async def _write_attempts(self, result: LeadResult) -> None:
        rows = [
            (
                *(result.lead_id, self.run.run_id, one.provider, one.question_hash, one.answer.outcome),
                *(one.answer.reason, one.answer.cost.usd, one.answer.cost.credits, one.answer.latency_ms),
                *(one.answer.request_id, one.answer.is_reused, one.answer.asked_at),
            )
            for one in result.attempts
        ]
        async with self.connection.cursor() as cursor:
            await cursor.executemany(_ATTEMPT, rows)

    async def _write_values(self, result: LeadResult, accepted: Sequence[Accepted]) -> None:
        observed = {one.provider: one.answer.asked_at for one in result.attempts}
        hashes = {one.provider: one.question_hash for one in result.attempts}
        rows = [
            (
                *(result.lead_id, one.found.field, one.found.value, one.provider, one.found.source_url),
                *(observed.get(one.provider) or self.run.started_at, one.found.confidence, self.run.run_id),
                *(hashes.get(one.provider), one.original),
            )
            for one in accepted
        ]
        async with self.connection.cursor() as cursor:
            await cursor.executemany(_PROVENANCE, rows)
        new = {one.found.field: one.found.value for one in accepted if one.is_new}
        fields = {field: value for field, value in new.items() if field in FIELDS}
        extra = {field: value for field, value in new.items() if field not in FIELDS}
        if new:
            sets = "".join(f"{field} = %({field})s, " for field in fields)
            await self.connection.execute(
                f"UPDATE leads SET {sets} extra = extra || %(extra)s, updated_at = clock_timestamp() WHERE id = %(id)s",
                fields | {"extra": Jsonb(extra), "id": result.lead_id},
            )

    async def close_leads(self, closed: Sequence[ClosedLead], fresh_for_s: Mapping[LeadOutcome, float]) -> None:
        """Write what became of leads and give their claims back; after `record`.

        Args:
            closed: lead, outcome, reason, values it got.
            fresh_for_s: seconds by outcome until it is due again.
        """
        rows = [
            (outcome, reason, self.run.version, self.run.run_id, fresh_for_s[outcome], values, lead_id)
            for lead_id, outcome, reason, values in closed
        ]
        async with self.connection.cursor() as cursor:
            await cursor.executemany(_CLOSE, rows)
        await self.connection.execute(
            "DELETE FROM enrichment_claims WHERE lead_id = ANY (%s::uuid[]) AND token = %s",
            ([lead_id for lead_id, *_ in closed], self.token),
        )


_ATTEMPT = """
    INSERT INTO enrichment_attempts AS t (lead_id, run_id, provider, question_hash, outcome, reason, cost_usd,
        cost_credits, latency_ms, request_id, is_reused, asked_at, attempted_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())
    ON CONFLICT (lead_id, run_id, provider) DO UPDATE SET question_hash = excluded.question_hash,
        outcome = excluded.outcome, reason = excluded.reason, cost_usd = t.cost_usd + excluded.cost_usd,
        cost_credits = t.cost_credits + excluded.cost_credits, latency_ms = excluded.latency_ms,
        request_id = excluded.request_id, is_reused = excluded.is_reused, asked_at = excluded.asked_at,
        attempted_at = excluded.attempted_at
"""
_PROVENANCE = """
    INSERT INTO field_provenance (lead_id, field, value, source, source_url, observed_at, confidence, run_id,
        question_hash, original)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (lead_id, field) DO UPDATE SET value = excluded.value, source = excluded.source,
        source_url = excluded.source_url, observed_at = excluded.observed_at, confidence = excluded.confidence,
        run_id = excluded.run_id, question_hash = excluded.question_hash, original = excluded.original,
        edited_by = NULL
"""
_CLOSE = f"""
    INSERT INTO lead_enrichments (lead_id, outcome, reason, version, facts_hash, run_id, enriched_at, fresh_until,
        values_count)
    SELECT l.id, %s, %s, %s, {HASH_SQL}, %s, clock_timestamp(), clock_timestamp() + make_interval(secs => %s), %s
    FROM leads l WHERE l.id = %s
    ON CONFLICT (lead_id) DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason,
        version = excluded.version, facts_hash = excluded.facts_hash, run_id = excluded.run_id,
        enriched_at = excluded.enriched_at, fresh_until = excluded.fresh_until, values_count = excluded.values_count
"""


@asynccontextmanager
async def recording(
    connection: Connection, lease: EnrichmentLease, lead_ids: Sequence[UUID]
) -> AsyncIterator[Recording]:
    """Open a transaction in which leads are locked and written.

    What this run has closed is not written again: after a commit whose acknowledgement was lost it is tried once more.
    """
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            LEAD_SQL.format(source="leads l")
            + " WHERE l.id = ANY (%s::uuid[]) AND NOT EXISTS (SELECT FROM lead_enrichments e WHERE e.lead_id = l.id"
            " AND e.run_id = %s) ORDER BY l.id FOR NO KEY UPDATE OF l",
            (list(lead_ids), lease.run.run_id),
        )
        yield Recording(connection, lease, [known_lead(row) for row in await cursor.fetchall()])


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
