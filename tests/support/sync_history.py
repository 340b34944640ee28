"""Random histories of two sides kept in step: edits, faults, kills, clocks that differ; and what must hold after quiet.

The model knows every write with its moment. A field's last write by a person, on either side, wins; what a machine
found never replaces what a person wrote.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import psycopg
from psycopg.types.json import Jsonb
from syncing import OURS, PERSON, TABLES, Work, config

from core.crm import CRMProvider, Description, Kind, RemoteChange, RemoteRecord, RemoteUnit, Stamp, Values
from core.errors import SalesAgentError
from sandbox.server import SandboxControl
from tasks.crm_session import Safeguards

FIELDS = {"company_name": "name", "company_website": "url"}
STEP_S = 7.0
KINDS = ("status", "status_after", "drop", "drop_after", "truncated_body", "malformed_json", "html")


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """A CRM whose caller dies at the n-th call, before it is sent or after it was carried out."""

    def __init__(self, crm: CRMProvider, die_at: int | None, *, after: bool) -> None:
        self._crm, self._left, self._after = crm, die_at, after

    @property
    def name(self) -> str:
        return self._crm.name

    @property
    def clock_offset_s(self) -> float | None:
        return self._crm.clock_offset_s

    @property
    def calls(self) -> int:
        return self._crm.calls

    def use(self, description: Description, fields: Mapping[Kind, Sequence[str]]) -> None:
        self._crm.use(description, fields)

    def _strikes(self) -> bool:
        if self._left is None:
            return False
        self._left -= 1
        return self._left < 0

    async def _do(self, work: Any) -> Any:
        strikes = self._strikes()
        if strikes and not self._after:
            work.close()
            raise Killed
        answer = await work
        if strikes:
            raise Killed
        return answer

    async def describe(self) -> Description:
        return await self._crm.describe()

    async def changes_since(self, since: datetime) -> AsyncIterator[Sequence[RemoteChange]]:
        async for page in self._crm.changes_since(since):
            if self._strikes():
                raise Killed
            yield page

    async def stamps(self, ids: Sequence[str] | None = None) -> AsyncIterator[Sequence[Stamp]]:
        async for page in self._crm.stamps(ids):
            if self._strikes():
                raise Killed
            yield page

    async def fetch(self, lead_id: str) -> RemoteUnit:
        return await self._do(self._crm.fetch(lead_id))

    async def find(self, own_id: UUID) -> RemoteUnit | None:
        return await self._do(self._crm.find(own_id))

    async def create_lead(self, own_id: UUID, values: Values, contacts: Mapping[UUID, Values]) -> RemoteUnit:
        return await self._do(self._crm.create_lead(own_id, values, contacts))

    async def create_contact(self, lead_id: str, own_id: UUID, values: Values) -> RemoteRecord:
        return await self._do(self._crm.create_contact(lead_id, own_id, values))

    async def update(
        self, kind: Kind, record_id: str, changes: Values, *, seen_at: datetime | None = None
    ) -> RemoteRecord:
        return await self._do(self._crm.update(kind, record_id, changes, seen_at=seen_at))

    async def delete(self, kind: Kind, record_id: str) -> None:
        await self._do(self._crm.delete(kind, record_id))


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


class History:
    """One random history, from its seed."""

    def __init__(
        self,
        seed: int,
        url: str,
        sandbox: SandboxControl,
        person: httpx.Client,
        *,
        safeguards: Safeguards | None = None,
        faulty: bool = True,
    ) -> None:
        self.seed, self.dice, self.sandbox, self.person = seed, random.Random(seed), sandbox, person
        self.faulty = faulty
        self.skew = timedelta(seconds=self.dice.choice([0, 0, 90, -90, 300, -300]))
        self.passed_s = 0.0
        self.count = 0
        self.by_lead: dict[UUID, Company] = {}
        self.by_remote: dict[str, Company] = {}
        self.emails: set[str] = set()
        configuration = config(deleted_here="delete", statuses={})
        self.work = Work(url, sandbox, configuration=configuration, clock=self.now, safeguards=safeguards)
        self._connection = psycopg.connect(self.work.url, autocommit=True)
        for table in TABLES:
            self._connection.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]
        sandbox.reset("close")
        sandbox.settings(
            "close",
            keys=[OURS, PERSON],
            rate_per_s=None,
            organization_rate_per_s=None,
            consolidate_s=self.dice.choice([0.0, 60.0]),
            event_lag_s=self.dice.choice([0.0, 0.0, 40.0, 200.0]),
            search_lag_s=self.dice.choice([0.0, 0.0, 60.0]),
            is_admin=self.dice.random() < 0.8,
            key_ids=self.dice.choice([{}, {OURS: "key_ours", PERSON: "key_person"}]),
        )
        sandbox._call("POST", "/clock", json={"reset": True})

    def close(self) -> None:
        self._connection.close()

    # time

    def now(self) -> datetime:
        """Return the time here: the machine's, moved, and wrong by the skew."""
        return datetime.now(UTC) + timedelta(seconds=self.passed_s) + self.skew

    def true_s(self) -> float:
        return datetime.now(UTC).timestamp() + self.passed_s

    def wait(self, seconds: float) -> None:
        self.sandbox.advance(seconds)
        self.passed_s += seconds

    # what people and machines do

    def _new(self, what: str) -> str:
        self.count += 1
        return f"{what} {self.seed}-{self.count}"

    def _leads(self) -> list[UUID]:
        return [row[0] for row in self._connection.execute("SELECT id FROM leads ORDER BY dedupe_key").fetchall()]

    def _remote(self, kind: str) -> list[dict[str, Any]]:
        return self.sandbox.state("close")[kind]

    def _company_of(self, remote_id: str) -> Company:
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
        lead = next(lead for lead in self._remote("lead") if lead["id"] == remote_id)
        own = next((str(value) for key, value in lead.items() if key.startswith("custom.")), None)
        return self.by_lead.get(UUID(own)) if own else None

    def create_here(self) -> None:
        name, site = self._new("Company"), self._new("site").replace(" ", "")
        values = {"company_name": name, "company_website": f"https://{site}.example"}
        if self.dice.random() < 0.6:
            email = f"p{self.count}@{site}.example"
            values |= {"contact_name": self._person(), "contact_email": email}
            self.emails.add(email)
        lead_id = self.work.add_lead(values.pop("company_name"), company_domain=f"{site}.example", **values)
        writes = {"company_name": [Write(self.true_s(), "ours", name, True)]}
        writes["company_website"] = [Write(self.true_s(), "ours", values["company_website"], True)]
        self.by_lead[lead_id] = Company(writes)

    def _person(self) -> str:
        self.count += 1
        letters = "".join(chr(ord("a") + int(digit)) for digit in str(self.seed * 1000 + self.count))
        return f"Ana {letters.title()}"

    def create_there(self) -> None:
        name, site = self._new("Company"), self._new("site").replace(" ", "")
        email = f"p{self.count}@{site}.example"
        self.emails.add(email)
        body = {"name": name, "url": f"https://{site}.example"}
        body |= {"contacts": [{"name": self._person(), "emails": [{"email": email}]}]}  # type: ignore[dict-item]
        made = self.person.post("/lead/", json=body).raise_for_status().json()
        at = self.true_s()
        writes = {"company_name": [Write(at, "theirs", name)], "company_website": [Write(at, "theirs", body["url"])]}
        self.by_remote[made["id"]] = Company(writes, [at])

    def edit_here(self) -> None:
        leads = self._leads()
        if not leads:
            return
        lead_id, name = self.dice.choice(leads), self.dice.choice(list(FIELDS))
        marks = self._connection.execute("SELECT field_edits FROM leads WHERE id = %s", [lead_id]).fetchone()
        by = ((marks[0] if marks else {}).get(name) or {}).get("by")
        is_machine = self.dice.random() < 0.4 and by in (None, "close")
        value = self._value(name)
        at = self.now()
        self._connection.execute(
            f"UPDATE leads SET {name} = %s, updated_at = %s WHERE id = %s",  # type: ignore[arg-type]
            [value, at, lead_id],
        )
        if not is_machine:
            mark = Jsonb({name: {"at": at.isoformat(), "by": "maud"}})
            self._connection.execute("UPDATE leads SET field_edits = field_edits || %s WHERE id = %s", [mark, lead_id])
        company = self._company_here(lead_id)
        company.writes.setdefault(name, []).append(Write(self.true_s(), "ours", value, is_machine))

    def _company_here(self, lead_id: UUID) -> Company:
        row = self._connection.execute(
            "SELECT remote_id FROM crm_links WHERE kind = 'lead' AND own_id = %s", [lead_id]
        ).fetchone()
        known = self.by_lead.get(lead_id) or (self.by_remote.get(row[0]) if row and row[0] else None)
        self.by_lead[lead_id] = known or Company(is_fuzzy=True)
        return self.by_lead[lead_id]

    def _value(self, name: str) -> str:
        return self._new("Name") if name == "company_name" else f"https://{self._new('www').replace(' ', '')}.example"

    def edit_there(self) -> None:
        leads = self._remote("lead")
        if not leads:
            return
        lead, name = self.dice.choice(leads), self.dice.choice(list(FIELDS))
        company, value = self._company_of(lead["id"]), self._value(name)
        self.person.put(f"/lead/{lead['id']}/", json={FIELDS[name]: value}).raise_for_status()
        at = self.true_s()
        company.writes.setdefault(name, []).append(Write(at, "theirs", value))
        company.touched_there.append(at)

    def edit_person_there(self) -> None:
        people = self._remote("contact")
        if not people:
            return
        contact = self.dice.choice(people)
        change: dict[str, Any] = {"title": self._new("Title")}
        if self.dice.random() < 0.5:
            email = f"more{self.count}@x{self.seed}.example"
            change = {"emails": [*contact["emails"], {"email": email, "type": "office"}]}
            self.emails.add(email)
        company = self._company_of(contact["lead_id"])
        self.person.put(f"/contact/{contact['id']}/", json=change).raise_for_status()
        company.touched_there.append(self.true_s())

    def edit_person_here(self) -> None:
        leads = self._leads()
        if leads:
            lead_id, title = self.dice.choice(leads), self._new("Title")
            mark = Jsonb({"contact_title": {"at": self.now().isoformat(), "by": "maud"}})
            self._connection.execute(
                "UPDATE leads SET contact_title = %s, updated_at = %s, field_edits = field_edits || %s"
                " WHERE id = %s AND contact_name IS NOT NULL",
                [title, self.now(), mark, lead_id],
            )

    def delete_here(self) -> None:
        leads = self._leads()
        if leads and self.dice.random() < 0.5:
            lead_id = self.dice.choice(leads)
            self._company_here(lead_id).is_fuzzy = True
            self._connection.execute("DELETE FROM leads WHERE id = %s", [lead_id])

    def delete_there(self) -> None:
        leads = self._remote("lead")
        if leads and self.dice.random() < 0.5:
            lead = self.dice.choice(leads)
            self._company_of(lead["id"]).is_fuzzy = True
            self.person.delete(f"/lead/{lead['id']}/").raise_for_status()

    def merge_there(self) -> None:
        leads = self._remote("lead")
        if len(leads) > 1:
            source, destination = self.dice.sample(leads, 2)
            for lead in (source, destination):
                self._company_of(lead["id"]).is_fuzzy = True
            body = {"source": source["id"], "destination": destination["id"]}
            self.person.post("/lead/merge/", json=body).raise_for_status()

    def long_gap(self) -> None:
        if self.dice.random() < 0.2:
            self.wait(31 * 86_400)

    # runs

    async def sync(self, *, calmly: bool = False) -> dict[str, int] | None:
        """Run once, with what may go wrong; None where the run did not come to its end."""
        die_at = None
        if self.faulty and not calmly:
            if self.dice.random() < 0.4:
                die_at = self.dice.randrange(0, 12)
            for _ in range(self.dice.choice([0, 0, 1, 2])):
                kind = self.dice.choice(KINDS)
                status = self.dice.choice([429, 500, 503]) if kind == "status" else 500
                skip = self.dice.randrange(0, 10)
                self.sandbox.fail_next("close", kind, skip=skip, status=status, retry_after_s=0)
        after = self.dice.random() < 0.5
        try:
            done = await self.work.run(lambda crm: Mortal(crm, die_at, after=after))
        except (Killed, SalesAgentError) as error:
            if calmly:
                raise AssertionError(self.told(f"a calm run ended with {error!r}")) from error
            return None
        finally:
            self.sandbox.clear_faults("close")
        return done

    ACTIONS = (
        *("create_here", "create_here", "create_there", "edit_here", "edit_here", "edit_here", "edit_there"),
        *("edit_there", "edit_there", "edit_person_there", "edit_person_here", "delete_here", "delete_there"),
        *("merge_there", "long_gap"),
    )

    async def play(self, length: int) -> None:
        """Do random things, a few seconds apart, with a run now and then; then let both sides come to rest."""
        for _ in range(length):
            if self.dice.random() < 0.3:
                await self.sync()
            else:
                getattr(self, self.dice.choice(self.ACTIONS))()
            self.wait(self.dice.choice([STEP_S, STEP_S, 20.0, 120.0]))
        await self.rest()

    async def rest(self) -> None:
        for _ in range(12):
            self.wait(600.0)
            done = await self.sync(calmly=True)
            assert done is not None
            busy = {name: count for name, count in done.items() if name not in ("echo", "irrelevant", "known", "full")}
            # A company that could not be read is looked at again after a while, which a quiet run does not wait for.
            waiting = self.work.rows("SELECT 1 FROM crm_staged WHERE next_try_at IS NOT NULL")
            if not waiting and not any(busy.values()):
                break
            self.wait(3 * 86_400.0 if waiting or "failed" in done else 0.0)
        else:
            raise AssertionError(f"seed {self.seed}: no rest, the last run still did {done}")

    # what must hold

    async def check(self) -> None:
        """Raise AssertionError, naming the seed, where anything of what must hold does not."""
        links = self.work.rows("SELECT * FROM crm_links WHERE remote_id IS NOT NULL AND NOT is_gone")
        leads = {row["id"]: row for row in self.work.rows("SELECT * FROM leads")}
        remote = {lead["id"]: lead for lead in self._remote("lead")}
        people = {contact["id"]: contact for contact in self._remote("contact")}
        self._check_none_lost(links, leads, remote, people)
        self._check_equal(links, leads, remote, people)
        self._check_winners(links, leads)
        before = self.sandbox.requests("close")[-1]["number"]
        self.wait(600.0)
        await self.sync(calmly=True)
        calls = self.work.calls_since(before)
        writes = [f"{call['method']} {call['path']}" for call in calls if call["method"] in ("PUT", "DELETE")]
        assert not writes, self.told(f"a run without a change wrote: {writes}")
        allowed = 6 if self.passed_s > 86_400 else 3  # the CRM's fields are asked for once a day
        assert len(calls) <= allowed, self.told([f"{call['method']} {call['path']}" for call in calls])
        states = {row["state"] for row in self.work.rows("SELECT state FROM crm_links")}
        assert states <= {"in_sync", "excluded"}, self.told(states)

    def told(self, what: object) -> str:
        return f"seed {self.seed}: {what}"

    def _check_none_lost(self, links: Any, leads: Any, remote: Any, people: Any) -> None:
        linked = {row["remote_id"]: row["own_id"] for row in links if row["kind"] == "lead"}
        left = self._left_there()
        assert set(linked) | left == set(remote) | left, self.told(f"linked {sorted(linked)}, there {sorted(remote)}")
        assert len(set(linked.values())) == len(linked), self.told("two companies there are one lead here")
        excluded = self.work.rows("SELECT own_id FROM crm_links WHERE kind = 'lead' AND is_gone")
        assert set(leads) == set(linked.values()) | ({row["own_id"] for row in excluded} & set(leads)), self.told(
            "lost"
        )
        own = [str(v) for lead in remote.values() for k, v in lead.items() if k.startswith("custom.")]
        assert len(own) == len(set(own)), self.told("a lead of ours is twice in the CRM")
        persons = {row["remote_id"] for row in links if row["kind"] == "contact"}
        there = {key for key, row in people.items() if row["lead_id"] not in left}
        assert persons == there, self.told(f"people linked {sorted(persons)}, there {sorted(there)}")
        here = [row["contact_email"] for row in leads.values()]
        here += [row["email"] for row in self.work.rows("SELECT email FROM contacts")]
        found = [email for email in here if email]
        gone = {row["own_id"] for row in excluded}
        kept = [row["contact_email"] for row in leads.values() if row["id"] not in gone and row["contact_email"]]
        assert len(kept) == len(set(kept)), self.told(f"a person is on two leads: {found}")

    def _left_there(self) -> set[str]:
        """Return companies that were edited there after they had been deleted here: those are left alone."""
        query = "SELECT remote_id FROM crm_links k WHERE is_gone AND kind = 'lead' AND reason LIKE %s"
        return {row["remote_id"] for row in self.work.rows(query, "was deleted here, but%")}

    def _check_equal(self, links: Any, leads: Any, remote: Any, people: Any) -> None:
        contacts = {(row["lead_id"], row["person_key"]): row for row in self.work.rows("SELECT * FROM contacts")}
        for link in links:
            if link["kind"] == "lead":
                ours, theirs = leads[link["own_id"]], remote[link["remote_id"]]
                pairs = [(ours[mine], theirs[name]) for mine, name in FIELDS.items()]
            elif link["person_key"]:
                row, there = contacts[link["lead_id"], link["person_key"]], people[link["remote_id"]]
                pairs = [(row["name"], there["name"]), (row["title"] or "", there["title"] or "")]
                pairs.append((_emails(row["email"], link), {email["email"] for email in there["emails"]}))
            else:
                row, there = leads[link["lead_id"]], people[link["remote_id"]]
                pairs = [(row["contact_name"], there["name"]), (row["contact_title"] or "", there["title"] or "")]
                pairs.append((_emails(row["contact_email"], link), {email["email"] for email in there["emails"]}))
            for mine, yours in pairs:
                assert mine == yours, self.told(f"{link['kind']} {link['own_id']}: {mine!r} here, {yours!r} there")

    def _check_winners(self, links: Any, leads: Any) -> None:
        for link in links:
            if link["kind"] != "lead":
                continue
            company = self.by_lead.get(link["own_id"]) or self.by_remote.get(link["remote_id"])
            if company is None or company.is_fuzzy:
                continue
            for name, writes in company.writes.items():
                allowed = _winners(writes, company.touched_there)
                value = leads[link["own_id"]][name]
                assert value in allowed, self.told(f"{name} is {value!r}, not {allowed}, after {writes}")


