"""Leads of a segment, as research counts them and as letters may know them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.outreach.markets import Segment
from core.text.regions import spellings_in
from db.schema.tables import AssessmentRow, LeadRow

COUNTED = ("industry", "country", "company_size", "contact_title", "contact_email", "tier")
"""What research counts, in the order of its columns."""


def _of_segment(segment: Segment, *columns: Any) -> Select[Any]:
    joined = LeadRow.__table__.outerjoin(AssessmentRow.__table__, AssessmentRow.lead_id == LeadRow.id)
    chosen = select(*columns).select_from(joined).order_by(LeadRow.id).limit(segment.limit)
    if segment.industry:
        chosen = chosen.where(
            func.lower(LeadRow.__table__.c.industry).contains(segment.industry.lower(), autoescape=True)
        )
    if segment.country:
        chosen = chosen.where(func.lower(LeadRow.__table__.c.country).in_(sorted(spellings_in(segment.country))))
    if segment.tiers:
        chosen = chosen.where(AssessmentRow.tier.in_(segment.tiers))
    return chosen


async def select_counted(connection: AsyncConnection, segment: Segment) -> list[tuple[Any, ...]]:
    """Return the leads of a segment, oldest first, each in the order of `COUNTED`."""
    columns = [AssessmentRow.tier if name == "tier" else getattr(LeadRow, name) for name in COUNTED]
    return [tuple(row) for row in await connection.execute(_of_segment(segment, *columns))]


async def select_addressed(
    connection: AsyncConnection, segment: Segment, fields: Sequence[str], lead_ids: Collection[UUID] = ()
) -> list[Mapping[str, Any]]:
    """Return the leads of a segment, oldest first, as letters need them.

    Args:
        connection: any.
        segment: which; not looked at where `lead_ids` are given.
        fields: of a lead.
        lead_ids: only these.

    Returns:
        By name: `id`, the fields, and `tier`, `score`, `reasoning`, `source`, `created_import_id`, `edited_by`.
    """
    names = dict.fromkeys(("id", *fields, "source", "created_import_id", "edited_by"))
    columns = [getattr(LeadRow, name) for name in names]
    thought = [AssessmentRow.tier, AssessmentRow.score, AssessmentRow.reasoning]
    chosen = _of_segment(Segment(limit=100_000) if lead_ids else segment, *columns, *thought)
    if lead_ids:
        chosen = chosen.where(LeadRow.id.in_(list(lead_ids)))
    return [dict(row) for row in (await connection.execute(chosen)).mappings()]
