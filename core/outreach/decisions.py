"""What a person is asked, and says, about an approval: the form of a decision, and what one looks like."""

import difflib
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator

from core.errors import InvalidInput
from core.forms import Form, Report
from core.outreach.approval_text import text_of, warnings
from core.outreach.approvals import Approval, ApprovalStatus, outcome

DIGEST_CHARS = 12
"""As much of a digest as a person is asked to copy."""


class DecisionRequest(Form):
    """What somebody decides about an approval."""

    approval_id: Annotated[str, BeforeValidator(str)] = Field(
        min_length=4,
        max_length=36,
        pattern="^[0-9a-fA-F-]+$",
        title="Approval",
        description="Its id, or the first characters of it, as the artifact `pending-approvals` and "
        "`sales-agent approvals list` name it",
    )
    decision: Literal["show", "approve", "edit and approve", "reject"] = Field(
        title="Decision",
        description="show: the run shows the text, its warnings and its digest, and decides nothing. The others decide",
    )
    decided_by: str = Field(min_length=1, max_length=200, title="Your name", description="Stored as what was said")
    digest: str = Field(
        default="",
        max_length=64,
        pattern="^([0-9a-f]{12,64})?$",
        title="Digest",
        description="The first 12 or more characters of the digest of what you read, so that nothing else is decided; "
        "only to show, none is needed",
    )
    reason: str = Field(default="", max_length=500, description="Why, for a rejection")
    subject: str | None = Field(default=None, max_length=500, description="The new subject, for an edit")
    body: str | None = Field(default=None, max_length=50_000, description="The new body, for an edit")

    @model_validator(mode="after")
    def _names_what_was_read(self) -> "DecisionRequest":
        if self.decision != "show" and not self.digest:
            raise ValueError("a decision names the digest of what was read: start a run that shows it first")
        return self


class DecisionReport(Report):
    """What a decision came to."""

    approval_id: UUID
    status: str
    decided_by: str | None
    run: str | None = Field(description="The run that carries it out, where one was started")


class ExecutionReport(Report):
    """What carrying out an approval came to."""

    approval_id: UUID
    status: str
    outcome: str


def seen_digest(approval: Approval, given: str) -> str:
    """Return the whole digest where the first characters of it were given; else what was given, which fits nothing."""
    return approval.digest if len(given) >= DIGEST_CHARS and approval.digest.startswith(given) else given


def edited_content(approval: Approval, subject: str | None, body: str | None) -> dict[str, Any]:
    """Return the content with other words. Raises InvalidInput where nothing is given."""
    if subject is None and body is None:
        raise InvalidInput("an edit needs a new subject or a new body")
    words = {"subject": subject, "body": body}
    return {**approval.content, **{name: value for name, value in words.items() if value is not None}}


def diff_of(approval: Approval) -> str:
    """Return what an edit changed, as a unified diff; '' where nothing was edited."""
    if approval.original_content is None:
        return ""
    before, after = text_of(approval.original_content), text_of(approval.content)
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "as proposed", "as edited", lineterm="", n=2)
    return "\n".join(lines)


def decider_of(approval: Approval) -> dict[str, str]:
    """Return who decided, as facts to show: the name that was said, and what is proved; empty until then."""
    if approval.decided_by is None:
        return {}
    return {"decided by": f"{approval.decided_by} (said)", "proved": approval.proved_by or "nothing"}


def as_json(approval: Approval, preamble: Sequence[str] | None = None) -> dict[str, Any]:
    """Return an approval as `sales-agent approvals --json` prints it, a stable interface.

    `preamble` is what must be known before the text is read.
    """
    proposal = approval.proposal
    times = ("requested_at", "expires_at", "edited_at", "decided_at", "closed_at")
    return {
        "preamble": list(warnings(approval) if preamble is None else preamble),
        "id": str(approval.id),
        "kind": str(proposal.kind),
        "title": proposal.title,
        "status": str(approval.status),
        "outcome": outcome(approval),
        "recipient": proposal.recipient,
        "lead_id": proposal.lead_id and str(proposal.lead_id),
        "contact_id": proposal.contact_id and str(proposal.contact_id),
        "proposed_by": proposal.proposed_by,
        "digest": approval.digest,
        "content": proposal.content,
        "facts": proposal.facts,
        "text": text_of(proposal.content),
        "edited_by": approval.edited_by,
        "diff": diff_of(approval),
        "decided_by": approval.decided_by,
        "proved_by": approval.proved_by,
        "reason": approval.reason,
        **{name: (at := getattr(approval, name)) and at.isoformat() for name in times},
    }


def summary(approval: Approval) -> dict[str, str]:
    """Return an approval's line of a list."""
    until = (
        f"until {approval.expires_at:%Y-%m-%d %H:%M}"
        if approval.status is ApprovalStatus.PENDING
        else outcome(approval)
    )
    return {
        "id": str(approval.id)[:8],
        "kind": str(approval.proposal.kind),
        "status": str(approval.status),
        "title": f"DISQUALIFIED: {approval.proposal.title}" if warnings(approval) else approval.proposal.title,
        "what": until,
    }
