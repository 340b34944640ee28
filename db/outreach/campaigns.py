"""Campaigns and whose letters belong to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.outreach.campaigns import Letter, Variant
from db.schema.campaign_tables import CampaignLetterRow, CampaignRow


async def upsert(
    connection: AsyncConnection, campaign_id: UUID, segment: str, variants: Sequence[Variant], *, now: datetime
) -> None:
    """Keep a campaign's variants; the same campaign again changes nothing else."""
    said = [variant.model_dump(mode="json") for variant in variants]
    new = insert(CampaignRow).values(id=campaign_id, segment=segment, variants=said, created_at=now)
    await connection.execute(new.on_conflict_do_update(index_elements=[CampaignRow.id], set_={"variants": said}))


async def upsert_letter(connection: AsyncConnection, campaign_id: UUID, letter: Letter, approval_id: UUID) -> None:
    """Note whose letter an approval holds, and where its facts are from."""
    values: dict[str, Any] = {
        "approval_id": approval_id,
        "persona": letter.persona,
        "tone": letter.tone,
        "facts": [fact.model_dump() for fact in letter.facts],
    }
    new = insert(CampaignLetterRow).values(campaign_id=campaign_id, lead_id=letter.lead_id, **values)
    keys = [CampaignLetterRow.campaign_id, CampaignLetterRow.lead_id]
    await connection.execute(new.on_conflict_do_update(index_elements=keys, set_=values))
