"""Tables of campaigns, as SQLAlchemy sees them. What a message says is in its approval, and nowhere else."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.tables import TableBase


class CampaignRow(TableBase):
    """One campaign: what was asked for, and the variants that came of it. Its id is that of its thread."""

    __tablename__ = "campaigns"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    segment: Mapped[str]
    variants: Mapped[list[Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class CampaignMessageRow(TableBase):
    """One contact's message, as an approval that waits; goes with its lead."""

    __tablename__ = "campaign_letters"
    __table_args__ = (Index("ix_campaign_letters_lead_id", "lead_id"),)

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"))
    approval_id: Mapped[UUID] = mapped_column(Uuid)
    persona: Mapped[str]
    tone: Mapped[str]
    facts: Mapped[list[Any]] = mapped_column(JSONB)
