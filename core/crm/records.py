"""What a CRM is to us: companies with people, each a few named values; and changes, newest first.

These values cross every border between a provider, the rules and the database. Field names are the CRM's own as
`crm.yaml` names them (`name`, `address.city`, `custom.Tier`), so no other module knows a provider's wire format.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from core.crm.opt_outs import RemoteRefusal

Value = str | tuple[str, ...] | None
"""A text, a list of texts without order (e-mail addresses, telephone numbers), or nothing."""

Values = Mapping[str, Value]
_NONE: Values = MappingProxyType({})


class Kind(StrEnum):
    """What there is in a CRM: companies, and people at them."""

    LEAD = "lead"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class RemoteRecord:
    """A company or a person as the CRM shows it.

    Attributes:
        kind: which of the two.
        id: the CRM's.
        values: every field the map names, by the CRM's name.
        own_id: our id of it, where the CRM carries one.
        updated_at: when anything of it changed last, by the CRM's clock.
    """

    kind: Kind
    id: str
    values: Values
    own_id: UUID | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RemoteUnit:
    """A company with its people: what is fetched, compared and settled as one.

    `refusals` says who of them is not to be written to; it is heard when the unit is fetched, and not kept with it.
    """

    lead: RemoteRecord
    contacts: tuple[RemoteRecord, ...] = ()
    refusals: tuple[RemoteRefusal, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteChange:
    """One entry of a CRM's change log. The same id may come again, later and larger: close updates are merged.

    Attributes:
        event_id: the log's.
        at: when it happened last, by the CRM's clock.
        kind: of the record.
        record_id: which record.
        lead_id: the company it is, or belongs to; None where the log does not say.
        action: "created", "updated", "deleted" or "merged".
        merged_into: the company that took it in.
        fields: names of the fields that changed; None where the log does not say.
        values: what they are now, where the log shows it. A hint whether a look is needed, never the truth.
        key_id: the API key that did it, where the log says so.
        refuses: the record says, or may say since, that nobody is to write there; always worth a look.
    """

    event_id: str
    at: datetime
    kind: Kind
    record_id: str
    lead_id: str | None
    action: str
    merged_into: str | None = None
    fields: tuple[str, ...] | None = None
    values: Values | None = None
    key_id: str | None = None
    refuses: bool = False


@dataclass(frozen=True, slots=True)
class Stamp:
    """That a company is there, and when it or one of its people changed last."""

    id: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Description:
    """What a CRM's records consist of: field names by kind, and the statuses a company may have."""

    lead_fields: tuple[str, ...]
    contact_fields: tuple[str, ...]
    statuses: tuple[str, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    """The CRM's own ids of what is named here, for its provider's use alone."""

    def fields(self, kind: Kind) -> tuple[str, ...]:
        """Return the fields of a kind."""
        return self.lead_fields if kind is Kind.LEAD else self.contact_fields


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that we sent, to be noted at a company.

    Attributes:
        marker: names the message: what carries it is there already.
        recipient: a bare address.
        subject: as it was sent.
        body: plain text, as it was sent.
    """

    marker: str
    recipient: str
    subject: str
    body: str


class CRMProvider(Protocol):
    """A CRM as the synchronisation needs it. Errors are those of `core.errors`.

    Attributes:
        name: of the provider.
        clock_offset_s: seconds its clock is ahead of ours, as its answers show; None while nobody knows.
        calls: answers that came so far.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - the class tells - see above

    @property
    def clock_offset_s(self) -> float | None: ...  # noqa: D102 - the class tells

    @property
    def calls(self) -> int: ...  # noqa: D102 - the class tells

    async def describe(self) -> Description:
        """Say what fields and statuses there are."""
        ...

    def use(self, description: Description, fields: Mapping[Kind, Sequence[str]]) -> None:
        """Take what `describe` answered, perhaps long ago, and the fields that are wanted from now on."""
        ...

    def changes_since(self, since: datetime) -> AsyncIterator[Sequence[RemoteChange]]:
        """Yield pages of changes, the newest first, back to `since`. Raises Gone where the log does not reach back."""
        ...

    def stamps(self, ids: Sequence[str] | None = None) -> AsyncIterator[Sequence[Stamp]]:
        """Yield which companies there are: all of them, or those of `ids` that are."""
        ...

    async def fetch(self, lead_id: str) -> RemoteUnit:
        """Return a company with its people. Raises Gone when it is not there (any more)."""
        ...

    async def find(self, own_id: UUID) -> RemoteUnit | None:
        """Return the company that carries our id, or None."""
        ...

    async def create_lead(self, own_id: UUID, values: Values, contacts: Mapping[UUID, Values]) -> RemoteUnit:
        """Create a company with its people, once; whether an attempt without an answer was carried out is unknown."""
        ...

    async def create_contact(self, lead_id: str, own_id: UUID, values: Values) -> RemoteRecord:
        """Create a person at a company; else as `create_lead`."""
        ...

    async def update(
        self, kind: Kind, record_id: str, changes: Values, *, seen_at: datetime | None = None
    ) -> RemoteRecord:
        """Change fields, those only; return the record as it is then.

        `seen_at` is when its company had changed last when it was seen: what `stamps` just showed with the same moment
        needs no second look.
        """
        ...

    async def delete(self, kind: Kind, record_id: str) -> None:
        """Delete a record. One that is gone already counts as deleted."""
        ...

    async def log_sent(self, lead_id: str, message: SentMessage) -> str:
        """Note a sent message at a company, once; return the note's id. Nothing is sent by that."""
        ...
