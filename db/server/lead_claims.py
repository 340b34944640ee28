"""Leads in batches, and who works on them.

Whoever works on leads claims them first, under a token whose advisory lock his connection holds. The server drops the
lock with the connection, so what a killed process had claimed is free at once. What was claimed is looked at once more
for being due, so no lead is done twice. Where it was the server that died, the process takes its lock and its claims
again on the next connection; until then its other batches know its tokens.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.batches import LeadRange
from db.server.engine import Connection
from db.server.keeping import OwnLine

FIRST = UUID(int=0)
"""An id before every lead's."""

_WAIT_FOR_OTHERS_S = 2.0
_LOOK_AGAIN_S = 0.1

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


def living() -> list[int]:
    """Return the tokens of this process, for `IS_HELD`."""
    return sorted(_living)


@dataclass(frozen=True)
class Due:
    """Which leads are due for a kind of work, in SQL of this program's own.

    Attributes:
        claims: table of claims: lead_id, token.
        source: what stands after FROM: `leads l`, and what tells whether a lead is due.
        condition: whether it is.
        names: values of the named placeholders in the condition.
    """

    claims: str
    source: str
    condition: str
    names: Mapping[str, Any]


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


class LeadClaims:
    """The leads of a batch that this process works on.

    Attributes:
        token: under which they are claimed.
        names: values of the named placeholders of `mine`.
        source: what stands after FROM to read what was claimed: `leads l`, what tells whether it is due, claims `c`.
        mine: the condition on it: claimed by this process, and still due.
    """

    def __init__(self, line: OwnLine, due: Due, batch: LeadRange) -> None:
        self._line = line
        self._due = due
        self._claimed: list[UUID] = []
        self.token = secrets.randbits(63)
        self.names: dict[str, Any] = {**due.names, "token": self.token, "after": batch.after, "upto": batch.upto}
        self.source = f"{due.source} JOIN {due.claims} c ON c.lead_id = l.id"
        self.mine = f"c.lead_id > %(after)s AND c.lead_id <= %(upto)s AND c.token = %(token)s AND {due.condition}"

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Take the lock that makes this token's claims count; at the end give back what was claimed and not recorded.

        After an error the lock goes with the connection, and with it the claims.
        """
        _living.add(self.token)
        try:
            await self._line.on_open(self._lock)
            yield
            await self._line.keep(self._give_back, "claims")
        finally:
            _living.discard(self.token)

    async def _lock(self, connection: Connection) -> None:
        """Take the lock, and the claims that a server which died has forgotten: it keeps them in memory."""
        # Not waited for: where only the connection was lost, the server may hold the lock for it a while longer.
        await connection.execute("SELECT pg_try_advisory_lock(%(token)s)", self.names)
        await connection.execute(
            f"INSERT INTO {self._due.claims} (lead_id, token)"
            " SELECT l.id, %(token)s FROM leads l WHERE l.id = ANY (%(claimed)s::uuid[]) ORDER BY l.id"
            " ON CONFLICT DO NOTHING",
            self.names | {"claimed": self._claimed},
        )

    async def take(self) -> None:
        """Claim the leads of the batch that are due and that nobody works on.

        The server takes a moment to see that a killed process is gone, so what others hold is waited for that long.
        """
        deadline = asyncio.get_running_loop().time() + _WAIT_FOR_OTHERS_S
        while await self._line.keep(self._take, "claims") and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - not our event
            await asyncio.sleep(_LOOK_AGAIN_S)

    def claimed(self, lead_ids: Sequence[UUID]) -> None:
        """Note which leads those are; `recorded` takes them out again."""
        self._claimed = list(lead_ids)

    def recorded(self, lead_ids: Collection[UUID]) -> None:
        """Note that the claims of these leads were given back."""
        gone = set(lead_ids)
        self._claimed = [one for one in self._claimed if one not in gone]

    async def _take(self, connection: Connection) -> int:
        """Claim what is free; give how many due leads somebody else is working on."""
        cursor = await connection.execute(
            f"""
            WITH due AS MATERIALIZED (
                SELECT l.id FROM {self._due.source}
                WHERE l.id > %(after)s AND l.id <= %(upto)s AND {self._due.condition}
            ), taken AS (
                INSERT INTO {self._due.claims} AS c (lead_id, token)
                SELECT id, %(token)s FROM due ORDER BY id
                ON CONFLICT (lead_id) DO UPDATE SET token = excluded.token
                    WHERE c.token = excluded.token OR NOT {IS_HELD}
                RETURNING 1
            )
            SELECT (SELECT count(*) FROM due) - (SELECT count(*) FROM taken)
            """,
            self.names | {"living": living()},
        )
        ((others,),) = await cursor.fetchall()
        return int(others)

    async def _give_back(self, connection: Connection) -> None:
        await connection.execute(
            f"DELETE FROM {self._due.claims} WHERE token = %(token)s AND lead_id > %(after)s AND lead_id <= %(upto)s",
            self.names,
        )
