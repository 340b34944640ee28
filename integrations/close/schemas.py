"""Close's shapes, as its API v1 answers them (checked November 2026); unknown keys are never an error."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_CUSTOM = "custom."


def _aware(moment: datetime) -> datetime:
    """Close writes events and webhooks without an offset; they are UTC."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


CloseTimestamp = Annotated[datetime, AfterValidator(_aware)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _WithCustomFields(BaseModel):
    """An object with custom fields as flat keys `custom.cf_...`."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @property
    def custom_values(self) -> dict[str, Any]:
        """Custom field id (`cf_...`) to value."""
        extra = self.model_extra or {}
        return {key.removeprefix(_CUSTOM): value for key, value in extra.items() if key.startswith(_CUSTOM)}


class CloseAddress(_Shape):
    """A postal address of a lead."""

    label: str | None = None
    address_1: str | None = None
    address_2: str | None = None
    city: str | None = None
    state: str | None = None
    zipcode: str | None = None
    country: str | None = None


class CloseEmail(_Shape):
    """An e-mail address of a contact."""

    email: str
    type: str | None = None
    is_unsubscribed: bool = False


class ClosePhone(_Shape):
    """A telephone number of a contact, E.164 as far as Close could tell."""

    phone: str
    country: str | None = None
    type: str | None = None


class CloseUrl(_Shape):
    """A link of a contact."""

    url: str
    type: str | None = None


class CloseContact(_WithCustomFields):
    """A person at a lead."""

    id: str
    lead_id: str | None = None
    name: str | None = None
    title: str | None = None
    emails: tuple[CloseEmail, ...] = ()
    phones: tuple[ClosePhone, ...] = ()
    urls: tuple[CloseUrl, ...] = ()
    date_created: CloseTimestamp | None = None
    date_updated: CloseTimestamp | None = None


class CloseLead(_WithCustomFields):
    """A company, with its contacts."""

    id: str
    name: str | None = None
    display_name: str | None = None
    url: str | None = None
    description: str | None = None
    status_id: str | None = None
    status_label: str | None = None
    addresses: tuple[CloseAddress, ...] = ()
    contacts: tuple[CloseContact, ...] = ()
    date_created: CloseTimestamp | None = None
    date_updated: CloseTimestamp | None = None


class CloseEventHead(_Shape):
    """What every entry of the event log says, whatever it is about."""

    object_type: str
    date_updated: CloseTimestamp


class CloseEvent(CloseEventHead):
    """One entry of the event log; the same id may come back changed, because updates close in time are merged."""

    id: str
    object_id: str
    lead_id: str | None = None
    action: str
    changed_fields: tuple[str, ...] | None = None
    data: Mapping[str, Any] | None = None
    previous_data: Mapping[str, Any] | None = None
    meta: Mapping[str, Any] | None = None
    request_id: str | None = None
    user_id: str | None = None
    api_key_id: str | None = None
    date_created: CloseTimestamp


class _Subscribed(_Shape):
    """A kind of event that is subscribed to."""

    object_type: str
    action: str


class CloseSubscription(_Shape):
    """A webhook subscription.

    Attributes:
        status: "active" or "paused".
        signature_key: 64 hex digits; signs what is delivered.
    """

    id: str
    url: str
    status: str
    events: tuple[_Subscribed, ...] = ()
    signature_key: str | None = Field(default=None, repr=False)

    @property
    def kinds(self) -> set[tuple[str, str]]:
        """Object type and action of each kind of event that is delivered."""
        return {(wanted.object_type, wanted.action) for wanted in self.events}


class CloseCustomField(_Shape):
    """The definition of a custom field."""

    id: str
    name: str
    type: str | None = None


class CloseFieldSchema(_Shape):
    """All custom fields that objects of a kind may have, in the order people see them."""

    fields: tuple[CloseCustomField, ...]


class CloseStatus(_Shape):
    """A lead status."""

    id: str
    label: str


class CloseOrganization(_Shape):
    """An organisation the key belongs to."""

    id: str
    name: str | None = None
    lead_statuses: tuple[CloseStatus, ...] = ()


class CloseUser(_Shape):
    """Who the key belongs to."""

    id: str
    organizations: tuple[CloseOrganization, ...] = ()


class ClosePage(_Shape):
    """A page of a list: `data` and whether there is more."""

    data: tuple[dict[str, Any], ...]
    has_more: bool = False


class CloseSearchPage(_Shape):
    """A page of a search; no cursor: the last one."""

    data: tuple[dict[str, Any], ...]
    cursor: str | None = None


class CloseEventPage(_Shape):
    """A page of the event log; `cursor_next` leads to older events."""

    data: tuple[dict[str, Any], ...]
    cursor_next: str | None = None


class CloseObject(StrEnum):
    """What carries our own id."""

    LEAD = "lead"
    CONTACT = "contact"


class CloseWebhook(_Shape):
    """The payload of a webhook."""

    subscription_id: str
    event: CloseEvent = Field(...)
