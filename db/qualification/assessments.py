"""Assessments of leads: which leads are due, who works on them, and what came of it.

A lead is due when it has no assessment, or one by another version of the profile, or one that rests on other facts: the
hash of what the profile asks for, of the lead and of its contacts, and of what decides which contact is the best, is
compared in SQL, so nothing has to be told of a change; who opted out since is looked for when a run begins.
`facts_hash` is that hash and, behind it, the one of the values that were assessed: where those are the same a lead is
due and its assessment stands, and no model is asked again.

Leads are claimed while they are worked on (`db.runs`); a claim is given back in the commit that records the assessment.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core.agents.executions import Execution
from core.batches import ANY, LeadRange, Scope, Selection
from core.leads.fields import FIELDS_OF_CONTACT, FIELDS_OF_LEAD
from core.qualification.contacts import ContactChooser, LeadContact
from core.qualification.icp import Profile
from core.qualification.icp_columns import LeadSource
from core.qualification.runs import NO_MODEL, Assessment, LeadFacts, ModelState, QualificationPlan
from db.agents import executions
from db.due import Due
from db.outreach.best_contacts import CERTAINTY, IS_SUPPRESSED, look_again
from db.runs import Counts, LeadLease, RunKind
from db.server.engine import Connection
from db.server.keeping import OwnLine, own_line
from db.server.statements import select_value

_PEOPLE = """
    (SELECT array_agg(ARRAY[person.id::text, person.state, {certainty}::text,
        extract(epoch FROM person.created_at)::text, person.contact_title, {values}]::text[] ORDER BY person.id)
    FROM contacts person WHERE person.lead_id = l.id)
"""
"""A lead's contacts, a row each: id, state, certainty, since when, title, and what the profile asks for."""
_FACTS_OF_CONTACT = 5
_SUPPRESSED = f"ARRAY(SELECT person.id FROM contacts person WHERE person.lead_id = l.id AND {IS_SUPPRESSED})"


class _Asked:
    """The SQL that reads what a profile asks for, and that tells which leads are due."""

    def __init__(self, sources: Sequence[LeadSource]) -> None:
        self.names: dict[str, Any] = {}
        labels = [[self._named(label) for label in source.labels] for source in sources]
        self.values, of_contact = (
            [_first_of(alias, named, source, fields) for named, source in zip(labels, sources, strict=True)]
            for alias, fields in (("l", FIELDS_OF_LEAD), ("person", FIELDS_OF_CONTACT))
        )
        self.own = f"ARRAY[{', '.join(self.values)}]::text[]"
        self.people = _PEOPLE.format(certainty=CERTAINTY, values=", ".join(of_contact))
        self.hash = f"md5({self.own}::text || coalesce({self.people}::text, ''))"
        self._changed = f"a.icp_version <> %(icp_version)s OR left(a.facts_hash, {_HASH}) <> {self.hash}"

    def _named(self, label: str) -> str:
        name = f"label_{len(self.names)}"
        self.names[name] = label
        return f"%({name})s"

    def condition(self, selection: Selection) -> str:
        """Return the condition on `leads l LEFT JOIN assessments a` that a selection stands for."""
        due = f"(a.lead_id IS NULL OR a.outcome = 'due' OR {self._changed})"
        if selection == "failed":
            return "(a.outcome = 'failed' AND a.assessed_at < %(started_at)s)"
        return f"({due} OR a.assessed_at < %(started_at)s)" if selection == "all" else due

    def due(self, selection: Selection, **values: object) -> Due:
        """Return the leads that a selection stands for; `values` of `icp_version` and `started_at`."""
        return Due("assessment_claims", _JOINED, self.condition(selection), {**self.names, **values})


def _first_of(alias: str, labels: Sequence[str], source: LeadSource, fields: Collection[str]) -> str:
    """Return the SQL of what a lead or contact has of a source: its labels, then those of its fields that it has."""
    parts = [f"{alias}.extra->>{label}" for label in labels]
    parts += [f"{alias}.{field}" for field in source.fields if field in fields]
    return f"coalesce({', '.join(parts)})" if parts else "NULL"


