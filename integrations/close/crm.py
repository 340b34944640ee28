"""Close as a CRM to keep in step with: its objects as records, its event log as changes.

Source: Close API, "Event Log", "Advanced Filtering", "Custom fields" (checked November 2026). What it does to us:

- updates close in time are merged into one event, which keeps its id and is newer and larger each time;
- an edit of a contact leaves no event of its lead, and moves the lead's `date_updated` all the same;
- lists (`emails`, `phones`, `urls`, `addresses`) are replaced as a whole, so they are read before they are written;
- a search shows what was created only after a while, so it can prove that something is there, never that it is not.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from core.crm.opt_outs import RemoteRefusal
from core.crm.records import (
    Complaint,
    Description,
    RecordKind,
    RecordValues,
    RemoteChange,
    RemoteRecord,
    RemoteUnit,
    SentMessage,
    Stamp,
)
from core.errors import ConfigurationError, UnexpectedAnswer
from core.outreach.suppression import Reason
from integrations.close.activities import log_sent
from integrations.close.client import CloseClient
from integrations.close.crm_fields import CONTACT_FIELDS, LEAD_FIELDS, FieldNames
from integrations.close.ids import at_lead, is_id, refusals_of
from integrations.close.schemas import CloseContact, CloseEvent, CloseLead, CloseObject

_PAGE = 50
_STAMPS = 100
_SEARCH_CAP = 10_000
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)


class CloseCRM:
    """Close behind `core.ports.CRMProvider`.

    Args:
        client: open; whoever opened it closes it.
    """

    name = "close"

    def __init__(self, client: CloseClient) -> None:
        self._client = client
        self._names = FieldNames(Description((), ()))
        self._shown: dict[str, tuple[CloseLead | CloseContact, datetime | None]] = {}
        self._making_field = asyncio.Lock()
        self._writing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._kinds: tuple[CloseObject, ...] = (CloseObject.LEAD, CloseObject.CONTACT)

    @property
    def clock_offset_s(self) -> float | None:
        """Seconds Close's clock is ahead of ours, by the last answer's `Date`."""
        return self._client.clock_offset_s

    @property
    def calls(self) -> int:
        """Answers that came so far."""
        return self._client.answers

    async def describe(self) -> Description:
        """Ask for custom fields and statuses; the other fields are Close's own."""
        ids: dict[str, str] = {}
        customs: dict[CloseObject, list[str]] = {}
        for kind in CloseObject:
            defined = await self._client.custom_fields(kind)
            own = self._client.own_id_name
            customs[kind] = [f"custom.{field.name}" for field in defined if field.name != own]
            for field in defined:
                ids[f"{kind}.own" if field.name == own else f"{kind}.custom.{field.name}"] = field.id
                ids[f"type.{field.id}"] = field.type or "text"
        statuses = await self._client.lead_statuses()
        ids |= {f"status.{status.label}": status.id for status in statuses}
        return Description(
            (*LEAD_FIELDS, *customs[CloseObject.LEAD]),
            (*CONTACT_FIELDS, *customs[CloseObject.CONTACT]),
            tuple(status.label for status in statuses),
            ids,
        )

    def use(self, description: Description, fields: Mapping[RecordKind, Sequence[str]]) -> None:
        """Take the names and ids to speak with, and leave contacts alone where no field of theirs is wanted."""
        self._names = FieldNames(description, {kind: tuple(names) for kind, names in fields.items()})
        contacts = (CloseObject.CONTACT,) if fields.get(RecordKind.CONTACT) else ()
        self._kinds = (CloseObject.LEAD, *contacts)

    async def changes_since(self, since: datetime) -> AsyncIterator[Sequence[RemoteChange]]:
        """Yield pages of events of leads and contacts, newest first. Raises Gone beyond 30 days."""
        page: list[RemoteChange] = []
        async for event in self._client.events_since(since, object_types=self._kinds, now=self._now()):
            page += self._changes(event)
            if len(page) >= _PAGE:
                yield page
                page = []
        yield page

    def _now(self) -> datetime:
        return self._client.now_there()

    def _changes(self, event: CloseEvent) -> list[RemoteChange]:
        kind = RecordKind(event.object_type)
        merged = _merge(event)
        if merged is not None:
            source, destination = merged
            gone = RemoteChange(f"{event.id}:from", event.date_updated, kind, source, source, "merged", destination)
            into = RemoteChange(f"{event.id}:into", event.date_updated, kind, destination, destination, "updated")
            return [gone, into]
        fields = self._names.changed(kind, event.changed_fields) if event.action == "updated" else None
        return [
            RemoteChange(
                event.id,
                event.date_updated,
                kind,
                event.object_id,
                event.lead_id,
                event.action,
                None,
                fields,
                self._values(kind, event),
                # A merged entry may hold somebody else's update beside that of the key it names.
                event.api_key_id if event.date_created == event.date_updated else None,
                self._refuses(kind, event),
            )
        ]

    def _refuses(self, kind: RecordKind, event: CloseEvent) -> bool:
        """Return whether an event shows that nobody is to write there, or hides a field that may say so."""
        if not event.data:
            return self._names.may_refuse(kind, event.changed_fields or ())
        shape: type[CloseLead] | type[CloseContact] = CloseLead if kind is RecordKind.LEAD else CloseContact
        parsed = self._client.parsed(shape, {**event.data, "id": event.object_id}, "GET /event/")
        return self._names.refusing(kind, parsed) is not None or _is_unsubscribed(parsed)

    def _values(self, kind: RecordKind, event: CloseEvent) -> RecordValues | None:
        """Return what an event says the fields are now; None where it hides that."""
        if not event.data:
            return None
        data = {**event.data, "id": event.object_id}
        shape: type[CloseLead] | type[CloseContact] = CloseLead if kind is RecordKind.LEAD else CloseContact
        parsed = self._client.parsed(shape, data, "GET /event/")
        values = self._names.values(kind, parsed)
        return {name: value for name, value in values.items() if self._names.wire(kind, name) in data}

    async def stamps(self, ids: Sequence[str] | None = None) -> AsyncIterator[Sequence[Stamp]]:
        """Yield leads by search: those of `ids`, or all, in the order of their creation."""
        found = self._all_leads() if ids is None else self._leads_of(ids)
        async for leads in found:
            yield [_stamp(lead) for lead in leads]

    async def _leads_of(self, ids: Sequence[str]) -> AsyncIterator[Sequence[CloseLead]]:
        wanted = [each for each in dict.fromkeys(ids) if is_id(each)]
        for start in range(0, len(wanted), _STAMPS):
            nodes = [{"type": "id", "value": each} for each in wanted[start : start + _STAMPS]]
            lists = ["addresses", "contacts"]
            found = [lead async for lead in self._search([{"type": "or", "queries": nodes}], lists)]
            self._shown = {lead.id: (lead, lead.date_updated) for lead in found}
            self._shown |= {each.id: (each, lead.date_updated) for lead in found for each in lead.contacts}
            yield found

    async def _all_leads(self) -> AsyncIterator[Sequence[CloseLead]]:
        since = _FIRST
        of_last: set[str] = set()
        while True:
            found = [lead async for lead in self._search([_created_since(since)])]
            fresh = [lead for lead in found if lead.id not in of_last]
            for start in range(0, len(fresh), _STAMPS):
                yield fresh[start : start + _STAMPS]
            if len(found) < _SEARCH_CAP:
                return
            last = max(lead.date_created for lead in found if lead.date_created)
            if last <= since:
                raise UnexpectedAnswer("close: more than 10,000 leads of one moment cannot be listed", provider="close")
            since, of_last = last, {lead.id for lead in found if lead.date_created == last}

    def _search(self, conditions: Sequence[Any], more: Sequence[str] = ()) -> AsyncIterator[CloseLead]:
        fields = ["id", "date_created", "date_updated", *more]
        return self._client.search_leads(conditions, fields=fields, sort="date_created")

    async def fetch(self, lead_id: str) -> RemoteUnit:
        """Return a lead with its contacts."""
        return self._unit(await self._client.lead(lead_id))

    async def find(self, own_id: UUID) -> RemoteUnit | None:
        """Return the lead that carries our id in its custom field."""
        try:
            found = await self._client.find_lead(own_id)
        except ConfigurationError:  # without the field for our ids nothing carries one
            return None
        return None if found is None else self._unit(found)

    async def create_lead(
        self, own_id: UUID, values: RecordValues, contacts: Mapping[UUID, RecordValues]
    ) -> RemoteUnit:
        """Post a lead with its contacts nested, once."""
        body = self._names.lead_body(values, None) | {await self._own_key(CloseObject.LEAD): own_id.hex}
        if contacts:
            key = await self._own_key(CloseObject.CONTACT)
            body["contacts"] = [
                self._names.contact_body(person, None) | {key: person_id.hex} for person_id, person in contacts.items()
            ]
        with refusals_of(str(own_id), self._names.named):
            return self._unit(await self._client.post_lead(body))

    async def create_contact(self, lead_id: str, own_id: UUID, values: RecordValues) -> RemoteRecord:
        """Post a contact of a lead, once."""
        key = await self._own_key(CloseObject.CONTACT)
        body = self._names.contact_body(values, None) | {key: own_id.hex, "lead_id": lead_id}
        with refusals_of(str(own_id), self._names.named), at_lead(lead_id):
            return self._contact(await self._client.post_contact(body))

    async def update(
        self, kind: RecordKind, record_id: str, changes: RecordValues, *, seen_at: datetime | None = None
    ) -> RemoteRecord:
        """Put the changed keys; lists are known before they are replaced, so that what is not ours in them stays."""
        with refusals_of(record_id, self._names.named):
            if not self._names.needs_reading(changes):
                return await self._put(kind, record_id, changes, None)
            async with self._alone(record_id):  # between reading a list and replacing it nobody else may
                held = await self._held(kind, record_id, seen_at)
                return await self._put(kind, record_id, changes, held)

    def _alone(self, record_id: str) -> asyncio.Lock:
        return self._writing.setdefault(record_id, asyncio.Lock())

    async def _held(self, kind: RecordKind, record_id: str, seen_at: datetime | None) -> CloseLead | CloseContact:
        """Return a record as it is, as `stamps` has just shown it where nothing has changed since."""
        shown, shown_at = self._shown.get(record_id, (None, None))
        if shown is not None and seen_at is not None and shown_at == seen_at:
            return shown
        read = self._client.lead if kind is RecordKind.LEAD else self._client.contact
        return await read(record_id)

    async def _put(
        self, kind: RecordKind, record_id: str, changes: RecordValues, held: CloseLead | CloseContact | None
    ) -> RemoteRecord:
        self._shown.pop(record_id, None)  # what was shown of it is no longer so
        if kind is RecordKind.LEAD:
            body = self._names.lead_body(changes, held if isinstance(held, CloseLead) else None)
            return self._lead(await self._client.update_lead(record_id, body))
        body = self._names.contact_body(changes, held if isinstance(held, CloseContact) else None)
        return self._contact(await self._client.update_contact(record_id, body))

    async def delete(self, kind: RecordKind, record_id: str) -> None:
        """Delete a lead or a contact."""
        if kind is RecordKind.LEAD:
            await self._client.delete_lead(record_id)
        else:
            await self._client.delete_contact(record_id)

    async def log_message(self, lead_id: str, message: SentMessage) -> str:
        """Log an e-mail as sent, on a lead."""
        async with self._alone(lead_id):  # two at once would both find nothing
            return await log_sent(self._client, lead_id, message)

    async def check(self) -> Complaint | None:
        """Ask whose key it is, and whether the custom field for our ids can hold them.

        A field that is not there is nothing wrong: the first sync makes it.
        """
        await self._client.me()
        name = self._client.own_id_name
        unfit = [
            f"{kind}s: {field.type}"
            for kind in CloseObject
            for field in await self._client.custom_fields(kind)
            if field.name == name and field.type != "text"
        ]
        if not unfit:
            return None
        return Complaint(
            f"key accepted, but the custom field {name!r} for our ids is no text ({', '.join(unfit)})",
            "rename it in Close, under Settings, Custom Fields, or set CLOSE_OWN_ID_FIELD to another name",
        )

    async def _own_key(self, kind: CloseObject) -> str:
        """Return the key of the custom field with our ids; Close gets the field where it has none yet."""
        async with self._making_field:  # two at once would make it twice
            known = self._names.own_field(kind) or self._client.known_own_id_field(kind)
            return f"custom.{known or await self._client.ensure_own_id_field(kind)}"

    def _unit(self, lead: CloseLead) -> RemoteUnit:
        contacts = tuple(self._contact(contact) for contact in lead.contacts)
        return RemoteUnit(self._lead(lead), contacts, tuple(self._refusals(lead)))

    def _refusals(self, lead: CloseLead) -> Iterator[RemoteRefusal]:
        """Yield who is not to be written to: by an address's mark, a custom field, or the lead's status."""
        of_lead = self._names.refusing(RecordKind.LEAD, lead)
        if of_lead is not None:
            addresses = tuple(email.email for contact in lead.contacts for email in contact.emails)
            where, reason = of_lead
            yield RemoteRefusal(lead.id, where, reason, True, addresses, None, lead.name, lead.url)
        for contact in lead.contacts:
            marked = ("is_unsubscribed", Reason.OPT_OUT) if _is_unsubscribed(contact) else None
            found = marked or self._names.refusing(RecordKind.CONTACT, contact)
            if found is not None:
                addresses = tuple(email.email for email in contact.emails)
                yield RemoteRefusal(contact.id, *found, False, addresses, contact.name, lead.name, lead.url)

    def _lead(self, lead: CloseLead) -> RemoteRecord:
        own = _uuid(lead.custom_values.get(self._own_id_field(CloseObject.LEAD)))
        return RemoteRecord(RecordKind.LEAD, lead.id, self._names.values(RecordKind.LEAD, lead), own, lead.date_updated)

    def _contact(self, contact: CloseContact) -> RemoteRecord:
        own = _uuid(contact.custom_values.get(self._own_id_field(CloseObject.CONTACT)))
        values = self._names.values(RecordKind.CONTACT, contact)
        return RemoteRecord(RecordKind.CONTACT, contact.id, values, own, contact.date_updated)

    def _own_id_field(self, kind: CloseObject) -> str:
        return self._names.own_field(kind) or self._client.known_own_id_field(kind) or ""