def _emails(column: str | None, link: Mapping[str, Any]) -> set[str]:
    return {email for email in (column, *link["other_values"].get("emails", ())) if email}


def _winners(writes: Sequence[Write], touched_there: Sequence[float]) -> set[str]:
    """Return what a field may be after quiet: the last that a person wrote.

    Where an edit's own entry of the change log is late, the time of its record counts, which any other edit of that
    record moves: then the CRM's last value may win as well.
    """
    by_people = [write for write in writes if not write.is_machine]
    if not by_people:
        return {writes[-1].value}
    last = max(by_people, key=lambda write: write.at)
    allowed = {last.value}
    if last.side == "ours":
        theirs = [write for write in by_people if write.side == "theirs"]
        if theirs and any(at > last.at - 3.0 for at in touched_there):
            allowed.add(theirs[-1].value)
    return allowed


async def play(seed: int, url: str, sandbox: SandboxControl, person: httpx.Client, **options: Any) -> None:
    """Play one history and check it."""
    length = options.pop("length", 14)
    history = History(seed, url, sandbox, person, **options)
    try:
        await history.play(length)
        await history.check()
    finally:
        history.close()


def play_many(seeds: Sequence[int], url: str, sandbox: SandboxControl, **options: Any) -> None:
    """Play histories, one after another."""
    base = sandbox.environment["CLOSE_BASE_URL"]

    async def all_of_them() -> None:
        with httpx.Client(base_url=base, auth=(PERSON, ""), trust_env=False) as person:
            for seed in seeds:
                await play(seed, url, sandbox, person, **options)

    asyncio.run(all_of_them())
