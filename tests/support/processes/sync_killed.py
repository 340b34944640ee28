"""A synchronisation in a process of its own that kills itself, as `kill -9` would, at a step chosen beforehand.

A step is a statement of the database before it is sent, or a call of the CRM before it is sent or after its answer.
"""

import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from psycopg import AsyncCursor
from syncing import OURS, WIDTH, close_guard, model_config, steps

from core.crm.records import Description, RecordKind, RecordValues, RemoteChange, RemoteRecord, RemoteUnit, Stamp
from core.errors import SalesAgentError
from core.ports import CRMProvider
from integrations.close.client import CloseClient
from integrations.close.crm import CloseCRM
from tasks.crm.session import Safeguards, only_session


async def run_until_killed(base_url: str, url: str, ahead_s: float, safeguards: Safeguards, at_step: int) -> None:
    """Run once, with a clock so far ahead, and die at a step; an error of ours ends a run as well.

    Args:
        base_url: of the CRM.
        url: of the database.
        ahead_s: of the machine's clock.
        safeguards: of the run.
        at_step: counted from 0; a run of fewer steps comes to its end.
    """
    taken = count()

    def step() -> None:
        if next(taken) == at_step:
            os.kill(os.getpid(), signal.SIGKILL)

    class Cursor(AsyncCursor[Any]):
        async def execute(self, *query: Any, **options: Any) -> Any:
            step()
            return await super().execute(*query, **options)

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=ahead_s)

    with suppress(SalesAgentError):
        async with CloseClient(base_url, OURS, close_guard(), clock=clock, timeout_s=5) as client:
            crm = Watched(CloseCRM(client), step)
            async with only_session(
                url, crm, model_config(), clock=clock, safeguards=safeguards, width=WIDTH
            ) as session:
                session.connection.cursor_factory = Cursor
                await steps(session)


class Watched:
    """A CRM that takes a step before and after each call."""

    def __init__(self, crm: CRMProvider, step: Callable[[], None]) -> None:
        self._crm, self._step = crm, step

    @property
    def name(self) -> str:
        return self._crm.name

    @property
    def clock_offset_s(self) -> float | None:
        return self._crm.clock_offset_s

    @property
    def calls(self) -> int:
        return self._crm.calls

    def use(self, description: Description, fields: Mapping[RecordKind, Sequence[str]]) -> None:
        self._crm.use(description, fields)

    async def _do(self, work: Any) -> Any:
        self._step()
        answer = await work
        self._step()
        return answer

    async def describe(self) -> Description:
        return await self._do(self._crm.describe())

    async def changes_since(self, since: datetime) -> AsyncIterator[Sequence[RemoteChange]]:
        async for page in self._crm.changes_since(since):
            self._step()
            yield page

    async def stamps(self, ids: Sequence[str] | None = None) -> AsyncIterator[Sequence[Stamp]]:
        async for page in self._crm.stamps(ids):
            self._step()
            yield page

    async def fetch(self, lead_id: str) -> RemoteUnit:
        return await self._do(self._crm.fetch(lead_id))

    async def find(self, own_id: UUID) -> RemoteUnit | None:
        return await self._do(self._crm.find(own_id))

    async def create_lead(
        self, own_id: UUID, values: RecordValues, contacts: Mapping[UUID, RecordValues]
    ) -> RemoteUnit:
        return await self._do(self._crm.create_lead(own_id, values, contacts))

    async def create_contact(self, lead_id: str, own_id: UUID, values: RecordValues) -> RemoteRecord:
        return await self._do(self._crm.create_contact(lead_id, own_id, values))

    async def update(
        self, kind: RecordKind, record_id: str, changes: RecordValues, *, seen_at: datetime | None = None
    ) -> RemoteRecord:
        return await self._do(self._crm.update(kind, record_id, changes, seen_at=seen_at))

    async def delete(self, kind: RecordKind, record_id: str) -> None:
        await self._do(self._crm.delete(kind, record_id))