def _is_unsubscribed(shape: CloseLead | CloseContact) -> bool:
    return isinstance(shape, CloseContact) and any(email.is_unsubscribed for email in shape.emails)


def _stamp(lead: CloseLead) -> Stamp:
    if lead.date_updated is None:
        raise UnexpectedAnswer("close: a search did not show date_updated", provider="close")
    return Stamp(lead.id, lead.date_updated)


def _created_since(moment: datetime) -> dict[str, Any]:
    return {
        "type": "field_condition",
        "field": {"type": "regular_field", "object_type": "lead", "field_name": "date_created"},
        "condition": {"type": "moment_range", "on_or_after": {"type": "fixed_utc", "value": moment.isoformat()}},
    }


def _merge(event: CloseEvent) -> tuple[str, str] | None:
    """Return source and destination of a merge; its `deleted` twin says the same."""
    leads = {name: value for name, value in (event.meta or {}).items() if str(value).startswith("lead_")}
    source = next((str(value) for name, value in leads.items() if "source" in name), None)
    destination = next((str(value) for name, value in leads.items() if "dest" in name), None)
    if event.object_type != "lead" or (event.action != "merged" and not (source and destination)):
        return None
    if source is None or destination is None:
        raise UnexpectedAnswer("close: an event of a merge does not say which leads were merged", provider="close")
    return source, destination


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text)) if text else None
    except ValueError:
        return None
