"""Runs over stored leads: begun, cut into batches, worked on under leases, counted and closed.

One engine for every kind of run. A kind says in `RunKind` which tables it keeps and in `Due` what it works on: leads,
which `begin` cuts into ranges of ids, or something that leads share. Whoever works on a batch holds a `Lease` on what
it claims of it; the outcome of each lead is recorded as it comes, under the run that it comes from, so a run that was
killed is resumed by running it again: what is recorded is no longer due, and counts once.

A lease is a token whose advisory lock its holder's connection holds, and claims under that token. The server drops the
lock with the connection, so what a killed process had claimed is free at once. What was claimed is looked at once more
for being due, so nothing is done twice. Where it was the server that died, the process takes its lock and its claims
again on the next connection; until then its other batches know its tokens.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from core.batches import BatchRun, LeadRange
from core.errors import RunNotFound
from db.due import Due
from db.server.engine import Connection
from db.server.keeping import OwnLine
from db.server.statements import inserted, listed, select_dicts, select_value

FIRST = UUID(int=0)
"""An id before every lead's."""

_WAIT_FOR_OTHERS_S = 2.0
_LOOK_AGAIN_S = 0.1
_REASONS = 20

_living: set[int] = set()
"""Tokens of this process, which count also while their lock is lost with the server."""

IS_HELD = """
    (c.token = ANY (%(living)s::bigint[]) OR EXISTS (
        SELECT FROM pg_locks k
        WHERE k.locktype = 'advisory' AND k.objsubid = 1
            AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND (k.classid::bigint << 32 | k.objid::bigint) = c.token
    ))
"""
"""Whether the token of the row `c` counts: its lock is held by a living connection, or it is this process's own."""


class _HasLead(Protocol):
    @property
    def lead_id(self) -> UUID: ...


L = TypeVar("L", bound=_HasLead)
C = TypeVar("C")
T = TypeVar("T")


def living() -> list[int]:
    """Return the tokens of this process, for `IS_HELD`."""
    return sorted(_living)


async def moment(connection: Connection) -> datetime:
    """Return the database's time, aware: the one clock that all processes share."""
    now: datetime = await select_value(connection, "SELECT clock_timestamp()")
    return now


async def cut(
    connection: Connection, due: Due, *, limit: int | None, batch_leads: int
) -> tuple[int, tuple[LeadRange, ...]]:
    """Cut the leads that are due into batches; return how many they are, `limit` at most, and the batches."""
    cursor = await connection.execute(
        f"""
        WITH due AS (
            SELECT l.id FROM {due.source} WHERE {due.condition} ORDER BY l.id LIMIT %(limit)s
        ), numbered AS (
            SELECT id, row_number() OVER (ORDER BY id) AS number, count(*) OVER () AS leads FROM due
        )
        SELECT id, leads FROM numbered WHERE number %% %(batch_leads)s = 0 OR number = leads ORDER BY id
        """,
        {**due.names, "limit": limit, "batch_leads": batch_leads},
    )
    ends = await cursor.fetchall()
    starts = [FIRST, *(upto for upto, _ in ends)]
    ranges = tuple(
        LeadRange(number, after, upto) for number, (after, (upto, _)) in enumerate(zip(starts, ends, strict=False), 1)
    )
    return int(ends[-1][1]) if ends else 0, ranges