_HASH = 32
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
    scope: Scope = ANY,
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
        scope: of these only such.
    """
    await connection.execute(
        "INSERT INTO icps (version, name, profile) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (profile.version, profile.name, Jsonb(profile.model_dump(mode="json", by_alias=True, exclude_none=True))),
    )
    await look_again(connection, "assessments", "assessed_at", since=await RUNS.last_began(connection))
    run = await RUNS.begin(
        connection,
        {"icp_version": profile.version, "selection": selection, "flow_run_id": flow_run_id},
        lambda started_at: (
            _Asked(sources).due(selection, icp_version=profile.version, started_at=started_at).within(scope)
        ),
        limit=limit,
        batch_leads=batch_leads,
    )
    return QualificationPlan(
        run.run_id, run.started_at, run.leads, run.batches, selection, profile, tuple(sources), model, scope
    )


class AssessmentLease(LeadLease[LeadFacts]):
    """The leads of a batch that this process assesses. Use `leased()`."""

    def __init__(self, line: OwnLine, plan: QualificationPlan, batch: LeadRange) -> None:
        self._asked = _Asked(plan.sources)
        due = self._asked.due(plan.selection, icp_version=plan.profile.version, started_at=plan.started_at)
        super().__init__(line, due.within(plan.scope), batch)
        self._run_id = plan.run_id
        self._chooser = ContactChooser(plan.profile, plan.sources)
        self._may_stand = plan.selection == "due"

    async def _read(self, connection: Connection) -> list[LeadFacts]:
        asked = self._asked
        cursor = await connection.execute(
            f"SELECT l.id, {asked.own}, {asked.people}, {_SUPPRESSED}, {asked.hash},"
            f" CASE WHEN a.icp_version = %(icp_version)s AND a.outcome NOT IN ('due', 'failed') THEN a.facts_hash END"
            f" FROM {self.source} WHERE {self.mine} ORDER BY l.id",
            self.names,
        )
        found = []
        for lead_id, own, people, suppressed, known_by, before in await cursor.fetchall():
            contacts = [_contact(row, suppressed) for row in people or ()]
            facts = self._chooser.facts(lead_id, own, contacts, known_by)
            stands = self._may_stand and before is not None and before[_HASH:] == facts.facts_hash[_HASH:]
            found.append(facts._replace(is_unchanged=stands))
        return found

    async def confirm(self, unchanged: Sequence[LeadFacts]) -> None:
        """Let assessments stand whose values are the same: only which contact they rest on, and its fit, is new."""
        rows = [{"lead_id": lead.lead_id, "facts_hash": lead.facts_hash, "best_contact_id": lead.best_contact_id}
                for lead in unchanged]  # fmt: skip
        leads = [lead.lead_id for lead in unchanged]
        names = self.names | {"run_id": self._run_id, "leads": leads, "confirmed": orjson.dumps(rows).decode()}

        async def write(connection: Connection) -> None:
            async with connection.pipeline(), connection.transaction():
                await connection.execute(_CONFIRM, names)
                await connection.execute(_FIT, {"fits": _fits(unchanged)})

        await self.line.keep(write, f"{len(unchanged)} assessments")
        self._recorded(leads)

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
                await connection.execute(_FIT, {"fits": _fits(assessments)})
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
    "best_contact_id": "uuid",
}
_WRITTEN = tuple(_TYPES)[1:]
_RELEASED = "DELETE FROM assessment_claims WHERE lead_id = ANY (%(leads)s::uuid[]) AND token = %(token)s"
_CONFIRM = f"""
WITH released AS ({_RELEASED})
UPDATE assessments a SET facts_hash = n.facts_hash, best_contact_id = n.best_contact_id, run_id = %(run_id)s,
    assessed_at = clock_timestamp()
FROM jsonb_to_recordset(%(confirmed)s::jsonb) AS n (lead_id uuid, facts_hash text, best_contact_id uuid)
WHERE a.lead_id = n.lead_id
"""
_FIT = """
WITH fitted AS (
    SELECT * FROM jsonb_to_recordset(%(fits)s::jsonb)
        AS n (contact_id uuid, title_points float8, role text, is_owner_like boolean)
), locked AS (
    SELECT id FROM contacts WHERE id IN (SELECT contact_id FROM fitted) ORDER BY id FOR NO KEY UPDATE
)
UPDATE contacts c SET title_points = n.title_points,
    role = CASE WHEN k.is_read THEN n.role ELSE c.role END,
    is_owner_like = CASE WHEN k.is_read THEN n.is_owner_like ELSE c.is_owner_like END
FROM locked JOIN fitted n ON n.contact_id = locked.id
    JOIN contacts o ON o.id = locked.id
    -- What a source of people reads on its pages stands, until somebody writes another title.
    CROSS JOIN LATERAL (SELECT o.origin IN ('import', 'person', 'crm') OR o.field_edits ? 'contact_title' AS is_read) k
WHERE c.id = locked.id AND (c.title_points IS DISTINCT FROM n.title_points
    OR k.is_read AND (c.role, c.is_owner_like) IS DISTINCT FROM (n.role, n.is_owner_like))
"""
_RECORD = f"""
WITH released AS ({_RELEASED})
INSERT INTO assessments (lead_id, {", ".join(_WRITTEN)}, icp_version, run_id, assessed_at)
SELECT l.id, {", ".join(f"n.{name}" for name in _WRITTEN)}, %(icp_version)s, %(run_id)s, clock_timestamp()
FROM jsonb_to_recordset(%(assessments)s::jsonb) AS n ({", ".join(f"{name} {kind}" for name, kind in _TYPES.items())})
JOIN leads l ON l.id = n.lead_id
ORDER BY l.id
FOR KEY SHARE OF l
ON CONFLICT (lead_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _WRITTEN)},
    icp_version = excluded.icp_version, run_id = excluded.run_id, assessed_at = excluded.assessed_at
"""


def _contact(row: Sequence[str | None], suppressed: Collection[UUID]) -> LeadContact:
    """Return a contact of a row of `_PEOPLE`."""
    written, state, certainty, since, title = row[:_FACTS_OF_CONTACT]
    contact_id = UUID(written)
    is_eligible = state == "active" and contact_id not in suppressed
    values = row[_FACTS_OF_CONTACT:]
    return LeadContact(contact_id, is_eligible, float(certainty or 0), float(since or 0), title, values)


def _fits(leads: Sequence[LeadFacts] | Sequence[Assessment]) -> str:
    """Render how well contacts fit as one JSON document."""
    return orjson.dumps([fit._asdict() for lead in leads for fit in lead.fits]).decode()


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
    """List the best leads of a run: id, company, best contact, its name and title, score and what explains it."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            SELECT a.lead_id, coalesce(l.company_name, l.company_domain) AS company, a.best_contact_id,
                c.contact_name AS contact, c.contact_title AS title, a.score, a.tier, a.confidence,
                a.breakdown, a.reasoning
            FROM assessments a JOIN leads l ON l.id = a.lead_id LEFT JOIN contacts c ON c.id = a.best_contact_id
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
