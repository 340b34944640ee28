"""What a CRM is to us: companies with people, each a few named values; and changes, newest first.

These values cross every border between a provider, the rules and the database. Field names are the CRM's own as
`crm.yaml` names them (`name`, `address.city`, `custom.Tier`), so no other module knows a provider's wire format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from core.crm.opt_outs import RemoteRefusal

Value = str | tuple[str, ...] | None
"""A text, a list of texts without order (e-mail addresses, telephone numbers), or nothing."""

RecordValues = Mapping[str, Value]
_NONE: RecordValues = MappingProxyType({})


class RecordKind(StrEnum):
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

    kind: RecordKind
    id: str
    values: RecordValues
    own_id: UUID | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RemoteUnit:
    """A company with its people: what is fetched, compared and settled as one.

    `refusals` says who of them is not to be written to; it is taken when the unit is fetched, and not kept with it.
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
    kind: RecordKind
    record_id: str
    lead_id: str | None
    action: str
    merged_into: str | None = None
    fields: tuple[str, ...] | None = None
    values: RecordValues | None = None
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

    def fields(self, kind: RecordKind) -> tuple[str, ...]:
        """Return the fields of a kind."""
        return self.lead_fields if kind is RecordKind.LEAD else self.contact_fields


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


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a CRM that answers and takes our key.

    Attributes:
        detail: what, in a few words.
        advice: what to do about it.
    """

    detail: str
    advice: str
