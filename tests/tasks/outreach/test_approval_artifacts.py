"""What waits says how to decide; what was decided says what became of it, and no longer how to decide."""

from datetime import UTC, datetime

from core.outreach.approvals import ApprovalKind, Decision, Proposal, decided, requested
from tasks.outreach.artifacts import approval_lines

NOW = datetime(2026, 12, 1, tzinfo=UTC)
WORDS = {"to": "maud@pumps.example", "subject": "Hello", "body": "~~~~~~\nA `word`."}


def test_an_approval_looks_open_only_while_it_is() -> None:
    proposal = Proposal(ApprovalKind.EMAIL, "one", "To Maud", WORDS, {}, recipient="maud@pumps.example")
    approval = requested(proposal, now=NOW)
    short = str(approval.id)[:8]
    waits = "\n".join(approval_lines(approval, ["DISQUALIFIED: *really*"]))
    assert "**DISQUALIFIED:  really **" in waits
    assert f"`sales-agent approvals approve {short} --by NAME`" in waits
    assert approval.digest[:12] in waits
    assert waits.count("~~~~~~") == 2

    done = decided(approval, Decision.APPROVE, by="Maud", digest=approval.digest, now=NOW)
    text = "\n".join(approval_lines(done, []))
    assert "Waiting" not in text
    assert "sales-agent approvals approve" not in text
    assert "approved by Maud" in text.replace("\\", "")
