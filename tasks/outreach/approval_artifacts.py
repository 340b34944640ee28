"""What the Prefect page of a run shows of the approval it waits for: the exact words, and how to decide."""

from collections.abc import Sequence

from prefect.artifacts import acreate_markdown_artifact

from core.outreach.approval_text import text_of
from core.outreach.approvals import Approval, Status
from core.outreach.decisions import DIGEST_CHARS
from tasks.runtime.orchestration import in_flow_run


async def publish_waiting(approval: Approval, preamble: Sequence[str] = ()) -> None:
    """Show a pending approval with its exact text, and before it what must be known."""
    if not in_flow_run() or approval.status is not Status.PENDING:
        return
    fence = "~~~~~~"
    text = text_of(approval.content).replace(fence, "~ ~ ~")
    short = str(approval.id)[:8]
    markdown = "\n".join(
        [
            *[f"**{line.replace('*', ' ').replace('`', ' ')}**\n" for line in preamble],
            f"# Waiting for a decision: {approval.proposal.kind}",
            "",
            f"Approval `{approval.id}`, digest `{approval.digest[:DIGEST_CHARS]}`, "
            f"until {approval.expires_at:%Y-%m-%d %H:%M} UTC.",
            "",
            fence + "text",
            text,
            fence,
            "",
            f"`sales-agent approvals approve {short} --by NAME`, or run the deployment `decide-approval`.",
        ]
    )
    await acreate_markdown_artifact(markdown, key=f"approval-{approval.id}", description="Waiting for a decision")
