"""A CRM that is open, and what can be done to it behind the port: what the properties of a CRM are tried with.

Whatever is made has a name that says so, and is deleted by `tidy`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from core.conformance.crm_samples import USUAL, Sample
from core.conformance.expecting import Unmet, expect
from core.crm.meanings import meaning_of
from core.crm.records import Description, RecordKind, RecordValues, RemoteChange, RemoteRecord, RemoteUnit, Stamp, Value
from core.crm.values import are_equal
from core.ports import CRMProvider

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class BehindThePort:
    """What the one who tries a CRM can do to it; a property whose means are missing is told as not tried.

    Attributes:
        heal: ends whatever goes wrong because of the others.
        refuse_key: from now on no call's key is taken.
        limit: from now on every call is refused as one too many, to be tried again after so many seconds.
        break_down: from now on every call fails as the CRM's own fault.
        lose_answer: the next call that writes is carried out, and its answer never arrives.
        calls: how many calls have reached it.
        merge: merges the first company into the second, as people do there.
        opt_out: lets a person (by id) refuse to be written to, as it is noted there.
        refused: values of a kind that the CRM does not take.
        complaining: the same CRM, set up in a way that `check` must complain of.
    """

    heal: Callable[[], None] = lambda: None
    refuse_key: Callable[[], None] | None = None
    limit: Callable[[float], None] | None = None
    break_down: Callable[[], None] | None = None
    lose_answer: Callable[[], None] | None = None
    calls: Callable[[], int] | None = None
    merge: Callable[[str, str], Awaitable[None]] | None = None
    opt_out: Callable[[str], Awaitable[None]] | None = None
    refused: Mapping[RecordKind, RecordValues] = field(default_factory=dict)
    complaining: CRMProvider | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDeliveries:
    """Webhooks of a CRM, as its plug tells them from others'.

    Attributes:
        is_genuine: as `integrations.plug.Webhook` has it, the key given: headers (lower case), raw body, the time now.
        signed: the headers of a delivery of a body that the CRM signed at a moment.
        late: when a delivery is too old to be taken.
    """

    is_genuine: Callable[[Mapping[str, str], bytes, datetime], bool]
    signed: Callable[[bytes, datetime], Mapping[str, str]]
    late: timedelta


@dataclass(kw_only=True)
class CRMCase:
    """A CRM to be tried.

    Attributes:
        crm: open.
        fields: the CRM's fields that are tried, by kind: which of ours each is, and perhaps values of its own.
        behind: what can be done to it.
        deliveries: its webhooks; None where it sends none.
        many: companies that make more than one page of a list.
        patience_s: how long what was written may stay out of lists, searches and the log.
    """

    crm: CRMProvider
    fields: Mapping[RecordKind, Mapping[str, Sample]] = field(default_factory=lambda: USUAL)
    behind: BehindThePort = field(default_factory=BehindThePort)
    deliveries: SignedDeliveries | None = None
    many: int = 5
    patience_s: float = 0.0
    token: str = field(default_factory=lambda: uuid4().hex[:8])
    _described: Description | None = None
    _made: dict[str, None] = field(default_factory=dict)
    _unanswered: dict[UUID, None] = field(default_factory=dict)
    _number: int = 0

    # fields

    async def begin(self) -> None:
        """Ask what there is, and say which fields are wanted. Raises Unmet where none of them names a record."""
        self._described = await self.crm.describe()
        for kind in RecordKind:
            self.label(kind)
        status = ("status",) if "status" in self._described.lead_fields else ()
        wanted = {RecordKind.LEAD: (*self.samples(RecordKind.LEAD), *status)}
        self.crm.use(self._described, wanted | {RecordKind.CONTACT: tuple(self.samples(RecordKind.CONTACT))})

    @property
    def described(self) -> Description:
        """What the provider says there is."""
        assert self._described is not None, "call begin() first"
        return self._described

    def samples(self, kind: RecordKind) -> dict[str, Sample]:
        """Return the fields of a kind that the CRM says it has, and what to try them with."""
        there = set(self.described.fields(kind))
        return {name: sample for name, sample in self.fields.get(kind, {}).items() if name in there}

    def name_of(self, kind: RecordKind, ours: str) -> str | None:
        """Return the CRM's name of one of our fields."""
        return next((name for name, sample in self.samples(kind).items() if sample.ours == ours), None)

    def values(self, kind: RecordKind, place: int = 0) -> dict[str, Value]:
        """Return a value for each field of a kind, of a record that is like no other."""
        self._number += 1
        samples = self.samples(kind).items()
        return {name: sample.value(place, f"{self.token}{self._number}") for name, sample in samples}

    def label(self, kind: RecordKind, place: int = 0) -> dict[str, Value]:
        """Return what names a record of a kind, and nothing else."""
        ours = "company_name" if kind is RecordKind.LEAD else "name"
        name = self.name_of(kind, ours)
        if name is None:
            raise Unmet(
                f"expected a {kind} field that is our {ours}; describe() names "
                f"{', '.join(self.described.fields(kind)) or 'none'}: say in `fields` of the case which it is"
            )
        return {name: self.values(kind, place)[name]}

    def expect_values(self, kind: RecordKind, got: RecordValues, expected: RecordValues, of: str) -> None:
        """Raise Unmet naming the first field whose value does not mean what was expected."""
        samples = self.samples(kind)
        for name, value in expected.items():
            meaning = meaning_of(samples[name].ours) if name in samples else meaning_of("notes")
            is_list = isinstance(value, tuple)
            there = got.get(name)
            holds = are_equal(value, there, meaning) and (
                not is_list or there is None or len(there) == len(value or ())
            )
            expect(holds, f"{of}: expected {kind} field {name} to be {value!r}, got {there!r}")

    # records

    async def create(
        self, values: RecordValues, people: Mapping[UUID, RecordValues] | None = None, own_id: UUID | None = None
    ) -> RemoteUnit:
        """Create a company that is deleted at the end."""
        own_id = own_id or uuid4()
        self._unanswered[own_id] = None
        unit = await self.crm.create_lead(own_id, values, people or {})
        self._made[unit.lead.id] = None
        self._unanswered.pop(own_id, None)
        return unit

    async def company(self, people: int = 0) -> RemoteUnit:
        """Create a company with a name and so many people with names."""
        named = {uuid4(): self.label(RecordKind.CONTACT) for _ in range(people)}
        return await self.create(self.label(RecordKind.LEAD), named)

    async def tidy(self) -> list[str]:
        """Delete what was made; return the ids of what could not be."""
        self.behind.heal()
        left = [own_id for own_id in map(str, self._unanswered) if not await self._find_made(UUID(own_id))]
        left += [lead_id for lead_id in self._made if not await self._deleted(lead_id)]
        self._unanswered.clear()
        self._made.clear()
        return left

    async def _find_made(self, own_id: UUID) -> bool:
        """Note what carries an id of ours though its creation had no answer; return whether that could be asked."""
        try:
            found = await self.crm.find(own_id)
        except Exception:  # noqa: BLE001 - a provider may fail in any way here, and the others are to be deleted too
            return False
        if found is not None:
            self._made[found.lead.id] = None
        return True

    async def _deleted(self, lead_id: str) -> bool:
        try:
            await self.crm.delete(RecordKind.LEAD, lead_id)
        except Exception:  # noqa: BLE001 - see above
            return False
        return True

    # looking

    async def until(self, look: Callable[[], Awaitable[T]], holds: Callable[[T], bool]) -> T:
        """Look until something holds, or patience ends; return what was seen last."""
        ends_at, pause_s = time.monotonic() + self.patience_s, 0.05
        while True:
            seen = await look()
            if holds(seen) or time.monotonic() >= ends_at:
                return seen
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 5.0)

    async def listed(self, ids: Sequence[str] | None = None) -> list[Stamp]:
        """Return all that `stamps` yields."""
        return [stamp async for page in self.crm.stamps(ids) for stamp in page]

    async def stamp(self, lead_id: str, *, later_than: datetime | None = None) -> datetime:
        """Return when a company changed last, once that is later than before. Raises Unmet where it is not listed."""
        stamps = await self.until(
            lambda: self.listed([lead_id]),
            lambda seen: bool(seen) and (later_than is None or seen[0].updated_at > later_than),
        )
        expect(stamps, f"expected stamps() to yield {lead_id}, got nothing")
        return stamps[0].updated_at

    async def told(self, since: datetime) -> list[RemoteChange]:
        """Return all that the log tells. Raises Gone where it does not reach back, or there is none."""
        return [change async for page in self.crm.changes_since(since) for change in page]

    async def person(self, lead_id: str, contact_id: str) -> RemoteRecord:
        """Return a person as the company shows them. Raises Unmet where it does not."""
        unit = await self.crm.fetch(lead_id)
        found = next((each for each in unit.contacts if each.id == contact_id), None)
        if found is None:
            raise Unmet(f"expected the company {lead_id} to have the person {contact_id}, got {unit.contacts!r}")
        return found

    def now_there(self) -> datetime:
        """Return the time by the CRM's clock."""
        return datetime.now(UTC) + timedelta(seconds=self.crm.clock_offset_s or 0.0)
