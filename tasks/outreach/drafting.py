"""Messages of a campaign: each person's message as an approval that waits."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.agents.threads import MARKETING
from core.errors import InvalidInput, NotPending, Suppressed
from core.outreach.approvals import EXCLUDED, TIER, ApprovalKind, Proposal
from core.outreach.campaigns import (
    Addressee,
    CampaignMessage,
    CampaignRequest,
    Skipped,
    Variant,
    skipped,
    write_message,
)
from core.outreach.first_messages import CAMPAIGN, MessageStage, Other, WrittenTo, obstacle, why
from core.outreach.sending import checked_words
from core.settings.settings import settings
from db.outreach import approvals, campaigns, suppressions
from db.server.engine import Connection
from tasks.outreach.keys import tombstone_key

log = logging.getLogger(__name__)

MOST_PERSONAS = 3


async def draft(connection: Connection, campaign_id: UUID, message: CampaignMessage, written: WrittenTo) -> str | None:
    """Ask for the approval of a message; say why where that cannot be. Keeps in `written` who is written to."""
    proposal = _proposal(campaign_id, message)
    before = written.to(message.to, message.person_id)
    others = [other for other in before if other.subject_id != proposal.subject_id]
    if (other := obstacle(proposal, others, MessageStage.DRAFT)) is not None:
        return why(other)
    lifetime = timedelta(days=settings().outreach.approvals.lifetime_days)
    try:
        checked_words(proposal.content)
        await suppressions.refuse_suppressed(
            connection, message.to, tombstone_key(), lead_id=message.lead_id, contact_id=message.contact_id
        )
        approval = await approvals.request(connection, proposal, now=datetime.now(UTC), lifetime=lifetime)
    except (InvalidInput, Suppressed, NotPending) as error:
        # Where a refusal was heard is told by the list of suppressions; here they are counted by their reason.
        return error.message.partition(";")[0] if isinstance(error, Suppressed) else type(error).__name__
    await campaigns.upsert_message(connection, campaign_id, message, approval.id)
    drafted = Other(
        approval.id, ApprovalKind.EMAIL, proposal.subject_id, message.subject, approval.status, None, datetime.now(UTC)
    )
    written.add(drafted, [message.to], [] if message.person_id is None else [message.person_id])
    return None


def messages_of(
    addressees: Iterable[Addressee], variants: Sequence[Variant], request: CampaignRequest
) -> tuple[list[CampaignMessage], list[Skipped]]:
    """Make each person's message; the tones take turns by the contact's id, so that they can be compared."""
    messages: list[CampaignMessage] = []
    left_out: list[Skipped] = []
    for addressee in addressees:
        fitting = [variant for variant in variants if variant.persona == addressee.persona]
        if addressee.is_disqualified and not request.names_somebody:
            left_out.append(skipped(addressee, "disqualified by the profile"))
        elif addressee.contact_id is None:
            left_out.append(skipped(addressee, "no contact"))
        elif not fitting:
            left_out.append(skipped(addressee, "another persona"))
        elif len(messages) == request.limit:
            left_out.append(skipped(addressee, "beyond the limit"))
        else:
            written = write_message(fitting[addressee.contact_id.int % len(fitting)], addressee, request.sender)
            if isinstance(written, CampaignMessage):
                messages.append(written)
            else:
                left_out.append(written)
    return messages, left_out


def _proposal(campaign_id: UUID, message: CampaignMessage) -> Proposal:
    facts = {f"lead.{fact.stored_field}": fact.stored_value for fact in message.facts}
    if message.is_disqualified:
        facts[TIER] = EXCLUDED
    return Proposal(
        kind=ApprovalKind.EMAIL,
        subject_id=f"{CAMPAIGN}{campaign_id}/{message.contact_id}",
        title=f"Campaign message, {message.persona}, {message.tone}",
        content={"to": message.to, "subject": message.subject, "body": message.body},
        facts={**facts, "lead.contact_email": message.stored_to},
        recipient=message.to,
        lead_id=message.lead_id,
        contact_id=message.contact_id,
        proposed_by=MARKETING,
    )
