"""What the steps of a synchronisation share: the CRM, the database, the rules, the time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from core.crm.config import CrmConfig, check_against
from core.crm.records import RecordKind
from core.crm.units import Setting
from core.ports import CRMProvider
from db.crm import inbox as crm_inbox
from db.crm import links as crm_links
from db.crm.staging import Staged
from db.server.engine import Connection, own_connection


@dataclass(frozen=True, slots=True)
class Safeguards:
    """What keeps a synchronisation right; each is there to be switched off by the test that shows what it is for.

    Attributes:
        knows_echoes: our own writes coming back are recognised.
        looks_up: what may have been created already is looked up before it is created again.
        overlap: how much of the change log is read again.
    """

    knows_echoes: bool = True
    looks_up: bool = True
    overlap: timedelta = timedelta(minutes=5)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class SyncSession:
    """One run's way to both sides. Nobody else is at it while it is open.

    Attributes:
        connection: one's own, in autocommit; used by one coroutine at a time (`writing`).
        crm: the provider.
        config: what is kept in step.
        run_id: of the run, in the audit.
        clock: the time here.
        width: calls side by side.
    """

    connection: Connection
    crm: CRMProvider
    config: CrmConfig
    config_name: str = "crm.yaml"
    run_id: UUID = field(default_factory=uuid4)
    clock: Callable[[], datetime] = _now
    safeguards: Safeguards = Safeguards()
    width: int = 20
    described_for: timedelta = timedelta(days=1)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def name(self) -> str:
        """Of the provider."""
        return self.crm.name

    def setting(self, seen: Staged | None = None) -> Setting:
        """Return what plans are made with, for a company of which something was seen."""
        setting = Setting(self.config, self.name, self.crm.clock_offset_s or 0.0)
        return setting if seen is None else replace(setting, times=seen.times, overwritten=seen.overwritten)

    async def prepare(self) -> None:
        """Know the CRM's fields: as remembered, or asked anew once a day and for each new configuration.

        Raises:
            InvalidConfig: the configuration names what the CRM does not have.
        """
        cursor = await crm_inbox.get_cursor(self.connection, self.name)
        description, now = cursor.description, self.clock()
        is_old = cursor.described_at is None or now - cursor.described_at > self.described_for
        if description is None or is_old or cursor.described_for != self.config.digest:
            description = await self.crm.describe()
            check_against(self.config, description, path=self.config_name)
            await crm_inbox.describe(self.connection, self.name, description, self.config.digest, now=now)
        self.crm.use(description, {kind: [rule.theirs for rule in self.config.fields(kind)] for kind in RecordKind})


@asynccontextmanager
async def only_session(
    url: str, crm: CRMProvider, config: CrmConfig, *, clock: Callable[[], datetime] = _now, **options: object
) -> AsyncIterator[SyncSession]:
    """Open a session that keeps every other run of this CRM out.

    Args:
        url: of the database.
        crm: open.
        config: what is kept in step.
        clock: the time here.
        options: further attributes of `SyncSession`.

    Raises:
        SyncBusy: another run is at it.
    """
    async with own_connection(url) as connection, crm_links.only_run(connection, crm.name):
        session = SyncSession(connection, crm, config, clock=clock, **options)  # type: ignore[arg-type]  # checked by the class
        await session.prepare()
        yield session
