"""Leads and contacts looked up and changed by a person: each change in its own transaction, under the person's name."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from core.errors import Conflict, InvalidInput, LeadNotFound
from core.leads.fields import BY_NAME, clean
from core.leads.search import search_of
from core.outreach.approvals import person
from core.reports.exports import in_words
from db.leads import changing, describing, duplicates, listing, merging, reading
from db.leads.duplicates import PairFilters
from db.leads.listing import Count, Filters, Page
from db.leads.matching import current_id
from db.leads.merging import Deed
from db.leads.repointing import LeadOrContact
from tasks.runtime.resources import database


class Decided(NamedTuple):
    """What became of pairs that were decided: how many, and which not and why."""

    decided: int
    refused: list[dict[str, str]]


async def list_leads(
    text: str | None, filters: Filters, *, after: str | None = None, limit: int = 25
) -> tuple[Page, Count | None]:
    """List leads by what is looked for; of all of them also how many there are. Raises InvalidInput."""
    async with database() as connection:
        page = await listing.select_leads(
            connection, search_of(text) if text else None, filters, after=after, limit=limit
        )
        is_all = text is None and filters == Filters()
        return page, await listing.count(connection, "lead") if is_all else None


async def list_contacts(text: str | None, *, after: str | None = None, limit: int = 25) -> tuple[Page, Count | None]:
    """List contacts by what is looked for; of all of them also how many there are. Raises InvalidInput."""
    async with database() as connection:
        page = await listing.select_contacts(connection, search_of(text) if text else None, after=after, limit=limit)
        return page, None if text else await listing.count(connection, "contact")


async def show(kind: LeadOrContact, record_id: UUID) -> dict[str, Any]:
    """Return a lead or contact with what explains it; of a lead `why`, the reason of its score in a line.

    Raises:
        LeadNotFound: there is none.
    """
    async with database() as connection:
        found = await describing.describe(connection, kind, record_id)
    if assessment := found.get("assessment"):
        said = {name: assessment[name] for name in ("reasoning", "breakdown", "reason")}
        assessment["why"] = in_words(**said)
    return found


def changes_of(settings: Sequence[str]) -> dict[str, Any]:
    """Read what a person wants changed: `city=Leeds`; `city=` empties; `tags=fair, old` is a list.

    Raises:
        InvalidInput: a field is not known, or its value cannot be one.
    """
    found: dict[str, Any] = {}
    for setting in settings:
        name, separator, written = setting.partition("=")
        name, written = name.strip(), written.strip()
        if not separator:
            raise InvalidInput(f"{name or 'a change'}: write FIELD=VALUE, or FIELD= to empty it")
        if name == "tags":
            found[name] = list(dict.fromkeys(filter(None, (tag.strip() for tag in written.split(",")))))
        elif name == "state":
            if written not in ("active", "former"):
                raise InvalidInput("state is active or former")
            found[name] = written
        else:
            found[name] = _cleaned(name, written) if written else None
    return found


def _cleaned(name: str, written: str) -> str:
    value = clean(name, written)
    if value is None:
        label = BY_NAME[name].label if name in BY_NAME else name
        raise InvalidInput(f"{name}: what is given is no {label.lower()}")
    return value


async def edit(
    kind: LeadOrContact, record_id: UUID, changes: Mapping[str, Any], *, by: str, reason: str | None = None
) -> UUID:
    """Change a lead or contact in a person's name; return its id. Raises InvalidInput, LeadNotFound."""
    async with database() as connection:
        if await reading.kind_of(connection, await current_id(connection, record_id)) != kind:
            raise LeadNotFound(f"no {kind} {record_id}; `sales-agent {kind}s list` finds them")
        return await reading.edit(connection, record_id, changes, by=person(by), now=datetime.now(UTC), reason=reason)


async def merge(
    kind: LeadOrContact, kept_id: UUID, gone_ids: Sequence[UUID], *, by: str, reason: str | None = None
) -> UUID:
    """Merge leads, or the people of contacts, into the first; all of it or nothing. Raises LeadNotFound, Conflict."""
    deed = _deed(by, reason)
    async with database() as connection:
        for gone_id in gone_ids:
            one = merging.merge_leads if kind == "lead" else merging.merge_contacts
            kept_id = await one(connection, kept_id, gone_id, deed)
    return kept_id


async def move(contact_id: UUID, lead_id: UUID, *, by: str, reason: str | None = None) -> None:
    """Move a contact to another lead. Raises LeadNotFound, Conflict."""
    async with database() as connection:
        await changing.move_contact(connection, contact_id, lead_id, _deed(by, reason))


async def delete(kind: LeadOrContact, record_id: UUID, *, by: str, reason: str | None = None) -> None:
    """Delete a lead with its contacts, or a contact. Raises LeadNotFound."""
    async with database() as connection:
        await changing.delete(connection, kind, record_id, _deed(by, reason))


async def list_pairs(
    filters: PairFilters, *, after: str | None = None, limit: int = 25
) -> tuple[Page, tuple[int, bool]]:
    """List undecided pairs, and how many there are, up to ten thousand. Raises InvalidInput."""
    async with database() as connection:
        page = await duplicates.select_open(connection, filters, after=after, limit=limit)
        return page, await duplicates.count_open(connection)


async def decide(
    decision: Literal["merge", "apart"],
    handles: Sequence[str],
    filters: PairFilters | None = None,
    *,
    by: str,
    reason: str | None = None,
    keep: UUID | None = None,
) -> Decided:
    """Merge pairs or keep them apart: those that are named, or every undecided one of some filters.

    Each merge is a transaction of its own: one that cannot be made leaves the others.

    Raises:
        InvalidInput: one of those named is no pair, or `keep` is none of it.
    """
    deed, refused, merged = _deed(by, reason), list[dict[str, str]](), 0
    async with database() as connection:
        pairs = await (
            duplicates.select_pairs(connection, filters) if filters else duplicates.find(connection, handles)
        )
        if decision == "apart":
            return Decided(await duplicates.keep_apart(connection, pairs, deed), [])
    for pair in pairs:
        try:
            async with database() as connection:
                kept, gone = await duplicates.ordered(connection, pair, keep)
                join = merging.merge_leads if pair.kind == "lead" else merging.merge_people
                await join(connection, kept, gone, deed)
        except (Conflict, LeadNotFound) as error:
            refused.append({"pair": pair.handle, "why": error.message})
        else:
            merged += 1
    return Decided(merged, refused)


def _deed(by: str, reason: str | None) -> Deed:
    return Deed(person(by), datetime.now(UTC), reason)
