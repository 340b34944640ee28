"""Client of the Close REST API v1.

Source: developer.close.com, "Authentication", "Rate limits", "Advanced Filtering", "Event Log", "Webhooks" (checked
November 2026). Close has no idempotency key and never de-duplicates, so what we create carries our own id in a custom
field; a create whose answer was lost is looked up by that id before it is tried again.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx

from core.errors import ConfigurationError, Gone
from integrations.close.headers import moment_of, rate_limit_of
from integrations.close.ids import checked_id
from integrations.close.schemas import (
    CloseContact,
    CloseCustomField,
    CloseEvent,
    CloseEventHead,
    CloseEventPage,
    CloseFieldSchema,
    CloseLead,
    CloseObject,
    ClosePage,
    CloseSearchPage,
    CloseStatus,
    CloseUser,
)
from integrations.http import DecodedResponse, JsonBody, ProviderClient
from integrations.http_errors import seconds_of
from integrations.resilience.guard import Guard
from integrations.resilience.rate_limit import Observation

WINDOW = "window"
"""Name of Close's only rate limit window."""
OWN_ID_FIELD = "Sales Agent ID"
EVENT_LOG_DAYS = 30
_PAGE = 100


class CloseClient(ProviderClient):
    """Leads, contacts, search, events and definitions of one Close organisation.

    Args:
        base_url: "https://api.close.com/api/v1".
        api_key: sent as the user of HTTP basic authentication.
        guard: see `integrations.resilience.guard`.
        own_id_field: name of the text custom field, on leads and on contacts, that holds our ids.
        timeout_s: seconds.
        clock: the time here, aware.

    Attributes:
        clock_offset_s: seconds Close's clock is ahead of ours, by its last answer; None before the first.
        answers: that came so far.
        own_id_name: name of the custom field for our ids.
    """

    floats = Decimal  # people's amounts, in custom fields: every digit counts

    def __init__(
        self,
        base_url: str,
        api_key: str,
        guard: Guard,
        *,
        own_id_field: str = OWN_ID_FIELD,
        timeout_s: float = 30.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(base_url, guard, auth=(api_key, ""), timeout_s=timeout_s)
        self.own_id_name = own_id_field
        self._clock = clock
        self.clock_offset_s: float | None = None
        self.answers = 0
        self._own_id_fields: dict[CloseObject, str] = {}

    async def me(self) -> CloseUser:
        """Return whose key this is; the cheapest check of it."""
        return self.parsed(CloseUser, (await self.request("GET", "/me/")).body, "GET /me/")

    # leads

    async def lead(self, lead_id: str) -> CloseLead:
        """Return one lead. Raises Gone when it does not exist (any more)."""
        answer = await self.request("GET", _path(CloseObject.LEAD, lead_id), operation="GET /lead/{id}/")
        return self.parsed(CloseLead, answer.body, "GET /lead/{id}/")

    async def leads(self) -> AsyncIterator[CloseLead]:
        """Yield all leads once each; leads created meanwhile may be missing."""
        async for item in self._pages("/lead/", {}):
            yield self.parsed(CloseLead, item, "GET /lead/")

    async def create_lead(self, fields: Mapping[str, JsonBody], own_id: UUID) -> CloseLead:
        """Create a lead, or return the one an earlier attempt created.

        Args:
            fields: in Close's names; `contacts` and `addresses` may be nested.
            own_id: our id of the lead.
        """
        field = await self.own_id_field(CloseObject.LEAD)
        existing = await self.find_lead(own_id)
        if existing is not None:
            return existing

        async def look_up() -> DecodedResponse | None:
            found = await self.find_lead(own_id)
            return None if found is None else DecodedResponse(found.model_dump(), {})

        body = {**fields, f"custom.{field}": own_id.hex}
        answer = await self.request("POST", "/lead/", body=body, look_up=look_up)
        return self.parsed(CloseLead, answer.body, "POST /lead/")

    async def post_lead(self, fields: Mapping[str, JsonBody]) -> CloseLead:
        """Create a lead, whatever is there already; an attempt without an answer is not made again."""
        return self.parsed(CloseLead, (await self.request("POST", "/lead/", body=dict(fields))).body, "POST /lead/")

    async def post_contact(self, fields: Mapping[str, JsonBody]) -> CloseContact:
        """Create a contact; else as `post_lead`. Without `lead_id` Close makes a lead for it."""
        answer = await self.request("POST", "/contact/", body=dict(fields))
        return self.parsed(CloseContact, answer.body, "POST /contact/")

    async def find_lead(self, own_id: UUID) -> CloseLead | None:
        """Return the lead that carries our id, the oldest where there are several, or None."""
        field = await self.own_id_field(CloseObject.LEAD)
        condition = {
            "type": "field_condition",
            "field": {"type": "custom_field", "custom_field_id": field},
            "condition": {"type": "text", "mode": "full_words", "value": own_id.hex},
        }
        wanted = ["id", "date_created", f"custom.{field}"]
        matches = [
            found
            async for found in self.search_leads([condition], fields=wanted)
            if found.custom_values.get(field) == own_id.hex
        ]
        latest = datetime.max.replace(tzinfo=UTC)
        for match in sorted(matches, key=lambda found: (found.date_created or latest, found.id)):
            with suppress(Gone):  # a search goes on to show what was deleted for a while
                return await self.lead(match.id)
        return None

    async def update_lead(self, lead_id: str, changes: Mapping[str, JsonBody]) -> CloseLead:
        """Change the given keys only (Close's PUT is a patch); None unsets a custom field. Not for nested contacts."""
        path, operation = _path(CloseObject.LEAD, lead_id), "PUT /lead/{id}/"
        answer = await self.request("PUT", path, operation=operation, body=dict(changes))
        return self.parsed(CloseLead, answer.body, operation)

    async def delete_lead(self, lead_id: str) -> None:
        """Delete a lead with all that hangs on it. One that is gone already counts as deleted."""
        await self._delete(CloseObject.LEAD, lead_id)

    async def merge_leads(self, source: str, destination: str) -> None:
        """Merge the lead `source` into `destination`; the former is gone afterwards."""

        async def look_up() -> DecodedResponse | None:
            try:
                await self.lead(source)
            except Gone:
                return DecodedResponse({}, {})
            return None

        body = {"source": source, "destination": destination}
        await self.request("POST", "/lead/merge/", body=body, look_up=look_up)

    # contacts

    async def contact(self, contact_id: str) -> CloseContact:
        """Return one contact. Raises Gone when it does not exist (any more)."""
        answer = await self.request("GET", _path(CloseObject.CONTACT, contact_id), operation="GET /contact/{id}/")
        return self.parsed(CloseContact, answer.body, "GET /contact/{id}/")

    async def contacts(self, lead_id: str) -> AsyncIterator[CloseContact]:
        """Yield the contacts of a lead."""
        async for item in self._pages("/contact/", {"lead_id": lead_id}):
            yield self.parsed(CloseContact, item, "GET /contact/")

    async def create_contact(self, lead_id: str, fields: Mapping[str, JsonBody], own_id: UUID) -> CloseContact:
        """Create a contact of a lead, or return the one an earlier attempt created."""
        field = await self.own_id_field(CloseObject.CONTACT)
        existing = await self.find_contact(lead_id, own_id)
        if existing is not None:
            return existing

        async def look_up() -> DecodedResponse | None:
            found = await self.find_contact(lead_id, own_id)
            return None if found is None else DecodedResponse(found.model_dump(), {})

        body = {**fields, "lead_id": lead_id, f"custom.{field}": own_id.hex}
        answer = await self.request("POST", "/contact/", body=body, look_up=look_up)
        return self.parsed(CloseContact, answer.body, "POST /contact/")

    async def find_contact(self, lead_id: str, own_id: UUID) -> CloseContact | None:
        """Return the contact of a lead that carries our id, or None."""
        field = await self.own_id_field(CloseObject.CONTACT)
        async for found in self.contacts(lead_id):
            if found.custom_values.get(field) == own_id.hex:
                return found
        return None

    async def update_contact(self, contact_id: str, changes: Mapping[str, JsonBody]) -> CloseContact:
        """Change the given keys only; lists such as `emails` are replaced as a whole."""
        path, operation = _path(CloseObject.CONTACT, contact_id), "PUT /contact/{id}/"
        answer = await self.request("PUT", path, operation=operation, body=dict(changes))
        return self.parsed(CloseContact, answer.body, operation)

    async def delete_contact(self, contact_id: str) -> None:
        """Delete a contact. One that is gone already counts as deleted."""
        await self._delete(CloseObject.CONTACT, contact_id)

    # search and events

    async def search_leads(
        self, conditions: Sequence[JsonBody], *, fields: Sequence[str], sort: str = "date_updated"
    ) -> AsyncIterator[CloseLead]:
        """Yield the leads that meet all conditions, oldest first; 10,000 at most, which is Close's own bound.

        All pages are read before the first lead is yielded: a cursor lives 30 seconds, a reader may take longer.

        Args:
            conditions: nodes of "Advanced Filtering" queries.
            fields: keys wanted; Close answers bare ids otherwise.
            sort: the date that says how old.
        """
        body: dict[str, Any] = {
            "query": {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}, *conditions]},
            "_fields": {"lead": list(fields)},
            "sort": [{"direction": "asc", "field": _lead_field(sort)}],
            "_limit": _PAGE,
            "cursor": None,
        }
        operation = "POST /data/search/"
        items: list[JsonBody] = []
        while True:
            answer = await self.request("POST", "/data/search/", body=body, may_repeat=True)
            page = self.parsed(CloseSearchPage, answer.body, operation)
            items += page.data
            if not page.cursor:
                break
            body["cursor"] = page.cursor
        for item in items:
            yield self.parsed(CloseLead, item, operation)

    async def leads_updated_since(self, day: date, *, fields: Sequence[str]) -> AsyncIterator[CloseLead]:
        """Yield leads changed on or after `day`; deletes and merges show in the event log only."""
        condition = {
            "type": "field_condition",
            "field": _lead_field("date_updated"),
            "condition": {
                "type": "moment_range",
                "on_or_after": {"type": "fixed_local_date", "value": day.isoformat(), "which": "start"},
            },
        }
        async for found in self.search_leads([condition], fields=fields):
            yield found

    async def events_since(
        self, since: datetime, *, object_types: Collection[str] = ("lead",), now: datetime | None = None
    ) -> AsyncIterator[CloseEvent]:
        """Yield events since `since` (aware), newest first, as Close orders them.

        All are read, and those of other objects passed over: Close takes certain combinations of filters only
        ("Retrieve a list of events"), of which an object type alone is none; with each action it is a walk for each.

        Args:
            since: compared with the events' `date_updated`; take a few minutes of overlap, because events are merged.
            object_types: of "lead" and "contact", those wanted.
            now: for tests.

        Raises:
            Gone: `since` lies before what the log keeps, so that events may be missing: read everything anew.
        """
        if since < (now or datetime.now(UTC)) - timedelta(days=EVENT_LOG_DAYS):
            raise Gone(f"Close keeps events for {EVENT_LOG_DAYS} days only", provider=self.provider)
        params: dict[str, str | int] = {"_limit": 50}
        first = {"date_updated__gte": since.astimezone(UTC).isoformat()}
        while True:
            answer = await self.request("GET", "/event/", params={**params, **first})
            page = self.parsed(CloseEventPage, answer.body, "GET /event/")
            for item in page.data:
                head = self.parsed(CloseEventHead, item, "GET /event/")
                if head.date_updated < since:
                    return
                if head.object_type in object_types:
                    yield self.parsed(CloseEvent, item, "GET /event/")
            if not page.cursor_next:
                return
            params["_cursor"], first = page.cursor_next, {}

    # definitions

    async def custom_fields(self, kind: CloseObject) -> list[CloseCustomField]:
        """Return the definitions of all custom fields of leads or contacts, those too that several kinds share."""
        path = f"/custom_field_schema/{kind}/"
        return list(self.parsed(CloseFieldSchema, (await self.request("GET", path)).body, f"GET {path}").fields)

    async def lead_statuses(self) -> list[CloseStatus]:
        """Return the lead statuses, in the organisation's order."""
        page = self.parsed(ClosePage, (await self.request("GET", "/status/lead/")).body, "GET /status/lead/")
        return [self.parsed(CloseStatus, item, "GET /status/lead/") for item in page.data]

    async def own_id_field(self, kind: CloseObject) -> str:
        """Return the id of the custom field for our ids. Raises ConfigurationError when there is none of that name."""
        if kind not in self._own_id_fields:
            fields = {field.name: field.id for field in await self.custom_fields(kind)}
            if self.own_id_name not in fields:
                raise ConfigurationError(
                    f"Close has no {kind} custom field named {self.own_id_name!r}: create one of type text in Close, "
                    "or set CLOSE_OWN_ID_FIELD"
                )
            self._own_id_fields[kind] = fields[self.own_id_name]
        return self._own_id_fields[kind]

    def known_own_id_field(self, kind: CloseObject) -> str | None:
        """Return the id of the custom field for our ids, where this client has asked for it already."""
        return self._own_id_fields.get(kind)

    def now_there(self) -> datetime:
        """Return the time by Close's clock, as far as it is known."""
        return self._clock() + timedelta(seconds=self.clock_offset_s or 0.0)

    async def ensure_own_id_field(self, kind: CloseObject) -> str:
        """Return the id of the custom field for our ids, created if it is not there; it changes the organisation."""

        async def look_up() -> DecodedResponse | None:
            found = [field for field in await self.custom_fields(kind) if field.name == self.own_id_name]
            return DecodedResponse(found[0].model_dump(), {}) if found else None

        answer = await look_up()
        if answer is None:
            body = {"name": self.own_id_name, "type": "text"}
            answer = await self.request("POST", f"/custom_field/{kind}/", body=body, look_up=look_up)
        made = self.parsed(CloseCustomField, answer.body, f"POST /custom_field/{kind}/")
        self._own_id_fields[kind] = made.id
        return made.id

    # how Close speaks

    async def _delete(self, kind: CloseObject, record_id: str) -> None:
        with suppress(Gone):
            await self.request("DELETE", _path(kind, record_id), operation=f"DELETE /{kind}/{{id}}/")

    async def _pages(self, path: str, params: Mapping[str, str]) -> AsyncIterator[JsonBody]:
        """Yield the items of a skip-paged list, each id once, because rows move while they are read."""
        seen: set[str] = set()
        skip = 0
        while True:
            answer = await self.request("GET", path, params={**params, "_skip": skip, "_limit": _PAGE})
            page = self.parsed(ClosePage, answer.body, f"GET {path}")
            for item in page.data:
                if item.get("id") not in seen:
                    seen.add(item.get("id", ""))
                    yield item
            if not page.has_more or not page.data:
                return
            skip += len(page.data)

    def observations(self, headers: httpx.Headers) -> list[Observation]:
        """Read the `RateLimit` header in both of its spellings (commas, or semicolons); note the time it is there."""
        self.answers += 1
        if (dated := moment_of(headers.get("date"))) is not None:
            self.clock_offset_s = (dated - self._clock()).total_seconds()
        told = rate_limit_of(headers)
        return [] if told is None else [Observation(WINDOW, remaining=told[0], reset_s=told[1])]

    def wait_asked(self, headers: httpx.Headers) -> float | None:
        """Return seconds from `RateLimit`, else `Retry-After`, else `RateLimit-Reset`."""
        told = rate_limit_of(headers)
        if told is not None:
            return told[1]
        return seconds_of(headers.get("retry-after")) or seconds_of(headers.get("ratelimit-reset"))


def _path(kind: CloseObject, record_id: str) -> str:
    return f"/{kind}/{checked_id(kind, record_id)}/"


def _lead_field(name: str) -> dict[str, str]:
    return {"type": "regular_field", "object_type": "lead", "field_name": name}
