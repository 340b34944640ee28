"""What a person must agree to before it is done: an approval, bound to the exact content and the facts behind it.

    pending ──approve──> approved ──claim──> executing ──┬─> executed
       │ ╲                  │  ^                 │       └─> failed
       │  edit (new digest) │  └─ not done: ─────┤
       │                    │     it may wait    └─ lease over: may be claimed again
       ├─ reject ─> rejected
       └────────────────────┴─> expired | stale

An approval's digest is SHA-256 over its kind, subject, recipient, content and facts in canonical JSON. Whoever decides
names the digest they saw, and whoever executes brings the facts as they are then: one byte that differs, and nothing
is done. Every rule here is a pure function from one value to the next; time comes in.
"""

import hashlib
import json
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from core.errors import ApprovalExpired, InvalidInput, NotPending, StaleDraft

Json = Mapping[str, Any]
"""An object of strings, numbers, booleans, None, lists and further objects."""

_FORM = "approval/1"
_LONGEST_NAME = 200
DEFAULT_LIFETIME, DEFAULT_LEASE = timedelta(days=7), timedelta(minutes=10)


class ApprovalKind(StrEnum):
    """What kind of thing is asked for."""

    EMAIL = "email"
    """A message to one person. Content: `to`, `subject`, `body`."""
    MEETING = "meeting"
    """A message that proposes a meeting; its slots are held once it is sent. Content: as `email`, and `slots`."""
    CRM_CHANGES = "crm_changes"
    """More changes in the CRM at once than a run may make alone."""


MESSAGES = (ApprovalKind.EMAIL, ApprovalKind.MEETING)


class ApprovalStatus(StrEnum):
    """How far an approval is."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    STALE = "stale"
    EXECUTING = "executing"
    EXECUTED = "executed"
    FAILED = "failed"


OPEN = frozenset({ApprovalStatus.PENDING, ApprovalStatus.APPROVED, ApprovalStatus.EXECUTING})
"""What may still lead to something being done."""

WORDS = ("subject", "body")
"""What an edit may change of a message."""
TIER = "assessment.tier"
"""The fact that says what the profile thinks of a lead, where a message was asked for although it excludes them."""
EXCLUDED = "disqualified"
"""The tier that the profile gives to leads it excludes."""


class Decision(StrEnum):
    """What a person said."""

    APPROVE = "approve"
    REJECT = "reject"


def canonical(value: Any) -> str:
    """Write a JSON value in the one form that is hashed and stored: sorted keys, no spaces, ASCII with escapes.

    Strings are kept code point by code point: two spellings of one letter are two texts.

    Raises:
        InvalidInput: it holds something JSON has no exact form for (a NaN, a date, a key that is no string).
    """
    _check_json(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _check_json(value: Any) -> None:
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise InvalidInput("an approval's content has a key that is no string")
        for item in value.values():
            _check_json(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_json(item)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidInput("an approval's content has a number that is not finite")
    elif value is not None and not isinstance(value, str | int):
        raise InvalidInput(f"an approval's content has a {type(value).__name__}, which JSON has no form for")


def person(name: str | None) -> str:
    """Return the name of who decides, trimmed.

    Raises:
        InvalidInput: it is empty, too long or not printable: a decision is always somebody's.
    """
    trimmed = unicodedata.normalize("NFC", " ".join((name or "").split()))
    if not trimmed or len(trimmed) > _LONGEST_NAME or not trimmed.isprintable():
        raise InvalidInput("a decision needs the name of the person who makes it")
    return trimmed


@dataclass(frozen=True)
class Proposal:
    """What is asked for.

    Attributes:
        kind: of what.
        subject_id: what it is about, unique within the kind: a thread, a draft, a run. A newer proposal for the same
            subject takes the place of one that is still open.
        title: one line for a list.
        content: exactly what will be done or sent.
        facts: every fact the content used, as it was then.
        recipient: the address a message goes to; None where none is sent.
        lead_id: the lead it is about, if one; `contact_id`: whom of it.
        proposed_by: the flow or agent that asks.
        thread_id: of the graph to resume, if one.
        flow_run_id: of the run that asked.
    """

    kind: ApprovalKind
    subject_id: str
    title: str
    content: Json
    facts: Json
    recipient: str | None = None
    lead_id: UUID | None = None
    contact_id: UUID | None = None
    proposed_by: str = ""
    thread_id: str | None = None
    flow_run_id: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, over all that a decision is about."""
        return digest_of(self.kind, self.subject_id, self.recipient, self.content, self.facts)


