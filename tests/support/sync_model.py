"""Two sides kept in step, and what people and machines wrote on them.

The model knows every write with its moment. A field's last write by a person, on either side, wins; what a machine
found never replaces what a person wrote.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import forked
import httpx
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sync_killed import run_until_killed
from syncing import OURS, PERSON, TABLES, Work, model_config

from core.errors import SalesAgentError, SyncBusy
from sandbox.server import SandboxControl
from tasks.crm.session import Safeguards

FIELDS = {"company_name": "name", "company_website": "url"}
FAULTS = ("status", "status_after", "drop", "drop_after", "truncated_body", "malformed_json", "html")
MONTH_S = 31 * 86_400.0


class World(NamedTuple):
    """How the CRM and the clocks of a history are."""

    skew_s: float = 0.0
    consolidate_s: float = 0.0
    event_lag_s: float = 0.0
    search_lag_s: float = 0.0
    is_admin: bool = True
    shows_keys: bool = True


class Fault(NamedTuple):
    """What goes wrong at a call, of a method where one is named, after `skip` others."""

    kind: str
    status: int
    skip: int
    method: str | None


class Write(NamedTuple):
    """A value somebody wrote: when (true seconds), which side, and whether a machine of ours found it."""

    at: float
    side: str
    value: str
    is_machine: bool = False


@dataclass
class Company:
    """A company of the model: who wrote what."""

    writes: dict[str, list[Write]] = field(default_factory=dict)
    touched_there: list[float] = field(default_factory=list)
    is_fuzzy: bool = False
    """Merged or deleted on one side: its winners are not told."""


class Sides:
    """Our leads in Postgres and the sandbox's Close, emptied; people and machines at work, and runs between.

    Whom something happens to is said by any number, taken modulo how many there are: a history's choices then do not
    depend on how far its runs came.
    """

    def __init__(
        self,
        url: str,
        sandbox: SandboxControl,
        person: httpx.Client,
        world: World,
        safeguards: Safeguards | None = None,
    ) -> None:
        self.sandbox, self.person = sandbox, person
        self.skew = timedelta(seconds=world.skew_s)
        self.passed_s = 0.0
        self.count = 0
        self.by_lead: dict[UUID, Company] = {}
        self.by_remote: dict[str, Company] = {}
        self._url, self._safeguards = url, safeguards or Safeguards()
        self.work = Work(url, sandbox, configuration=model_config(), clock=self.now, safeguards=self._safeguards)
        self._connection = psycopg.connect(self.work.url, autocommit=True)
        for table in TABLES:
            self._connection.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]  # names of our own
        sandbox.reset("close")
        sandbox.settings(
            "close",
            keys=[OURS, PERSON],
            rate_per_s=None,
            organization_rate_per_s=None,
            consolidate_s=world.consolidate_s,
            event_lag_s=world.event_lag_s,
            search_lag_s=world.search_lag_s,
            is_admin=world.is_admin,
            key_ids={OURS: "key_ours", PERSON: "key_person"} if world.shows_keys else {},
        )
        sandbox._call("POST", "/clock", json={"reset": True})

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    # time

    def now(self) -> datetime:
        """Return the time here: the machine's, moved, and wrong by the skew."""
        return datetime.now(UTC) + timedelta(seconds=self.passed_s) + self.skew

    def true_s(self) -> float:
        """Return the true time in seconds."""
        return datetime.now(UTC).timestamp() + self.passed_s

    def wait(self, seconds: float) -> None:
        """Let time pass, on both sides."""
        self.sandbox.advance(seconds)
        self.passed_s += seconds

    # what people and machines do

    def _new(self, what: str) -> str:
        self.count += 1
        return f"{what} {self.count}"

    def _person(self) -> str:
        self.count += 1
        return f"Ana {''.join(chr(ord('a') + int(digit)) for digit in str(self.count)).title()}"

    def _value(self, name: str) -> str:
        return self._new("Name") if name == "company_name" else f"https://{self._new('www').replace(' ', '')}.example"

    def rows(self, query: LiteralString, *values: Any) -> list[dict[str, Any]]:
        """Return what our database says."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, values).fetchall()

    def _lead(self, which: int) -> UUID | None:
        rows = self._connection.execute("SELECT id FROM leads ORDER BY created_at, id").fetchall()
        return rows[which % len(rows)][0] if rows else None

    def _contact(self, which: int) -> UUID | None:
        rows = self._connection.execute("SELECT id FROM contacts ORDER BY created_at, id").fetchall()
        return rows[which % len(rows)][0] if rows else None

    def remote(self, kind: str) -> list[dict[str, Any]]:
        """Return all that the CRM has of a kind."""
        return self.sandbox.state("close")[kind]

    def _there(self, kind: str, which: int) -> dict[str, Any] | None:
        rows = self.remote(kind)
        return rows[which % len(rows)] if rows else None

    def _company_there(self, remote_id: str) -> Company:
        row = self._connection.execute(
            "SELECT own_id FROM crm_links WHERE kind = 'lead' AND remote_id = %s", [remote_id]
        ).fetchone()
        found = self.by_remote.get(remote_id) or (self.by_lead.get(row[0]) if row else None)
        if found is None:
            found = self._by_own_id(remote_id) or Company(is_fuzzy=True)
        self.by_remote[remote_id] = found
        if row:
            self.by_lead.setdefault(row[0], found)
        return found

    def _by_own_id(self, remote_id: str) -> Company | None:
        lead = next(lead for lead in self.remote("lead") if lead["id"] == remote_id)
        own = next((str(value) for key, value in lead.items() if key.startswith("custom.")), None)
        return self.by_lead.get(UUID(own)) if own else None

    def _company_here(self, lead_id: UUID) -> Company:
        row = self._connection.execute(
            "SELECT remote_id FROM crm_links WHERE kind = 'lead' AND own_id = %s", [lead_id]
        ).fetchone()
        known = self.by_lead.get(lead_id) or (self.by_remote.get(row[0]) if row and row[0] else None)
        self.by_lead[lead_id] = known or Company(is_fuzzy=True)
        return self.by_lead[lead_id]

    def create_here(self, *, has_person: bool) -> None:
        """Import a company, as a machine's finding."""
        name, site = self._new("Company"), self._new("site").replace(" ", "")
        website = f"https://{site}.example"
        person = {"contact_name": self._person(), "contact_email": f"p{self.count}@{site}.example"}
        fields = {"company_website": website, "company_domain": f"{site}.example", **(person if has_person else {})}
        at = self.true_s()
        writes = {
            "company_name": [Write(at, "ours", name, True)],
            "company_website": [Write(at, "ours", website, True)],
        }
        self.by_lead[self.work.add_lead(name, **fields)] = Company(writes)

    def create_there(self) -> None:
        """Let a person make a company with a contact."""
        name, site = self._new("Company"), self._new("site").replace(" ", "")
        website = f"https://{site}.example"
        contact = {"name": self._person(), "emails": [{"email": f"p{self.count}@{site}.example"}]}
        body = {"name": name, "url": website, "contacts": [contact]}
        made = self.person.post("/lead/", json=body).raise_for_status().json()
        at = self.true_s()
        writes = {"company_name": [Write(at, "theirs", name)], "company_website": [Write(at, "theirs", website)]}
        self.by_remote[made["id"]] = Company(writes, [at])

    def edit_here(self, which: int, name: str, *, by_machine: bool) -> None:
        """Change a field of ours; a machine only where no person of ours did."""
        lead_id = self._lead(which)
        if lead_id is None:
            return
        marks = self._connection.execute("SELECT field_edits FROM leads WHERE id = %s", [lead_id]).fetchone()
        by = ((marks[0] if marks else {}).get(name) or {}).get("by")
        by_machine = by_machine and by in (None, "close")
        value, at = self._value(name), self.now()
        self._connection.execute(
            f"UPDATE leads SET {name} = %s, updated_at = %s WHERE id = %s",  # type: ignore[arg-type]  # one of FIELDS
            [value, at, lead_id],
        )
        if not by_machine:
            mark = Jsonb({name: {"at": at.isoformat(), "by": "maud"}})
            self._connection.execute("UPDATE leads SET field_edits = field_edits || %s WHERE id = %s", [mark, lead_id])
        company = self._company_here(lead_id)
        company.writes.setdefault(name, []).append(Write(self.true_s(), "ours", value, by_machine))

    def edit_there(self, which: int, name: str) -> bool:
        """Let a person change a field there; tell whether there was anything to change."""
        lead = self._there("lead", which)
        if lead is None:
            return False
        company, value = self._company_there(lead["id"]), self._value(name)
        self.person.put(f"/lead/{lead['id']}/", json={FIELDS[name]: value}).raise_for_status()
        at = self.true_s()
        company.writes.setdefault(name, []).append(Write(at, "theirs", value))
        company.touched_there.append(at)
        return True

    def edit_person_here(self, which: int) -> None:
        """Let a person change a contact's title here."""
        contact_id, title, at = self._contact(which), self._new("Title"), self.now()
        mark = Jsonb({"contact_title": {"at": at.isoformat(), "by": "maud"}})
        self._connection.execute(
            "UPDATE contacts SET contact_title = %s, updated_at = %s, field_edits = field_edits || %s WHERE id = %s",
            [title, at, mark, contact_id],
        )

    def edit_person_there(self, which: int, *, adds_email: bool) -> None:
        """Let a person change a contact's title there, or give it one more address."""
        contact = self._there("contact", which)
        if contact is None:
            return
        change: dict[str, Any] = {"title": self._new("Title")}
        if adds_email:
            change = {"emails": [*contact["emails"], {"email": f"more{self.count}@x.example", "type": "office"}]}
        company = self._company_there(contact["lead_id"])
        self.person.put(f"/contact/{contact['id']}/", json=change).raise_for_status()
        company.touched_there.append(self.true_s())

    def delete_here(self, which: int) -> None:
        """Delete a lead of ours."""
        lead_id = self._lead(which)
        if lead_id is not None:
            self._company_here(lead_id).is_fuzzy = True
            self._connection.execute("DELETE FROM leads WHERE id = %s", [lead_id])

    def delete_there(self, which: int) -> None:
        """Let a person delete a company there."""
        lead = self._there("lead", which)
        if lead is not None:
            self._company_there(lead["id"]).is_fuzzy = True
            self.person.delete(f"/lead/{lead['id']}/").raise_for_status()

    def merge_there(self, which: int, into: int) -> None:
        """Let a person merge two companies there."""
        source, destination = self._there("lead", which), self._there("lead", into)
        if source is None or destination is None or source["id"] == destination["id"]:
            return
        for lead in (source, destination):
            self._company_there(lead["id"]).is_fuzzy = True
        body = {"source": source["id"], "destination": destination["id"]}
        self.person.post("/lead/merge/", json=body).raise_for_status()

    # runs

    def spoil(self, faults: Sequence[Fault]) -> None:
        """Let calls of the next run go wrong."""
        for fault in faults:
            status = fault.status if fault.kind == "status" else 500
            details = {"skip": fault.skip, "status": status, "method": fault.method, "retry_after_s": 0}
            self.sandbox.fail_next("close", fault.kind, **details)

    async def sync(self, faults: Sequence[Fault] = (), *, at_once: int = 1) -> None:
        """Run, so many times at once; runs may end with an error of ours."""
        self.spoil(faults)
        ended = await asyncio.gather(*(self.work.run() for _ in range(at_once)), return_exceptions=True)
        self.sandbox.clear_faults("close")
        for error in ended:
            if isinstance(error, BaseException) and not isinstance(error, SalesAgentError):
                raise error
        if at_once > 1 and not faults:
            assert any(isinstance(each, dict) for each in ended), ended
            assert all(isinstance(each, dict | SyncBusy) for each in ended), ended

    def sync_killed(self, faults: Sequence[Fault], *, at_step: int) -> None:
        """Run in a process that is killed at a step, if it comes so far."""
        self.spoil(faults)
        ahead_s = self.skew.total_seconds() + self.passed_s
        given = (self.sandbox.environment["CLOSE_BASE_URL"], self._url, ahead_s, self._safeguards, at_step)
        process = forked.start({}, run_until_killed, *given)
        process.join(900)
        assert process.exitcode in (0, -9), process.exitcode
        self.sandbox.clear_faults("close")
        self._wait_for_backends()

    def _wait_for_backends(self) -> None:
        """Wait until Postgres has noticed that a process is gone: what it held is then free."""
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        while (row := self._connection.execute(others).fetchone()) and row[0]:
            self._connection.execute("SELECT pg_sleep(0.002)")

    async def rest(self) -> None:
        """Run, with nothing going wrong, until there is nothing left to do."""
        for _ in range(12):
            self.wait(600.0)
            done = await self.work.run()
            busy = {name: count for name, count in done.items() if name not in ("echo", "irrelevant", "known", "full")}
            # A company that could not be read is looked at again after a while, which a quiet run does not wait for.
            waiting = self.rows("SELECT 1 FROM crm_staged WHERE next_try_at IS NOT NULL")
            if not waiting and not any(busy.values()):
                return
            self.wait(3 * 86_400.0 if waiting or "failed" in done else 0.0)
        raise AssertionError(f"no rest, the last run still did {done}")
