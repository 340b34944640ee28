"""A synchronisation between a real Postgres and the sandbox's Close, step by step, for tests."""

import uuid
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from people import add_contact, add_lead
from psycopg.rows import dict_row

from core.config_files import parse_config
from core.crm.config import CrmConfig, example_text
from core.leads.fields import PERSON_FIELDS
from core.leads.names import company_key, person_key
from core.ports import CRMProvider
from integrations.close.client import CloseClient
from integrations.close.crm import CloseCRM
from integrations.guards import NoStore
from integrations.resilience.breaker import Breaker, BreakerPolicy
from integrations.resilience.guard import Guard
from integrations.resilience.rate_limit import LimitPolicy, RateLimiter
from integrations.resilience.retry import RetryPolicy
from sandbox.server import SandboxControl
from tasks.crm import pull as crm_pull
from tasks.crm import push as crm_push
from tasks.crm import settle as crm_settle
from tasks.crm.session import Safeguards, SyncSession, only_session
from tasks.runtime.crm_offers import CRMS

PERSON = "api_person"
"""Key of a person who works in the sandbox's Close."""
OURS = "api_sandbox"
WIDTH = 5
"""Calls side by side."""

TABLES = [
    "leads",
    "contacts",
    "possible_duplicates",
    "crm_links",
    "crm_cursors",
    "crm_events",
    "crm_staged",
    "crm_sync_logs",
    "crm_conflicts",
    "crm_dead_letters",
]


def config(**changes: Any) -> CrmConfig:
    """Return the example configuration with other values; who was never scored is sent as well."""
    example = parse_config(example_text(), CrmConfig, path="example", context=CRMS)
    return example.model_copy(update={"leads": example.leads.model_copy(update={"create_if": ()}), **changes})


def model_config() -> CrmConfig:
    """Return the configuration of random histories: what is deleted here is deleted there, no statuses are set."""
    return config(deleted_here="delete", statuses={})


def close_guard(*, retries: int = 0) -> Guard:
    """Return a guard without limits, that tries again `retries` times at once."""
    store = NoStore()
    breaker = Breaker("close", BreakerPolicy(), store)
    return Guard("close", breaker, RateLimiter("close", LimitPolicy(), store), RetryPolicy(retries, 0.0), 10.0)


def now() -> datetime:
    return datetime.now(UTC)


class Work:
    """Both sides and the way between."""

    def __init__(
        self,
        url: str,
        sandbox: SandboxControl,
        *,
        configuration: CrmConfig | None = None,
        clock: Callable[[], datetime] = now,
        safeguards: Safeguards | None = None,
    ) -> None:
        # What a killed server would lose is not what these tests are about.
        url = f"{url}{'&' if '?' in url else '?'}options=-csynchronous_commit%3Doff"
        self.url, self.sandbox, self.clock = url, sandbox, clock
        self.safeguards = safeguards or Safeguards()
        self.config = configuration or config()
        self.width = WIDTH

    @asynccontextmanager
    async def session(self, wrap: Callable[[CRMProvider], CRMProvider] = lambda crm: crm) -> Any:
        """Open a session."""
        base = self.sandbox.environment["CLOSE_BASE_URL"]
        async with CloseClient(base, OURS, close_guard(), clock=self.clock, timeout_s=5) as client:
            crm = wrap(CloseCRM(client))
            async with only_session(
                self.url, crm, self.config, clock=self.clock, safeguards=self.safeguards, width=self.width
            ) as session:
                yield session

    async def run(
        self, wrap: Callable[[CRMProvider], CRMProvider] = lambda crm: crm, *, full: bool = False
    ) -> dict[str, int]:
        """Run all steps once; return what was done."""
        async with self.session(wrap) as session:
            return await steps(session, full=full)

    def calls_since(self, number: int) -> list[dict[str, Any]]:
        """Return our calls after a number; people's own are left out by their key."""
        return self.sandbox.requests("close", since=number)

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Read rows."""
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]

    def execute(self, query: str, *values: Any) -> None:
        """Write."""
        with psycopg.connect(self.url) as connection:
            connection.execute(query, values)  # type: ignore[arg-type]

    def add_lead(self, name: str | None, at: datetime | None = None, **fields: str) -> uuid.UUID:
        """Store a lead, with a contact where fields of a person are given, as an import does."""
        now = at or self.clock()
        of_person = {field: fields.pop(field) for field in PERSON_FIELDS if field in fields}
        lead_id = add_lead(self.url, company_name=name, name_key=company_key(name), updated_at=now, **fields)
        if of_person:
            self.add_contact(lead_id, now, **of_person)
        return lead_id

    def add_contact(self, lead_id: uuid.UUID, at: datetime | None = None, **fields: Any) -> uuid.UUID:
        """Store a contact of a lead."""
        key = person_key(fields.get("contact_name"))
        return add_contact(self.url, lead_id, name_key=key, updated_at=at or self.clock(), **fields)

    def link(self, kind: str, own_id: uuid.UUID) -> dict[str, Any]:
        """Return the link of a record of ours."""
        (found,) = self.rows("SELECT * FROM crm_links WHERE kind = %s AND own_id = %s", kind, own_id)
        return found


async def steps(session: SyncSession, *, full: bool = False) -> dict[str, int]:
    """Pull, settle, push."""
    counts = dict(await crm_pull.pull(session, full=full))
    counts |= await crm_settle.settle(session)
    for name, count in (await crm_push.push(session)).items():
        counts[name] = counts.get(name, 0) + count
    return counts
