"""Whom we never write to, as the doors ask for it."""

from datetime import UTC, datetime

from core.outreach.suppression import Reason, Suppression, target_of
from db.outreach import suppressions
from tasks.runtime.resources import database


async def suppress(text: str, *, reason: Reason, by: str, note: str | None = None) -> bool:
    """Suppress an address or a domain; return whether it is new. Raises InvalidInput."""
    async with database() as connection:
        return await suppressions.add(
            connection, target_of(text), reason=reason, by=by, note=note, now=datetime.now(UTC)
        )


async def unsuppress(text: str, *, by: str) -> bool:
    """Lift a suppression; return whether there was one. Raises InvalidInput."""
    async with database() as connection:
        return await suppressions.remove(connection, target_of(text), by=by, now=datetime.now(UTC))


async def list_suppressions() -> list[Suppression]:
    """List what stands, the newest first."""
    async with database() as connection:
        return await suppressions.select_standing(connection)