def digest_of(kind: ApprovalKind, subject_id: str, recipient: str | None, content: Json, facts: Json) -> str:
    """Return the SHA-256, in hexadecimal, over what is asked for and the facts behind it, in canonical form."""
    everything = {
        "form": _FORM,
        "kind": str(kind),
        "subject": subject_id,
        "recipient": recipient,
        "content": content,
        "facts": facts,
    }
    return hashlib.sha256(canonical(everything).encode("ascii")).hexdigest()


@dataclass(frozen=True)
class Approval:
    """A proposal and what became of it.

    Attributes:
        id: its own; a message that is sent carries it.
        proposal: what is asked for, as it now reads.
        digest: over what was last seen and accepted as this approval's content and facts.
        original_content: as it was proposed, where somebody edited it.
        status: how far it is.
        reason: why it was rejected, went stale or failed.
        decided_by: the name that was said; never empty once somebody decided; None until then.
        proved_by: what is known beside that name of who decided (`account:maud`, `shared login`); None where nothing
            is, or the decision was made before this was kept.
        claimed_by: who executes it; `lease_until` says for how long nobody else may.
        closed_at: when it came to its end.
        revision: counts every change, for compare-and-set.
    """

    id: UUID
    proposal: Proposal
    digest: str
    requested_at: datetime
    expires_at: datetime
    status: ApprovalStatus = ApprovalStatus.PENDING
    reason: str | None = None
    original_content: Json | None = None
    edited_by: str | None = None
    edited_at: datetime | None = None
    decision: Decision | None = None
    decided_by: str | None = None
    proved_by: str | None = None
    decided_at: datetime | None = None
    claimed_by: str | None = None
    lease_until: datetime | None = None
    closed_at: datetime | None = None
    revision: int = 0

    @property
    def content(self) -> Json:
        """Exactly what will be done or sent."""
        return self.proposal.content

    def is_held_by(self, name: str) -> bool:
        """Return whether `name` has claimed it, and may execute it."""
        return self.status is ApprovalStatus.EXECUTING and self.claimed_by == name


def requested(proposal: Proposal, *, now: datetime, lifetime: timedelta = DEFAULT_LIFETIME) -> Approval:
    """Return a new approval, pending until `lifetime` is over."""
    return Approval(uuid4(), proposal, proposal.digest, requested_at=now, expires_at=now + lifetime)


def decided(
    approval: Approval,
    decision: Decision,
    *,
    by: str,
    digest: str,
    now: datetime,
    reason: str = "",
    proved_by: str | None = None,
) -> Approval:
    """Return the approval as a person decided it.

    Args:
        approval: a pending one.
        decision: what they said.
        by: their name.
        digest: of what they saw.
        now: aware UTC.
        reason: why, for a rejection.
        proved_by: what is known of who decided, beside the name they gave.

    Raises:
        NotPending: somebody was first; says who and what.
        ApprovalExpired: it can no longer be decided.
        StaleDraft: it reads differently from what they saw.
        InvalidInput: there is no name.
    """
    name = person(by)
    _check_open(approval, now)
    _check_seen(approval, digest)
    status = ApprovalStatus.APPROVED if decision is Decision.APPROVE else ApprovalStatus.REJECTED
    said = {"decision": decision, "decided_by": name, "proved_by": proved_by, "decided_at": now}
    closed_at = now if status is ApprovalStatus.REJECTED else None
    return _next(approval, status=status, reason=reason or None, closed_at=closed_at, **said)


def edited(approval: Approval, content: Json, *, by: str, digest: str, now: datetime) -> Approval:
    """Return the approval with other words, still pending: it has a new digest, and has to be decided as it reads now.

    Raises:
        NotPending, ApprovalExpired, StaleDraft, InvalidInput: as for `decided`; also where the edit changes more than
            the words of a message. Who it goes to and which slots it offers is decided by the facts alone.
    """
    name = person(by)
    _check_open(approval, now)
    _check_seen(approval, digest)
    words = {name for name in WORDS if name in content and name in approval.content}
    kept = {*content, *approval.content} - words
    if any(_form(content, name) != _form(approval.content, name) for name in kept):
        raise InvalidInput("an edit changes a message's subject and body only: reject this one and propose another")
    proposal = replace(approval.proposal, content=content)
    return _next(
        approval,
        proposal=proposal,
        digest=proposal.digest,
        original_content=approval.original_content or approval.content,
        edited_by=name,
        edited_at=now,
    )


def _check_open(approval: Approval, now: datetime) -> None:
    status, is_over = approval.status, now >= approval.expires_at
    if status is ApprovalStatus.EXPIRED or (status is ApprovalStatus.PENDING and is_over):
        raise ApprovalExpired(f"approval {approval.id} expired at {approval.expires_at:%Y-%m-%d %H:%M} UTC")
    if status is not ApprovalStatus.PENDING:
        raise NotPending(f"approval {approval.id} is not pending any more: {outcome(approval)}")


