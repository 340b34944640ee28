"""Whom a campaign is for: the best contact of each lead, all of them where that is asked, or those who are named."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from core.discovery.company_contacts import WEBSITE
from core.leads.fields import BY_NAME
from core.outreach.address_origins import AddressSource, told
from core.outreach.approvals import EXCLUDED
from core.outreach.campaigns import FIELD_OF, Addressee, CampaignRequest
from core.outreach.markets import Segment
from core.outreach.recipients import best_of_each
from core.outreach.suppression import spellings
from core.settings.settings import settings
from core.text.mailboxes import is_shared
from core.text.names import read_name
from db.leads import address_sources, segments
from db.leads.address_sources import StoredSource
from db.leads.matching import current_id
from db.outreach import first_messages
from db.outreach.suppressions import refusals_of
from db.server.engine import Connection
from integrations.plugs import PLUGS
from tasks.outreach.keys import tombstone_key
from tasks.runtime.resources import database

_READ = (*dict.fromkeys(FIELD_OF.values()), "contact_name", "contact_title", "contact_email", "country", "company_size")
Rows = list[Mapping[str, Any]]


async def addressed_rows(request: CampaignRequest) -> Rows:
    """Read who is addressed, with their leads and scores; a lead that has nobody is a row without a contact."""
    async with database() as connection:
        named = await _named(connection, request.contact_ids)
        if named and not request.lead_ids:
            return named
        lead_ids = {await current_id(connection, lead_id) for lead_id in request.lead_ids}
        rows = await segments.select_addressed(connection, request.segment, _READ, lead_ids=lead_ids)
        known = {row["contact_id"] for row in named}
        chosen = await _chosen(connection, rows, all_contacts=request.all_contacts)
    return [*named, *(row for row in chosen if row["contact_id"] is None or row["contact_id"] not in known)]


async def _named(connection: Connection, contact_ids: Iterable[UUID]) -> Rows:
    wanted = {await current_id(connection, contact_id) for contact_id in contact_ids}
    if not wanted:
        return []
    return list(await segments.select_addressed(connection, Segment(), _READ, contact_ids=wanted))


async def _chosen(connection: Connection, rows: list[dict[str, Any]], *, all_contacts: bool) -> Rows:
    best = best_of_each(rows, await refusals_of(connection, rows, tombstone_key))
    if not all_contacts:
        return best
    chosen = {id(row) for row in best}
    return [row for row in rows if id(row) in chosen or _has_own_address(row)]


def _has_own_address(row: Mapping[str, Any]) -> bool:
    return bool(row["contact_email"]) and not is_shared(str(row["contact_email"]).lower())


async def addressees_of(rows: Rows) -> list[Addressee]:
    """Return rows of `addressed_rows` as people to write to, with the line that says where their address is from."""
    known: dict[UUID, StoredSource] = {}
    if settings().outreach.campaigns.address_origin:
        contact_ids = [row["contact_id"] for row in rows if row["contact_id"] is not None]
        async with database() as connection:
            known = await address_sources.select(connection, contact_ids)
    return [addressee_of(row, known.get(row["contact_id"])) for row in rows]


def addressee_of(row: Mapping[str, Any], source: StoredSource | None = None) -> Addressee:
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
        contact_id=row["contact_id"],
        person_id=row["person_id"],
        has_left=row["state"] == "former",
        address_origin=None if source is None else said_origin(source),
    )


def _provenance(row: Mapping[str, Any], field: str) -> str:
    """Return where a field's value is from, as far as lead or contact knows."""
    is_of_person = BY_NAME[field].of == "person"
    edited_by = row["contact_edited_by" if is_of_person else "edited_by"]
    if edited_by:
        return f"lead.{field}, edited by {edited_by}"
    import_id = row["contact_import_id" if is_of_person else "created_import_id"]
    source = row["contact_source" if is_of_person else "source"]
    if import_id:
        return f"lead.{field}, import {import_id}" + (f" ({source})" if source else "")
    page = row["source_url"] if is_of_person else None
    return f"lead.{field}" + (f", {page}" if page else "")


async def origin_for(contact_id: UUID | None, address: str | None) -> str | None:
    """Return the line that says where a contact's address is from; None to who was written to before."""
    if contact_id is None or not address or not settings().outreach.campaigns.address_origin:
        return None
    async with database() as connection:
        person_id = await first_messages.find_person(connection, contact_id)
        people = [] if person_id is None else [person_id]
        written = await first_messages.select_others(connection, [address], people)
        if any(other.went_out for other in written.to(spellings(address)[0], person_id)):
            return None
        known = await address_sources.select(connection, [contact_id])
    return said_origin(known[contact_id]) if contact_id in known else None


def said_origin(source: StoredSource) -> str | None:
    """Return the line that says where an address is from, or None where that is not known."""
    if source.name == WEBSITE:
        return told(AddressSource(page=source.url, company_domain=source.company_domain))
    if source.name == "import":
        return told(AddressSource(list_name=source.list_name))
    return told(AddressSource(provider=_titles().get(source.name), is_of_crm=source.name == "crm"))


def _titles() -> dict[str, str]:
    """Return what people call who offers a source of values or of people."""
    of_values = {offer.name: plug.title for plug in PLUGS for offer in plug.sources}
    return of_values | {plug.people.name: plug.title for plug in PLUGS if plug.people is not None}
