"""Messages of a campaign: who is written to, and each person's message as an approval that waits."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from core.agents.threads import MARKETING
from core.errors import InvalidInput, NotPending, Suppressed
from core.outreach.approvals import EXCLUDED, TIER, ApprovalKind, Proposal
from core.outreach.campaigns import (
    FIELD_OF,
    Addressee,
    CampaignMessage,
    CampaignRequest,
    Skipped,
    Variant,
    write_message,
)
from core.outreach.first_messages import CAMPAIGN, MessageStage, Other, obstacle, why
from core.outreach.sending import checked_words
from core.settings.settings import settings
from core.text.names import read_name
from db.leads import segments
from db.outreach import approvals, campaigns, suppressions
from db.server.engine import Connection
from tasks.outreach.keys import tombstone_key
from tasks.runtime.resources import database

log = logging.getLogger(__name__)

MOST_PERSONAS = 3
_READ = (*dict.fromkeys(FIELD_OF.values()), "contact_name", "contact_title", "contact_email", "country", "company_size")


async def addressed_rows(request: CampaignRequest) -> list[dict[str, Any]]:
    """Read the leads of the segment, or those that were named, with their contacts and scores."""
    async with database() as connection:
        return await segments.select_addressed(connection, request.segment, _READ, request.lead_ids)


def addressee_of(row: Mapping[str, Any]) -> Addressee:
    """Return a row of `addressed_rows` as somebody to write to."""
    values = {field: str(row[field]) for field in FIELD_OF.values() if row[field]}
    stored = {field: (field, value, _provenance(row, field)) for field, value in values.items()}
    name = read_name(row["contact_name"] or "")
    for field, part in (("first_name", name.given if name else ""), ("last_name", name.family if name else "")):
        if part and field not in values:
            values[field] = part
            stored[field] = ("contact_name", str(row["contact_name"]), _provenance(row, "contact_name"))
    secrets = [row["reasoning"] or "", f"{row['score']:f}" if row["score"] is not None and row["score"] % 1 else ""]
    return Addressee(
        row["id"],
        row["contact_email"],
        row["contact_title"],
        values,
        stored,
        secrets,
        is_disqualified=row["tier"] == EXCLUDED,
    )


def _provenance(row: Mapping[str, Any], field: str) -> str:
    """Return where a field's value is from, as far as the lead knows."""
    if row["edited_by"]:
        return f"lead.{field}, edited by {row['edited_by']}"
    label = f" ({row['source']})" if row["source"] else ""
    return f"lead.{field}, import {row['created_import_id']}{label}" if row["created_import_id"] else f"lead.{field}"


async def draft(
    connection: Connection, campaign_id: UUID, message: CampaignMessage, written: dict[str, list[Other]]
) -> str | None:
    """Ask for the approval of a message; say why where that cannot be. Keeps in `written` who is written to."""
    proposal = _proposal(campaign_id, message)
    others = [other for other in written.get(message.to, []) if other.subject_id != proposal.subject_id]
    if (other := obstacle(proposal, others, MessageStage.DRAFT)) is not None:
        return why(other)
    lifetime = timedelta(days=settings().outreach.approvals.lifetime_days)
    try:
        checked_words(proposal.content)
        await suppressions.refuse_suppressed(connection, message.to, tombstone_key(), lead_id=message.lead_id)
        approval = await approvals.request(connection, proposal, now=datetime.now(UTC), lifetime=lifetime)
    except (InvalidInput, Suppressed, NotPending) as error:
        # Where a refusal was heard is told by the list of suppressions; here they are counted by their reason.
        return error.message.partition(";")[0] if isinstance(error, Suppressed) else type(error).__name__
    await campaigns.upsert_message(connection, campaign_id, message, approval.id)
    drafted = Other(
        approval.id, ApprovalKind.EMAIL, proposal.subject_id, message.subject, approval.status, None, datetime.now(UTC)
    )
    written.setdefault(message.to, []).append(drafted)
    return None


def messages_of(
    addressees: Iterable[Addressee], variants: Sequence[Variant], request: CampaignRequest
) -> tuple[list[CampaignMessage], list[Skipped]]:
    """Make each person's message; the tones take turns by the lead's id, so that they can be compared."""
    messages: list[CampaignMessage] = []
    skipped: list[Skipped] = []
    for addressee in addressees:
        if addressee.is_disqualified and not request.lead_ids:
            skipped.append(Skipped(lead_id=addressee.lead_id, reason="disqualified by the profile"))
            continue
        fitting = [variant for variant in variants if variant.persona == addressee.persona]
        if not fitting:
            skipped.append(Skipped(lead_id=addressee.lead_id, reason="another persona"))
            continue
        if len(messages) == request.limit:
            skipped.append(Skipped(lead_id=addressee.lead_id, reason="beyond the limit"))
            continue
        written = write_message(fitting[addressee.lead_id.int % len(fitting)], addressee, request.sender)
        if isinstance(written, CampaignMessage):
            messages.append(written)
        else:
            skipped.append(written)
    return messages, skipped


def _proposal(campaign_id: UUID, message: CampaignMessage) -> Proposal:
    facts = {f"lead.{fact.stored_field}": fact.stored_value for fact in message.facts}
    if message.is_disqualified:
        facts[TIER] = EXCLUDED
    return Proposal(
        kind=ApprovalKind.EMAIL,
        subject_id=f"{CAMPAIGN}{campaign_id}/{message.lead_id}",
        title=f"Campaign message, {message.persona}, {message.tone}",
        content={"to": message.to, "subject": message.subject, "body": message.body},
        facts={**facts, "lead.contact_email": message.stored_to},
        recipient=message.to,
        lead_id=message.lead_id,
        proposed_by=MARKETING,
    )
