"""Whom we never write to, as the doors ask for it."""

from datetime import UTC, datetime
from uuid import UUID

from core.errors import InvalidInput
from core.outreach.suppression import Reason, Suppression, of_voice, target_of
from db.outreach import suppressions
from db.outreach.recipients import find_whom
from tasks.runtime.resources import database


async def suppress(text: str, *, reason: Reason, by: str, note: str | None = None) -> bool:
    """Suppress an address with the person whose it is, or a domain; return whether it is new.

    That an address takes no mail is a state of it, and says nothing of the person. Who is not to be called may be
    written to.

    Raises:
        InvalidInput: it is neither.
    """
    target = target_of(text)
    if target.kind in ("person", "company"):
        raise InvalidInput("somebody without an address is named by id: --contact ID, or --lead ID for a company")
    async with database() as connection:
        if reason is not Reason.BOUNCE:
            target = await suppressions.with_person(connection, target)
        if reason is Reason.DO_NOT_CALL:
            target = of_voice(target)
        return await suppressions.add(connection, target, reason=reason, by=by, note=note, now=datetime.now(UTC))


async def suppress_record(
    *, contact_id: UUID | None = None, lead_id: UUID | None = None, reason: Reason, by: str, note: str | None = None
) -> bool:
    """Suppress a contact as a person, or a lead with all its contacts; return whether it is new.

    Raises:
        LeadNotFound, NotFound: there is none.
    """
    async with database() as connection:
        whom = await find_whom(connection, lead_id, contact_id)
        found = await suppressions.targets_of(connection, whom[0], contact_id and whom[1])
        if reason is Reason.DO_NOT_CALL:
            found = [of_voice(target) for target in found]
        now = datetime.now(UTC)
        new = [await suppressions.add(connection, target, reason=reason, by=by, note=note, now=now) for target in found]
    return any(new)


async def unsuppress(text: str, *, by: str) -> bool:
    """Lift a suppression; return whether there was one. Raises InvalidInput."""
    async with database() as connection:
        return await suppressions.remove(connection, target_of(text), by=by, now=datetime.now(UTC))


async def list_suppressions() -> list[Suppression]:
    """List what stands, the newest first."""
    async with database() as connection:
        return await suppressions.select_standing(connection)
