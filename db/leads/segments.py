"""Leads of a segment, as research counts them and as letters may know them."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from core.outreach.markets import Segment
from core.text.regions import countries_of
from db.server.engine import Connection
from db.server.statements import listed, select_dicts

COUNTED = ("industry", "country", "company_size", "contact_title", "contact_email", "tier")
"""What research counts, in the order of its columns."""


_CONDITIONS = {
    "industry": "position(%(industry)s IN lower(l.industry)) > 0",
    "country": "l.country = ANY (%(country)s)",
    "tiers": "a.tier = ANY (%(tiers)s)",
    "lead_ids": "l.id = ANY (%(lead_ids)s)",
}


async def _select(
    connection: Connection, segment: Segment, columns: Sequence[str], lead_ids: Collection[UUID] = ()
) -> list[dict[str, Any]]:
    asked = {
        "industry": segment.industry.lower() if segment.industry else None,
        "country": sorted(countries_of(segment.country)) if segment.country else None,
        "tiers": segment.tiers or None,
        "lead_ids": list(lead_ids) or None,
    }
    conditions = [condition for name, condition in _CONDITIONS.items() if asked[name] is not None]
    statement = f"""
        SELECT {listed(columns)} FROM leads l LEFT JOIN assessments a ON a.lead_id = l.id
        {"WHERE" if conditions else ""} {" AND ".join(conditions)} ORDER BY l.id LIMIT %(limit)s
    """
    return await select_dicts(connection, statement, {**asked, "limit": segment.limit})


async def select_counted(connection: Connection, segment: Segment) -> list[tuple[Any, ...]]:
    """Return the leads of a segment, oldest first, each in the order of `COUNTED`."""
    columns = ["a.tier" if name == "tier" else f"l.{name}" for name in COUNTED]
    return [tuple(row.values()) for row in await _select(connection, segment, columns)]


async def select_addressed(
    connection: Connection, segment: Segment, fields: Sequence[str], lead_ids: Collection[UUID] = ()
) -> list[dict[str, Any]]:
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
    columns = [*(f"l.{name}" for name in names), "a.tier", "a.score", "a.reasoning"]
    return await _select(connection, Segment(limit=100_000) if lead_ids else segment, columns, lead_ids)