def _check_seen(approval: Approval, digest: str) -> None:
    if digest != approval.digest or approval.proposal.digest != approval.digest:
        raise StaleDraft(f"approval {approval.id} reads differently from what was shown: look at it again")


def outcome(approval: Approval) -> str:
    """Return, in a few words, what became of an approval."""
    by = f" by {approval.decided_by}" if approval.decided_by else ""
    when = f" at {approval.decided_at:%Y-%m-%d %H:%M} UTC" if approval.decided_at else ""
    why = f" ({approval.reason})" if approval.reason else ""
    if approval.status in (ApprovalStatus.APPROVED, ApprovalStatus.REJECTED, ApprovalStatus.PENDING):
        return f"{approval.status}{by}{when}{why}"
    return f"{approval.status}{why}" + (f", approved{by}{when}" if by else "")


def claimed(approval: Approval, facts: Json, *, by: str, now: datetime, lease: timedelta = DEFAULT_LEASE) -> Approval:
    """Return what an approval becomes when somebody wants to execute it.

    `is_held_by` of the result says whether they may. `expired` and `stale` are no, for good, with the
    reason. Any other status is the approval unchanged: it is not approved, done, or in somebody else's hands. One that
    somebody claimed and did not carry out expires like any other; whoever asks knows that nothing of it was done.

    Args:
        approval: as it is stored.
        facts: the same facts as they are now.
        by: who executes, so that they can go on with it after a crash.
        now: aware UTC.
        lease: for how long nobody else may.
    """
    mine_again = approval.status is ApprovalStatus.EXECUTING and (
        approval.claimed_by == by or approval.lease_until is None or approval.lease_until <= now
    )
    if approval.status is not ApprovalStatus.APPROVED and not mine_again:
        return approval
    if now >= approval.expires_at:
        return expired(approval, now=now)
    proposal = approval.proposal
    if proposal.digest != approval.digest:
        return stale(approval, "its content was changed after the decision", now=now)
    if digest_of(proposal.kind, proposal.subject_id, proposal.recipient, proposal.content, facts) != approval.digest:
        return stale(approval, f"facts changed since: {', '.join(changed_facts(proposal.facts, facts))}", now=now)
    return _next(approval, status=ApprovalStatus.EXECUTING, claimed_by=by, lease_until=now + lease)


def check_facts(approval: Approval, facts: Json) -> None:
    """Do nothing where the facts are those the content was written with.

    Raises:
        StaleDraft: they are not; names which.
    """
    changed = changed_facts(approval.proposal.facts, facts)
    if changed:
        raise StaleDraft(f"approval {approval.id} is out of date, facts changed since: {', '.join(changed)}")


def changed_facts(known: Json, current: Json) -> list[str]:
    """Name the facts that differ, in alphabetical order; never their values."""
    names = sorted({*known, *current})
    return [name for name in names if _form(known, name) != _form(current, name)]


def _form(facts: Json, name: str) -> str | None:
    return canonical(facts[name]) if name in facts else None


def finished(approval: Approval, *, now: datetime, failure: str | None = None) -> Approval:
    """Return an executing approval as done, or as failed with the reason.

    Raises:
        NotPending: nobody is executing it.
    """
    if approval.status is not ApprovalStatus.EXECUTING:
        raise NotPending(f"approval {approval.id} is not being executed: {outcome(approval)}")
    status = ApprovalStatus.EXECUTED if failure is None else ApprovalStatus.FAILED
    return _next(approval, status=status, reason=failure or approval.reason, lease_until=None, closed_at=now)


def released(approval: Approval, *, now: datetime) -> Approval:
    """Return an executing approval of which certainly nothing was done: approved as before, or expired meanwhile.

    Raises:
        NotPending: nobody is executing it.
    """
    if approval.status is not ApprovalStatus.EXECUTING:
        raise NotPending(f"approval {approval.id} is not being executed: {outcome(approval)}")
    if now >= approval.expires_at:
        return expired(approval, now=now)
    return _next(approval, status=ApprovalStatus.APPROVED, claimed_by=None, lease_until=None)


def expired(approval: Approval, *, now: datetime) -> Approval:
    """Return an approval whose time is over."""
    return _next(approval, status=ApprovalStatus.EXPIRED, lease_until=None, closed_at=now)


def stale(approval: Approval, why: str, *, now: datetime) -> Approval:
    """Return an approval that can no longer be executed, and why."""
    return _next(approval, status=ApprovalStatus.STALE, reason=why, lease_until=None, closed_at=now)


def _next(approval: Approval, **changes: Any) -> Approval:
    return replace(approval, revision=approval.revision + 1, **changes)
