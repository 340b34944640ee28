"""Assessments of leads: which leads are due, who works on them, and what came of it.

A lead is due when it has no assessment, or one by another version of the profile, or one that rests on other facts: the
hash of exactly the values that the profile asks for is compared, in SQL, so nothing has to be told of a change.

Leads are claimed while they are worked on (`db.runs`); a claim is given back in the commit that records the assessment.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core.agents.executions import Execution
from core.batches import LeadRange, Selection
from core.qualification.icp import Profile
from core.qualification.icp_columns import LeadSource
from core.qualification.runs import NO_MODEL, Assessment, LeadFacts, ModelState, QualificationPlan
from db.agents import executions
from db.runs import Counts, Due, LeadLease, RunKind
from db.server.engine import Connection
from db.server.keeping import OwnLine, own_line
from db.server.statements import select_value


class _Asked:
    """The SQL that reads what a profile asks for, and that tells which leads are due."""

    def __init__(self, sources: Sequence[LeadSource]) -> None:
        self.names: dict[str, Any] = {}
        self.values = f"ARRAY[{', '.join(map(self._value, sources))}]::text[]"
        self.hash = f"md5({self.values}::text)"
        self._changed = f"a.icp_version <> %(icp_version)s OR a.facts_hash <> {self.hash}"

    def _value(self, source: LeadSource) -> str:
        parts = []
        for label in source.labels:
            name = f"label_{len(self.names)}"
            self.names[name] = label
            parts.append(f"l.extra->>%({name})s")
        parts += [f"l.{field}" for field in source.fields]
        return f"coalesce({', '.join(parts)})"

    def condition(self, selection: Selection) -> str:
        """Return the condition on `leads l LEFT JOIN assessments a` that a selection stands for."""
        due = f"(a.lead_id IS NULL OR a.outcome = 'due' OR {self._changed})"
        if selection == "failed":
            return "(a.outcome = 'failed' AND a.assessed_at < %(started_at)s)"
        return f"({due} OR a.assessed_at < %(started_at)s)" if selection == "all" else due

    def due(self, selection: Selection, **values: object) -> Due:
        """Return the leads that a selection stands for; `values` of `icp_version` and `started_at`."""
        return Due("assessment_claims", _JOINED, self.condition(selection), {**self.names, **values})


_JOINED = "leads l LEFT JOIN assessments a ON a.lead_id = l.id"

RUNS = RunKind("qualification_runs", "assessments")
_TEN = "CASE WHEN score IS NOT NULL THEN greatest(least(floor(score / 10), 9), 0)::int END"


async def mappings_of_imports(connection: Connection) -> list[dict[str, str | None]]:
    """List how the columns of all imports were mapped: label -> field, None for a column kept in `extra`."""
    cursor = await connection.execute("SELECT DISTINCT format->'header', options->'mapping' FROM imports")
    return [
        {label: (mapping or {}).get(label) for label in [*(header or []), *(mapping or {})]}
        async for header, mapping in cursor
    ]


async def begin(
    connection: Connection,
    profile: Profile,
    sources: Sequence[LeadSource],
    selection: Selection,
    *,
    batch_leads: int,
    limit: int | None = None,
    flow_run_id: str | None = None,
    model: ModelState = NO_MODEL,
) -> QualificationPlan:
    """Note a run and its profile, and cut the leads that are due into batches.

    Args:
        connection: one's own.
        profile: to assess by.
        sources: where leads keep what it asks for.
        selection: which leads.
        batch_leads: leads a batch.
        limit: leads at most; None: all.
        flow_run_id: of the Prefect run, if there is one.
        model: whether a language model is asked.
    """
    await connection.execute(
        "INSERT INTO icps (version, name, profile) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (profile.version, profile.name, Jsonb(profile.model_dump(mode="json", by_alias=True, exclude_none=True))),
    )
    run = await RUNS.begin(
        connection,
        {"icp_version": profile.version, "selection": selection, "flow_run_id": flow_run_id},
        lambda started_at: _Asked(sources).due(selection, icp_version=profile.version, started_at=started_at),
        limit=limit,
        batch_leads=batch_leads,
    )
    return QualificationPlan(
        run.run_id, run.started_at, run.leads, run.batches, selection, profile, tuple(sources), model
    )


class AssessmentLease(LeadLease[LeadFacts]):
    """The leads of a batch that this process assesses. Use `leased()`."""

    def __init__(self, line: OwnLine, plan: QualificationPlan, batch: LeadRange) -> None:
        self._asked = _Asked(plan.sources)
        due = self._asked.due(plan.selection, icp_version=plan.profile.version, started_at=plan.started_at)
        super().__init__(line, due, batch)
        self._run_id = plan.run_id

    async def _read(self, connection: Connection) -> list[LeadFacts]:
        cursor = await connection.execute(
            f"SELECT l.id, {self._asked.values}, {self._asked.hash} FROM {self.source} WHERE {self.mine} ORDER BY l.id",
            self.names,
        )
        return [LeadFacts(*row) for row in await cursor.fetchall()]

    async def record(self, assessments: Sequence[Assessment], ran: Sequence[Execution] = ()) -> None:
        """Write assessments, and give their claims back, in one commit. A lead that is gone by now is left out.

        Answers that were paid are kept until the database has them, however long that takes.

        Args:
            assessments: of claimed leads.
            ran: models that were asked about them; written in the same commit.
        """
        leads = [item.lead_id for item in assessments]
        names = self.names | {"run_id": self._run_id, "leads": leads, "assessments": _as_json(assessments)}

        async def write(connection: Connection) -> None:
            async with connection.pipeline(), connection.transaction():
                await connection.execute(_RECORD, names)
                await executions.record(connection, ran)

        await self.keep(write, f"{len(assessments)} assessments")
        self._recorded(leads)


_TYPES = {
    "lead_id": "uuid",
    "outcome": "text",
    "reason": "text",
    "score": "numeric",
    "rules_score": "numeric",
    "tier": "text",
    "confidence": "numeric",
    "breakdown": "jsonb",
    "reasoning": "text",
    "model": "text",
    "facts_hash": "text",
}
_WRITTEN = tuple(_TYPES)[1:]
_RECORD = f"""
WITH released AS (
    DELETE FROM assessment_claims WHERE lead_id = ANY (%(leads)s::uuid[]) AND token = %(token)s
)
INSERT INTO assessments (lead_id, {", ".join(_WRITTEN)}, icp_version, run_id, assessed_at)
SELECT l.id, {", ".join(f"n.{name}" for name in _WRITTEN)}, %(icp_version)s, %(run_id)s, clock_timestamp()
FROM jsonb_to_recordset(%(assessments)s::jsonb) AS n ({", ".join(f"{name} {kind}" for name, kind in _TYPES.items())})
JOIN leads l ON l.id = n.lead_id
ORDER BY l.id
FOR KEY SHARE OF l
ON CONFLICT (lead_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _WRITTEN)},
    icp_version = excluded.icp_version, run_id = excluded.run_id, assessed_at = excluded.assessed_at
