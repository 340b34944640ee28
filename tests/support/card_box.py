"""A CRM of cards in memory, sound, or wrong in one way: what shows that the properties of a CRM can fail."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from core.conformance.crm_case import BehindThePort, CRMCase, SignedDeliveries
from core.conformance.crm_samples import USUAL
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
    Value,
)
from core.errors import Gone, RateLimited, Rejected, Unauthorized, Unavailable

PAGE = 2
STATUSES = ("New", "Old")
LATE = timedelta(minutes=5)
KEY = b"of the box"
LEAD, CONTACT = RecordKind.LEAD, RecordKind.CONTACT


@dataclass
class Card:
    """A company or a person."""

    kind: RecordKind
    id: str
    values: dict[str, Value]
    own_id: UUID | None
    lead_id: str
    at: datetime
    refuses: bool = False


@dataclass
class CardBox:
    """See the module; `wrong` says in which way it is."""

    wrong: str = ""
    name: str = "cards"
    calls: int = 0
    clock_offset_s: float | None = 0.0
    cards: dict[str, Card] = field(default_factory=dict)
    log: list[RemoteChange] = field(default_factory=list)
    notes: dict[tuple[str, str], str] = field(default_factory=dict)
    knocks: int = 0
    trouble: str = ""
    wait_s: float = 0.0
    _number: Any = field(default_factory=lambda: count(1))
    _began: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=3))

    # the port

    async def describe(self) -> Description:
        self._called()
        names = tuple(USUAL[LEAD])
        more = {"names a field twice": ("name",), "names what cannot be said": ("9 lives",)}.get(self.wrong, ())
        return Description((*names, "status", *more), tuple(USUAL[CONTACT]), STATUSES)

    def use(self, description: Description, fields: Mapping[RecordKind, Sequence[str]]) -> None:
        pass

    async def changes_since(self, since: datetime) -> AsyncIterator[Sequence[RemoteChange]]:
        self._called()
        if since < self._began:
            if self.wrong == "ends its log in silence":
                return
            raise Gone("the log begins later", provider=self.name)
        told = [change for change in self.log if change.at >= since or self.wrong == "tells what is older"]
        if self.wrong == "forgets deletions":
            told = [change for change in told if change.action != "deleted"]
        if self.wrong == "tells of companies alone":
            told = [change for change in told if change.kind is LEAD]
        told = told if self.wrong == "tells the oldest first" else told[::-1]
        for start in range(0, len(told), PAGE):
            yield told[start : start + PAGE]
            if self.wrong == "tells one page":
                return

    async def stamps(self, ids: Sequence[str] | None = None) -> AsyncIterator[Sequence[Stamp]]:
        self._called()
        if self.wrong == "takes no ids for all":
            ids = ids or None
        if self.wrong == "pages by number":
            for start in range(0, 1000, PAGE):
                yield self._stamps(self._leads()[start : start + PAGE])
            return
        wanted = self._leads() if ids is None else [each for each in dict.fromkeys(ids) if self._has(LEAD, each)]
        if self.wrong == "lists what is gone" and ids:
            yield [Stamp(each, self._began) for each in ids]
        if self.wrong == "lists twice":
            wanted = wanted + wanted[:1]
        for start in range(0, len(wanted), PAGE):
            yield self._stamps(wanted[start : start + PAGE])
            if self.wrong == "lists one page":
                return

    async def fetch(self, lead_id: str) -> RemoteUnit:
        self._called()
        if self.wrong == "takes paths" and "/" in lead_id:
            lead_id = lead_id.strip("/").split("/")[-1]
        if not self._has(LEAD, lead_id):
            if self.wrong == "raises what it likes":
                raise KeyError(lead_id)
            raise Gone(f"no card {lead_id!r}", provider=self.name)
        return self._unit(lead_id)

    async def find(self, own_id: UUID) -> RemoteUnit | None:
        self._called()
        if self.wrong == "finds nothing":
            return None
        found = [card.id for card in self.cards.values() if card.kind is LEAD and card.own_id == own_id]
        if self.wrong == "finds anything" and not found:
            found = self._leads()
        place = -1 if self.wrong == "finds the last" else 0
        return self._unit(found[place]) if found else None

    async def create_lead(
        self, own_id: UUID, values: RecordValues, contacts: Mapping[UUID, RecordValues]
    ) -> RemoteUnit:
        self._called()
        known = await self.find(own_id)
        if known is not None and self.wrong not in ("finds the last", "creates again"):
            return known
        lead = self._insert(LEAD, own_id, values, "")
        for number, (person_id, person) in enumerate(contacts.items()):
            if self.wrong != "drops people" or number == 0:
                self._insert(CONTACT, person_id, person, lead.id)
        self._answered(lambda: self._insert(LEAD, own_id, values, ""))
        return self._unit(lead.id)

    async def create_contact(self, lead_id: str, own_id: UUID, values: RecordValues) -> RemoteRecord:
        self._called()
        if self.wrong != "raises what it likes":
            self._found(LEAD, lead_id)
        if self.wrong == "has room for one person":
            for each in self._people(lead_id):
                del self.cards[each]
        person = self._insert(CONTACT, own_id, values, lead_id)
        self._answered(lambda: self._insert(CONTACT, own_id, values, lead_id))
        return self._record(person)

    async def update(
        self, kind: RecordKind, record_id: str, changes: RecordValues, *, seen_at: datetime | None = None
    ) -> RemoteRecord:
        self._called()
        card = self._found(kind, record_id)
        if self.wrong == "refuses by half":
            card.values |= dict(changes)
        self._check(changes, record_id)
        before = {} if self.wrong == "replaces the whole" else dict(card.values)
        if self.wrong == "reads, then writes":
            await asyncio.sleep(0)
            card.values = before
        if self.wrong != "refuses by half":
            card.values = before if self.wrong == "replaces the whole" else card.values
            card.values |= {name: self._kept(name, value, card.values.get(name)) for name, value in changes.items()}
        self._log(card, "updated")
        self._answered(lambda: None)
        return self._record(card)

    async def delete(self, kind: RecordKind, record_id: str) -> None:
        self._called()
        if not self._has(kind, record_id):
            if self.wrong == "deletes but once":
                raise Gone(f"no card {record_id!r}", provider=self.name)
            return
        if self.wrong == "forgets to delete":
            return
        for each in [*self._people(record_id), record_id] if kind is LEAD else [record_id]:
            self._log(self.cards[each], "deleted")
            del self.cards[each]

    async def log_message(self, lead_id: str, message: SentMessage) -> str:
        self._called()
        self._found(LEAD, lead_id)
        key = (lead_id, message.marker)
        if self.wrong == "takes parts of a marker":
            key = next((each for each in self.notes if message.marker in each[1]), key)
        if key not in self.notes or self.wrong == "notes twice":
            self.notes[key] = f"note-{next(self._number)}"
        return self.notes[key]

    async def check(self) -> Complaint | None:
        self._called()
        is_wrong = self.trouble == "incomplete" and self.wrong != "never complains"
        return Complaint("a card has no lines", "draw some") if is_wrong or self.wrong == "always complains" else None

    # how it works

    def _called(self) -> None:
        self.knocks += 10 if self.trouble == "limit" and self.wrong == "knocks again and again" else 1
        if self.wrong != "counts nothing":
            self.calls += 1
        if self.trouble == "key":
            if self.wrong == "takes a wrong key for nothing":
                raise Gone("nothing there", provider=self.name)
            raise Unauthorized("the box is locked", provider=self.name)
        if self.trouble == "limit":
            wait_s = None if self.wrong == "forgets how long" else self.wait_s
            raise RateLimited("one at a time", provider=self.name, retry_after_s=wait_s)
        if self.trouble == "down":
            if self.wrong == "breaks in its own way":
                raise OSError("the box burns")
            raise Unavailable("the box burns", provider=self.name)

    def _answered(self, again: Any) -> None:
        if self.trouble != "lost":
            return
        self.trouble = ""
        if self.wrong == "creates again":
            again()
        raise Unavailable("the line is cut", provider=self.name, was_sent=self.wrong != "says it was not sent")

    def _check(self, values: RecordValues, record: str) -> None:
        if "no address" in (values.get("emails") or ()):
            fields = {} if self.wrong == "refuses without a place" else {"emails": "no address"}
            named = None if self.wrong == "refuses nobody" else record
            raise Rejected("not taken", provider=self.name, field_errors=fields, record=named)

    def _insert(self, kind: RecordKind, own_id: UUID, values: RecordValues, lead_id: str) -> Card:
        self._check(values, str(own_id))
        number = f"{kind}-{next(self._number)}"
        kept = {name: self._kept(name, value, None) for name, value in values.items()}
        card = Card(kind, number, kept, None if self.wrong == "forgets our id" else own_id, lead_id, self._began)
        self.cards[number] = card
        self._log(card, "created")
        return card

    def _kept(self, name: str, value: Value, before: Value) -> Value:
        if value is None and self.wrong == "leaves what is None":
            return before
        if isinstance(value, tuple):
            return tuple(dict.fromkeys([*(before or ()), *value])) if self.wrong == "adds to lists" else value
        if value is None:
            return None
        match self.wrong:
            case "keeps its first status" if name == "status" and before:
                return before
            case "takes digits for numbers":
                return str(int(value)) if value.isdigit() else value
            case "cuts texts":
                return value[:255]
            case "writes ascii":
                return value.encode("ascii", "replace").decode()
            case "has its own countries" if name == "address.country":
                return value[:3]
        return value

    def _moment(self) -> datetime:
        return max(datetime.now(UTC), self.log[-1].at + timedelta(microseconds=1) if self.log else self._began)

    def _log(self, card: Card, action: str, merged_into: str | None = None) -> None:
        card.at = self._moment()
        lead_id = card.lead_id or card.id
        if lead_id in self.cards and self.wrong != "stamps companies alone":
            self.cards[lead_id].at = card.at
        self.log.append(
            RemoteChange(f"e{len(self.log)}", card.at, card.kind, card.id, lead_id, action, merged_into=merged_into)
        )

    def _found(self, kind: RecordKind, record_id: str) -> Card:
        if not self._has(kind, record_id):
            raise Gone(f"no card {record_id!r}", provider=self.name)
        return self.cards[record_id]

    def _has(self, kind: RecordKind, record_id: str) -> bool:
        return record_id in self.cards and self.cards[record_id].kind is kind

    def _leads(self) -> list[str]:
        return [card.id for card in self.cards.values() if card.kind is LEAD]

    def _people(self, lead_id: str) -> list[str]:
        return [card.id for card in self.cards.values() if card.kind is CONTACT and card.lead_id == lead_id]

    def _stamps(self, ids: Sequence[str]) -> list[Stamp]:
        return [Stamp(each, self.cards[each].at) for each in ids if each in self.cards]

    def _record(self, card: Card) -> RemoteRecord:
        return RemoteRecord(card.kind, card.id, dict(card.values), card.own_id, card.at)

    def _unit(self, lead_id: str) -> RemoteUnit:
        people = tuple(self._record(self.cards[each]) for each in self._people(lead_id))
        refusals = tuple(
            RemoteRefusal(person.id, "mark", addresses=tuple(person.values.get("emails") or ()))
            for person in people
            if self.cards[person.id].refuses and self.wrong != "hears no refusal"
        )
        return RemoteUnit(self._record(self.cards[lead_id]), people, refusals)

    # behind the port

    def behind(self) -> BehindThePort:
        async def merge(source: str, destination: str) -> None:
            for each in self._people(source):
                self.cards[each].lead_id = destination
            gone = self.cards.pop(source)
            if self.wrong != "merges in silence":
                self._log(gone, "merged", destination)

        async def opt_out(contact_id: str) -> None:
            self.cards[contact_id].refuses = True
            if self.wrong != "tells of no refusal":
                self._log(self.cards[contact_id], "updated")

        def trouble(kind: str, wait_s: float = 0.0) -> None:
            self.trouble, self.wait_s = kind, wait_s

        return BehindThePort(
            heal=lambda: trouble(""),
            refuse_key=lambda: trouble("key"),
            limit=lambda wait_s: trouble("limit", wait_s),
            break_down=lambda: trouble("down"),
            lose_answer=lambda: trouble("lost"),
            calls=lambda: self.knocks,
            merge=merge,
            opt_out=opt_out,
            refused={CONTACT: {"emails": ("no address",)}},
            complaining=replace(self, trouble="incomplete"),
        )

    def is_genuine(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        at = headers.get("at", "")
        if self.wrong == "takes what is unsigned" and "sign" not in headers:
            return True
        if not at.isascii() or not at.isdigit() or headers.get("sign") != self._sign(body, at):
            return False
        return self.wrong == "takes old deliveries" or abs(now - datetime.fromtimestamp(int(at), UTC)) <= LATE

    def signed(self, body: bytes, moment: datetime) -> dict[str, str]:
        at = str(int(moment.timestamp()))
        return {"At": at, "Sign": self._sign(body, at)}

    def _sign(self, body: bytes, at: str) -> str:
        said = body if self.wrong == "signs no time" else at.encode() + body
        return hmac.new(KEY, said[:20] if self.wrong == "signs a part" else said, hashlib.sha256).hexdigest()


def case_of(box: CardBox) -> CRMCase:
    """Return a box to be tried."""
    deliveries = SignedDeliveries(is_genuine=box.is_genuine, signed=box.signed, late=LATE)
    return CRMCase(crm=box, behind=box.behind(), deliveries=deliveries, many=5)
