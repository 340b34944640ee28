"""What a synchronisation is asked for, what it plans, and what it answers."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from core.crm.config import SyncLimits
from core.crm.meanings import written
from core.crm.states import SyncState
from core.crm.units import Operation
from core.forms import Form, Frozen, Report

SHOWN = 200
"""Differences that a plan shows one by one; it counts them all."""


class SyncRequest(Form):
    """What to keep in step, and whether to do it or only to say what would be done."""

    plan_only: bool = Field(
        default=False, title="Plan only", description="Say what would be created, updated and deleted; change nothing"
    )
    full: bool = Field(
        default=False,
        title="Full comparison",
        description="Compare every record, not only what changed since last time",
    )
    ask_first: bool = Field(
        default=False,
        title="Ask first",
        description="Change nothing before somebody has approved the plan, however small it is",
    )

    @property
    def label(self) -> str:
        """What a run of it is called."""
        compared = "comparing everything" if self.full else "what changed"
        return f"{'plan the CRM' if self.plan_only else 'sync the CRM'}: {compared}{', asking first' * self.ask_first}"


class ReplayRequest(Form):
    """Which dead letters to try again."""

    ids: tuple[int, ...] = Field(
        default=(), title="Only these", description="Empty: all that are open", max_length=10_000
    )


class PlannedChange(Frozen):
    """One operation of a plan, as it is shown.

    Attributes:
        record: our id, or the CRM's where we have none yet.
        name: the company's, and the person's where it is about one; empty where neither is known here.
    """

    side: str
    action: str
    kind: str
    record: str
    name: str
    changes: dict[str, tuple[Any, Any]]


class SyncPlan(Report):
    """What a run would do.

    Attributes:
        counts: operations by "side action kind", e.g. "theirs create lead".
        changes: the first `SHOWN` operations with field differences.
        records: how many records are in step, against which the share is taken.
        changed: records that would be created, updated or deleted on either side.
        creates: of those, created.
        deletes: of those, deleted.
        new_companies: of those created, how many are companies; `new_people` how many are people.
        matched: companies of the CRM that are leads of ours already, and are linked with them.
        duplicates: companies of the CRM that are left for a person: two of them are one lead of ours.
        digest: SHA-256 over every operation: what an approval is bound to.
    """

    counts: dict[str, int] = Field(default_factory=dict)
    changes: tuple[PlannedChange, ...] = ()
    records: int = 0
    changed: int = 0
    creates: int = 0
    deletes: int = 0
    new_companies: int = 0
    new_people: int = 0
    matched: int = 0
    duplicates: int = 0
    digest: str = ""

    @property
    def in_words(self) -> str:
        """What of it is companies and what people, what is matched and what is new."""
        words = f"{self.new_companies} new companies, {self.new_people} new people; {self.matched} companies matched"
        left = f", {self.duplicates} left: two in the CRM are one lead here" if self.duplicates else ""
        return f"{words}{left}."

    def too_much(self, limits: SyncLimits) -> str | None:
        """Return why a person has to agree to this first, or None."""
        if self.deletes > limits.max_deletes:
            return f"{self.deletes} records would be deleted; {limits.max_deletes} at most go without asking"
        # Of all that is in step then: of a first synchronisation that is everything.
        total = self.records + self.creates
        share = self.changed / total if total else 0.0
        if self.changed <= limits.few or share <= limits.max_changed_share:
            return None
        if not self.records:
            return (
                f"a first synchronisation would create {self.creates} records ({self.new_companies} companies,"
                f" {self.new_people} people); {limits.few} at most go without asking"
            )
        what = "be created or change" if self.creates else "change"
        return (
            f"{self.changed} of {total} records would {what}, {share:.0%};"
            f" {limits.max_changed_share:.0%} at most go without asking"
        )


@dataclass
class Tally:
    """Adds up a plan, operation by operation, in constant memory."""

    counts: Counter[str] = field(default_factory=Counter)
    changes: list[PlannedChange] = field(default_factory=list)
    _digest: int = 0

    def add(self, operation: Operation, name: str = "") -> None:
        """Take in one operation, shown under a name; the order of operations does not matter."""
        self.counts[f"{operation.side} {operation.action} {operation.kind}"] += 1
        record = str(operation.own_id or operation.remote_id)
        shown = PlannedChange(
            side=operation.side,
            action=operation.action,
            kind=operation.kind,
            record=record,
            name=name,
            changes={of: (written(of, old), written(of, new)) for of, (old, new) in operation.changes.items()},
        )
        if len(self.changes) < SHOWN:
            self.changes.append(shown)
        text = json.dumps(shown.model_dump(mode="json", exclude={"name"}), sort_keys=True)
        self._digest = (self._digest + int.from_bytes(hashlib.sha256(text.encode()).digest())) % 2**256

    def _count(self, what: str) -> int:
        return sum(count for name, count in self.counts.items() if what in name)

    def plan(self, records: int, *, matched: int = 0, duplicates: int = 0) -> SyncPlan:
        """Return the plan; `records` are in step, `matched` and `duplicates` as the plan has them."""
        return SyncPlan(
            counts=dict(self.counts),
            changes=tuple(self.changes),
            records=records,
            changed=self.counts.total(),
            creates=self._count(" create "),
            deletes=self._count(" delete "),
            new_companies=self._count(" create lead"),
            new_people=self._count(" create contact"),
            matched=matched,
            duplicates=duplicates,
            digest=f"{self._digest:064x}",
        )


class SyncReport(Report):
    """What a run did.

    Attributes:
        outcome: "done", "planned" or "waiting" (for an approval); "busy" when another run was at it.
        waiting_for: why a person has to agree, and the id of the approval.
        next_step: what a person does now: approve the plan, or switch the schedule on after a first run; else None.
        states: records by state.
        reasons: excluded and failing records by reason.
        outside: leads that are in no CRM and not to be created there, by the first condition they do not meet.
        duplicates: companies of the CRM that are left for a person: two of them are one lead of ours.
        events: entries of the change log by what they came to: look, echo, irrelevant, known.
        calls: to the CRM.
        lag_s: seconds between the newest change that was read and the end of the run; None when none was read ever.
    """

    run_id: UUID
    provider: str
    outcome: str = "done"
    waiting_for: str | None = None
    approval_id: UUID | None = None
    next_step: str | None = None
    plan: SyncPlan = SyncPlan()
    events: dict[str, int] = Field(default_factory=dict)
    fetched: int = 0
    done: dict[str, int] = Field(default_factory=dict)
    conflicts: int = 0
    dead_letters: int = 0
    states: dict[str, int] = Field(default_factory=dict)
    reasons: dict[str, int] = Field(default_factory=dict)
    outside: dict[str, int] = Field(default_factory=dict)
    duplicates: int = 0
    cursor: datetime | None = None
    lag_s: float | None = None
    is_full: bool = False
    calls: int = 0
    seconds: float = 0.0

    @property
    def standing(self) -> str:
        """Return why a plan may hold nothing: both sides say the same, or what is refused waits for its next try."""
        failing = self.states.get(SyncState.FAILING, 0)
        if not failing:
            return "" if self.plan.counts else "Nothing to do: both sides say the same."
        start = f"{SyncState.FAILING}: "
        why = [
            f"{reason.removeprefix(start)} ({count})"
            for reason, count in self.reasons.items()
            if reason.startswith(start)
        ]
        nothing = "" if self.plan.counts else "Nothing to do now. "
        return (
            f"{nothing}{failing} fail and are left alone until their next try "
            f"(`sales-agent crm status --state failing`): {'; '.join(why)}"
        )

    @property
    def in_words(self) -> str:
        """What was done, or waits, in a line."""
        if not self.plan.counts:
            return f"{self.provider}: nothing to do, both sides say the same"
        if self.outcome == "waiting":
            return f"{self.provider} waits for a yes: {self.plan.in_words} {self.waiting_for}"
        if self.outcome == "planned":
            return f"{self.provider}, planned only: {self.plan.in_words}"
        done = ", ".join(f"{count:,} {name}" for name, count in sorted(self.done.items())) or "nothing"
        failing = f"; {self.states['failing']:,} failing" if self.states.get("failing") else ""
        return f"{self.provider}: {done}{failing}"


def next_step(outcome: str, plan: SyncPlan, approval_id: UUID | None) -> str | None:
    """Return what a person does after a run, where there is anything to do."""
    if outcome == "waiting" and approval_id is not None:
        short = str(approval_id)[:8]
        return (
            f"look at the plan with `sales-agent approvals show {short}`, approve it with"
            f" `sales-agent approvals approve {short}`, and run `sales-agent sync` again"
        )
    if outcome == "done" and not plan.records and plan.counts:
        return "this was the first run; none follows by itself until you say `sales-agent schedule on sync-crm`"
    return None


def added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Add two counts."""
    return dict(Counter(one) + Counter(other))


class SyncRun(Frozen):
    """A run on its way: what was asked for, and what its steps have done so far.

    Attributes:
        outcome: "done" while it goes on; "planned" or "waiting" when nothing further is to be done.
    """

    run_id: UUID
    request: SyncRequest
    provider: str
    began_at: datetime
    pulled: dict[str, int] = Field(default_factory=dict)
    plan: SyncPlan = SyncPlan()
    outcome: str = "done"
    waiting_for: str | None = None
    approval_id: UUID | None = None
    done: dict[str, int] = Field(default_factory=dict)
    calls: int = 0

    @property
    def goes_on(self) -> bool:
        """Whether anything may be changed."""
        return self.outcome == "done"

    def counted(self, done: Mapping[str, int], calls: int) -> "SyncRun":
        """Return the run with what a step has done, and its calls to the CRM, added."""
        return self.model_copy(update={"done": added(self.done, done), "calls": self.calls + calls})
