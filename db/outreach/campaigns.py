"""Campaigns and whose messages belong to them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from core.outreach.campaigns import CampaignMessage, Variant
from db.server.engine import Connection


async def upsert(
    connection: Connection, campaign_id: UUID, segment: str, variants: Sequence[Variant], *, now: datetime
) -> None:
    """Keep a campaign's variants; the same campaign again changes nothing else."""
    said = [variant.model_dump(mode="json") for variant in variants]
    await connection.execute(
        "INSERT INTO campaigns (id, segment, variants, created_at) VALUES (%(id)s, %(segment)s, %(variants)s, %(now)s)"
        " ON CONFLICT (id) DO UPDATE SET variants = excluded.variants",
        {"id": campaign_id, "segment": segment, "variants": Jsonb(said), "now": now},
    )


async def upsert_message(
    connection: Connection, campaign_id: UUID, message: CampaignMessage, approval_id: UUID
) -> None:
    """Note whose message an approval holds, and where its facts are from."""
    await connection.execute(
        """
        INSERT INTO campaign_letters (campaign_id, contact_id, lead_id, approval_id, persona, tone, facts)
        VALUES (%(campaign_id)s, %(contact_id)s, %(lead_id)s, %(approval_id)s, %(persona)s, %(tone)s, %(facts)s)
        ON CONFLICT (campaign_id, contact_id) DO UPDATE SET approval_id = excluded.approval_id,
            persona = excluded.persona, tone = excluded.tone, facts = excluded.facts
        """,
        {
            "campaign_id": campaign_id,
            "contact_id": message.contact_id,
            "lead_id": message.lead_id,
            "approval_id": approval_id,
            "persona": message.persona,
            "tone": message.tone,
            "facts": Jsonb([fact.model_dump() for fact in message.facts]),
        },
    )
