"""Merges taken apart in a person's name; beside imports, because those undone meanwhile are undone in both."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from core.errors import LeadNotFound
from core.outreach.approvals import person
from db.imports import taking_apart
from db.imports.taking_apart import TakenApart
from db.leads import duplicates
from db.leads.matching import current_id
from db.leads.merging import Deed
from db.leads.repointing import LeadOrContact
from tasks.runtime.resources import database


async def take_apart(
    kind: LeadOrContact, gone_ids: Sequence[UUID], *, by: str, reason: str | None = None
) -> list[TakenApart]:
    """Take leads, or the people of contacts, out of what they were merged into, one after another; all or nothing.

    Raises:
        LeadNotFound: nothing was merged under one of these ids.
        Conflict: something since stands against it.
    """
    deed = Deed(person(by), datetime.now(UTC), reason)
    async with database() as connection:
        return [await taking_apart.take_apart(connection, kind, gone_id, deed) for gone_id in gone_ids]


async def take_pairs_apart(handles: Sequence[str], *, by: str, reason: str | None = None) -> list[TakenApart]:
    """Take merged pairs apart, all or nothing.

    Raises:
        InvalidInput: one of the names is no pair's.
        LeadNotFound: a pair was not merged.
        Conflict: something since stands against it.
    """
    deed, done = Deed(person(by), datetime.now(UTC), reason), list[TakenApart]()
    async with database() as connection:
        for pair in await duplicates.find(connection, handles):
            merged = [each for each in (pair.first_id, pair.second_id) if await current_id(connection, each) != each]
            if not merged:
                raise LeadNotFound(f"pair {pair.handle} was not merged")
            kind: Literal["lead", "person"] = "lead" if pair.kind == "lead" else "person"
            done.append(await taking_apart.take_apart(connection, kind, merged[0], deed))
    return done