"""


def _as_json(assessments: Sequence[Assessment]) -> str:
    """Render assessments as one JSON document: arrays of JSON texts would be escaped quote by quote."""
    return orjson.dumps(
        [
            {name: getattr(item, name) for name in _TYPES}
            | {
                "breakdown": orjson.Fragment(item.breakdown),
                "score": None if item.score is None else str(item.score),
                "rules_score": None if item.rules_score is None else str(item.rules_score),
                "confidence": None if item.confidence is None else str(item.confidence),
            }
            for item in assessments
        ]
    ).decode()


@asynccontextmanager
async def leased(url: str, plan: QualificationPlan, batch: LeadRange) -> AsyncIterator[AssessmentLease]:
    """Work on a batch, on a connection of its own; what is left at the end is given back.

    Raises:
        DatabaseUnavailable: the database cannot be reached at the start; later it is waited for.
    """
    async with own_line(url) as line:
        lease = AssessmentLease(line, plan, batch)
        async with lease.held():
            yield lease


async def count_due(
    connection: Connection, profile_version: str, sources: Sequence[LeadSource], selection: Selection = "due"
) -> int:
    """Count the leads that are due."""
    asked = _Asked(sources)
    statement = f"SELECT count(*) FROM {_JOINED} WHERE {asked.condition(selection)}"
    return int(await select_value(connection, statement, asked.names | {"icp_version": profile_version}))


async def counts_of(connection: Connection, run_id: UUID | None = None) -> Counts:
    """Count assessments by outcome and reason, by `tier`, and by `ten`, the tens of the score.

    Args:
        connection: any.
        run_id: only those of a run; None: of all leads.
    """
    return await RUNS.counts(connection, run_id, more={"tier": "tier", "ten": _TEN})


def histogram(counts: Counts) -> list[int]:
    """Return the leads by score in tens, the lowest first."""
    tens = counts.by("ten")
    return [tens.get(ten, 0) for ten in range(10)]


async def select_best(connection: Connection, run_id: UUID, limit: int = 10) -> list[dict[str, Any]]:
    """List the best leads of a run: id, company, score, tier, confidence, breakdown, reasoning."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            SELECT a.lead_id, coalesce(l.company_name, l.company_domain) AS company, a.score, a.tier, a.confidence,
                a.breakdown, a.reasoning
            FROM assessments a JOIN leads l ON l.id = a.lead_id
            WHERE a.run_id = %s AND a.score IS NOT NULL AND a.tier <> 'disqualified'
            ORDER BY a.score DESC, a.confidence DESC, a.lead_id LIMIT %s
            """,
            (run_id, limit),
        )
        return await cursor.fetchall()


async def find_last_profile(connection: Connection) -> dict[str, Any] | None:
    """Return the profile that the last run used, as it was noted; None where there was none."""
    cursor = await connection.execute(
        "SELECT i.profile FROM qualification_runs r JOIN icps i ON i.version = r.icp_version"
        " ORDER BY r.started_at DESC LIMIT 1"
    )
    row = await cursor.fetchone()
    return None if row is None else dict(row[0])


async def select_runs(connection: Connection) -> list[dict[str, Any]]:
    """List the last runs, newest first."""
    return await RUNS.select_last(connection, ("selection", "icp_version"), ("leads",))