@dataclass(frozen=True)
class RunKind:
    """A kind of run, by its tables.

    Attributes:
        runs: table of runs: id, started_at, finished_at, report, and columns of its own.
        outcomes: table of what became of leads: lead_id, outcome, reason, run_id.
    """

    runs: str
    outcomes: str

    async def begin(
        self,
        connection: Connection,
        noted: Mapping[str, Any],
        due: Callable[[datetime], Due],
        *,
        limit: int | None,
        batch_leads: int,
    ) -> BatchRun[LeadRange]:
        """Note a run, and cut the leads that are due into batches.

        Args:
            connection: one's own.
            noted: values of the run's own columns.
            due: says which leads are meant, by when the run started.
            limit: leads at most; None: all.
            batch_leads: leads a batch.
        """
        run_id, started_at = await self.note(connection, noted)
        leads, ranges = await cut(connection, due(started_at), limit=limit, batch_leads=batch_leads)
        return BatchRun(run_id, started_at, leads, ranges)

    async def note(self, connection: Connection, noted: Mapping[str, Any]) -> tuple[UUID, datetime]:
        """Note a run by the values of its own columns; return its id and when it started."""
        run_id = uuid4()
        statement = f"{inserted(self.runs, ('id', *noted))} RETURNING started_at"
        return run_id, await select_value(connection, statement, {"id": run_id, **noted})

    async def last_began(self, connection: Connection) -> datetime | None:
        """Return an hour before the last run began; None where there was none.

        What was written down by then, by whichever clock and in however long a transaction, that run has seen.
        """
        statement = f"SELECT max(started_at) - interval '1 hour' FROM {self.runs}"
        began: datetime | None = await select_value(connection, statement)
        return began

    async def counts(
        self, connection: Connection, run_id: UUID | None = None, *, more: Mapping[str, str] | None = None
    ) -> "Counts":
        """Count leads by what became of them.

        Args:
            connection: any.
            run_id: only those of a run; None: all leads.
            more: further groups: name -> what to group by, in SQL on a row of `outcomes`.
        """
        groups = more or {}
        only = "" if run_id is None else "WHERE run_id = %(run_id)s"
        rows = await select_dicts(
            connection,
            f"""
            SELECT outcome, reason, count(*) AS leads{"".join(f", {how} AS {name}" for name, how in groups.items())}
            FROM {self.outcomes} {only} GROUP BY outcome, reason{"".join(f", {name}" for name in groups)}
            """,
            {"run_id": run_id},
        )
        return Counts(rows)

    async def seconds(self, connection: Connection, run_id: UUID) -> float:
        """Return how long ago a run began, in seconds."""
        statement = f"""
            SELECT extract(epoch FROM clock_timestamp() - started_at)::float8 FROM {self.runs} WHERE id = %(id)s
        """
        return float(await select_value(connection, statement, {"id": run_id}))

    async def figures(self, connection: Connection, run_id: UUID, counts: "Counts", due: int) -> dict[str, Any]:
        """Return what every report says of a run: `leads`, `due`, `outcomes`, `reasons`, `seconds`, `leads_per_s`."""
        seconds = await self.seconds(connection, run_id)
        return {
            "leads": counts.leads,
            "due": due,
            "outcomes": counts.by("outcome"),
            "reasons": counts.reasons(),
            "seconds": round(seconds, 3),
            "leads_per_s": round(counts.leads / max(seconds, 0.001), 1),
        }

    async def finish(self, connection: Connection, run_id: UUID, report: Mapping[str, Any]) -> None:
        """Close a run with its report."""
        await connection.execute(
            f"UPDATE {self.runs} SET finished_at = clock_timestamp(), report = %(report)s WHERE id = %(id)s",
            {"id": run_id, "report": Jsonb(dict(report))},
        )

    async def get_report(self, connection: Connection, flow_run_id: str) -> dict[str, Any]:
        """Return the report of the run that a Prefect run was.

        Raises:
            RunNotFound: it was none of this kind, or did not finish.
        """
        statement = f"SELECT report FROM {self.runs} WHERE flow_run_id = %(flow_run_id)s AND report IS NOT NULL"
        report = await select_value(connection, statement, {"flow_run_id": flow_run_id})
        if report is None:
            raise RunNotFound(f"run {flow_run_id} finished nothing that {self.runs} keeps; see it in the Prefect UI")
        return dict(report)

    async def select_last(
        self, connection: Connection, columns: Sequence[str], figures: Sequence[str], *, limit: int = 5
    ) -> list[dict[str, Any]]:
        """List the last runs, newest first: `run_id`, columns, `started_at`, `finished_at`, and figures of the report.

        Args:
            connection: any.
            columns: names of the run's own columns.
            figures: names of whole numbers in its report; None of a run without one.
            limit: runs at most.
        """
        told = listed(figures, "(report->>'{0}')::bigint AS {0}")
        statement = f"""
            SELECT id AS run_id, {listed(columns)}, started_at, finished_at, {told} FROM {self.runs}
            ORDER BY started_at DESC LIMIT %(limit)s
        """
        return await select_dicts(connection, statement, {"limit": limit})


@dataclass(frozen=True)
class Counts:
    """Leads by what became of them; `rows` by `outcome`, `reason`, further groups, and how many `leads` each."""

    rows: Sequence[Mapping[str, Any]]

    @property
    def leads(self) -> int:
        """How many there are in all."""
        return sum(row["leads"] for row in self.rows)

    def by(self, group: str) -> dict[Any, int]:
        """Return the members of a group and their leads, without those that have none."""
        found: dict[Any, int] = {}
        for row in self.rows:
            if row[group] is not None:
                found[row[group]] = found.get(row[group], 0) + row["leads"]
        return found

    def reasons(self) -> dict[str, int]:
        """Return the most frequent reasons, those of the most leads first."""
        return dict(sorted(self.by("reason").items(), key=lambda item: -item[1])[:_REASONS])


class Lease(Generic[C]):
    """What this process claims of a batch; a kind of run says how one is read, and by what it is claimed.

    What is written on its line is written one at a time.

    Attributes:
        line: to the database.
        token: under which it is claimed.
        names: values of the named placeholders of `mine`.
        source: what stands after FROM to read what was claimed: what tells whether it is due, and claims `c`.
        mine: the condition on it: claimed by this process, and still due.
    """

    def __init__(self, line: OwnLine, due: Due, batch: str, names: Mapping[str, Any]) -> None:
        """Make one.

        Args:
            line: to the database.
            due: what may be claimed.
            batch: the condition that tells what is in the batch, with `{0}` for it.
            names: values of the named placeholders of that condition.
        """
        self.line = line
        self._writing = asyncio.Lock()
        self._due = due
        self._batch = batch
        self._claimed: list[Any] = []
        self.token = secrets.randbits(63)
        self.names: dict[str, Any] = {**due.names, **names, "token": self.token}
        self.source = f"{due.source} JOIN {due.claims} c ON c.{due.column} = {due.key}"
        self.mine = f"{batch.format(f'c.{due.column}')} AND c.token = %(token)s AND {due.condition}"

    async def _read(self, connection: Connection) -> list[C]:
        """Return what is known of what is claimed and still due, in the order of what it is claimed by."""
        raise NotImplementedError

    def _key(self, one: C) -> Any:
        """Return what one is claimed by."""
        raise NotImplementedError

    async def keep(self, work: Callable[[Connection], Awaitable[T]], what: str) -> T:
        """Return what `work` returns on the lease's line, alone on it; see `db.server.keeping.until_stored`."""

        async def alone(connection: Connection) -> T:
            async with self._writing:
                return await work(connection)

        return await self.line.keep(alone, what)

    async def claim(self) -> list[C]:
        """Claim what of the batch is due and nobody works on; return what is known of it.

        The server takes a moment to see that a killed process is gone, so what others hold is waited for that long.
        """
        deadline = asyncio.get_running_loop().time() + _WAIT_FOR_OTHERS_S
        while await self.keep(self._take, "claims") and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - not our event
            await asyncio.sleep(_LOOK_AGAIN_S)
        found = await self.keep(self._read, "claims")
        self._claimed = [self._key(one) for one in found]
        return found

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Take the lock that makes this token's claims count; at the end give back what was claimed and not recorded.

        After an error the lock goes with the connection, and with it the claims.
        """
        _living.add(self.token)
        try:
            await self.line.on_open(self._lock)
            yield
            await self.keep(self._give_back, "claims")
        finally:
            _living.discard(self.token)

    async def _lock(self, connection: Connection) -> None:
        """Take the lock, and the claims that a server which died has forgotten: it keeps them in memory."""
        # Not waited for: where only the connection was lost, the server may hold the lock for it a while longer.
        await connection.execute("SELECT pg_try_advisory_lock(%(token)s)", self.names)
        due = self._due
        await connection.execute(
            f"INSERT INTO {due.claims} ({due.column}, token)"
            f" SELECT {due.key}, %(token)s FROM {due.source} WHERE {due.key} = ANY (%(claimed)s) ORDER BY 1"
            " ON CONFLICT DO NOTHING",
            self.names | {"claimed": self._claimed},
        )

    def _recorded(self, keys: Collection[Any]) -> None:
        """Note that the claims on these were given back with what was recorded of them."""
        gone = set(keys)
        self._claimed = [one for one in self._claimed if one not in gone]

    async def _take(self, connection: Connection) -> int:
        """Claim what is free; return how much that is due somebody else is working on."""
        due = self._due
        others = await select_value(
            connection,
            f"""
            WITH due AS MATERIALIZED (
                SELECT {due.key} AS key FROM {due.source}
                WHERE {self._batch.format(due.key)} AND {due.condition}
            ), taken AS (
                INSERT INTO {due.claims} AS c ({due.column}, token)
                SELECT key, %(token)s FROM due ORDER BY key
                ON CONFLICT ({due.column}) DO UPDATE SET token = excluded.token
                    WHERE c.token = excluded.token OR NOT {IS_HELD}
                RETURNING 1
            )
            SELECT (SELECT count(*) FROM due) - (SELECT count(*) FROM taken)
            """,
            self.names | {"living": living()},
        )
        return int(others)

    async def _give_back(self, connection: Connection) -> None:
        mine = f"token = %(token)s AND {self._batch.format(self._due.column)}"
        await connection.execute(f"DELETE FROM {self._due.claims} WHERE {mine}", self.names)


class LeadLease(Lease[L]):
    """The leads of a range that this process works on."""

    def __init__(self, line: OwnLine, due: Due, batch: LeadRange) -> None:
        """Make one of the leads of a range that are due."""
        names = {"after": batch.after, "upto": batch.upto}
        super().__init__(line, due, "{0} > %(after)s AND {0} <= %(upto)s", names)

    def _key(self, one: L) -> UUID:
        return one.lead_id
