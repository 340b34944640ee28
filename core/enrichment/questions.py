"""Filling what is not known of a lead: questions to providers, what they answer, and whose value counts.

A question is about a company or a person, never about a lead: leads of one company share its answer, and so do the
contacts that are one person. An answer has one of the outcomes of `core.outcomes`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Literal, get_args
from uuid import UUID

from core.leads.fields import BY_NAME
from core.ledger.spend import FREE, Cost
from core.outcomes import Outcome

Provider = str
"""The name of a source, as its offer declares it (`core.enrichment.offers`)."""
Source = str
"""Who a value is from: "person", "import", or a provider."""
LeadOutcome = Literal["enriched", "complete", "nothing_found", "skipped", "failed", "due"]
LEAD_OUTCOMES: tuple[LeadOutcome, ...] = get_args(LeadOutcome)


@dataclass(frozen=True)
class Question:
    """What a provider is asked: `subject` names a company or a person, in the provider's own terms.

    `address` is where to begin; it is no part of the question's identity.
    """

    provider: Provider
    subject: tuple[tuple[str, str], ...]
    address: str = field(default="", compare=False)

    @classmethod
    def of(cls, provider: Provider, **subject: str | None) -> "Question":
        """Make a question of what is known; what is empty is left out."""
        return cls(provider, tuple(sorted((name, value) for name, value in subject.items() if value)))

    def get(self, name: str) -> str | None:
        """Return a part of the subject, or None."""
        return dict(self.subject).get(name)

    @cached_property
    def hash(self) -> str:
        """The question's identity: the same whatever the order of its parts and the case of what it names."""
        said = "\x1f".join(f"{name}\x1e{value.strip().casefold()}" for name, value in self.subject)
        return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Found:
    """A value somebody gave.

    Attributes:
        field: one of `core.leads.fields.ENRICHABLE`.
        value: normalised.
        source_url: the page it stands on, or None.
        confidence: 0-1.
    """

    field: str
    value: str
    source_url: str | None = None
    confidence: float = 0.9


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question.

    Attributes:
        outcome: see `core.outcomes`.
        reason: why it is no hit, or what is odd about a hit.
        found: the values of a hit.
        cost: what it really cost; nothing where the answer was there already.
        latency_ms: of the call it came with.
        request_id: the provider's, where it gave one.
        asked_at: aware UTC; None where nobody was asked.
        is_reused: whether it was bought before, or for another lead.
        is_open: the provider may have taken the question although no answer came: it must not be bought again yet.
        ticket: under which a parked answer can be collected.
        collect_in_s: seconds until it is worth asking for it.
    """

    outcome: Outcome
    reason: str | None = None
    found: tuple[Found, ...] = ()
    cost: Cost = FREE
    latency_ms: int | None = None
    request_id: str | None = None
    asked_at: datetime | None = None
    is_reused: bool = False
    is_open: bool = False
    ticket: str | None = None
    collect_in_s: float | None = None

    def reused(self) -> "Answer":
        """Return the same answer for another lead: it is paid for once."""
        return replace(self, cost=FREE, is_reused=True)

    def value_of(self, name: str) -> Found | None:
        """Return what it says about a field, or None."""
        return next((one for one in self.found if one.field == name), None)


def skipped(reason: str) -> Answer:
    """Return the answer of a provider that was not asked."""
    return Answer("skipped", reason)


def due(reason: str) -> Answer:
    """Return the answer of a provider that is to be asked later."""
    return Answer("due", reason)


@dataclass(frozen=True)
class Unasked:
    """Questions that were certainly not asked.

    Attributes:
        answer: why, for each of the leads; it costs nothing.
        is_for_all: whether further questions would fare the same.
        is_over_budget: whether fewer questions at once might fit the budget.
    """

    answer: Answer
    is_for_all: bool = False
    is_over_budget: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """A provider's answer as one lead met it, for its company or for one of its contacts.

    Attributes:
        record_id: whom it was asked for: the lead's own id, or a contact's.
    """

    provider: Provider
    question_hash: str | None
    answer: Answer
    record_id: UUID


@dataclass(frozen=True, slots=True)
class FieldOrigin:
    """Where a field's present value comes from.

    Attributes:
        source: a provider, a person's edit, or an import.
        observed_at: aware UTC.
        original: what stood there before the first provider's value.
    """

    source: Source
    observed_at: datetime
    original: str | None = None


@dataclass(frozen=True)
class KnownRecord:
    """A lead as enrichment sees it: its company, or one of its contacts at it.

    Attributes:
        lead_id: whose.
        values: all fields of the company and those of `core.leads.fields.EXTRA_FIELDS` that are filled, with those of
            the contact; a company's are those of its best contact.
        origins: by field, for values that are not an import's; of the record's own fields.
        imported_at: when the record came, aware UTC.
        tier: of its assessment, or None.
        contact_id: which contact; None: the company.
        asked_with: what a question is made of, where another contact stands for this one: they are one person, and
            asked about once.
    """

    lead_id: UUID
    values: Mapping[str, str]
    origins: Mapping[str, FieldOrigin]
    imported_at: datetime
    tier: str | None = None
    contact_id: UUID | None = None
    asked_with: Mapping[str, str] | None = None

    @property
    def record_id(self) -> UUID:
        """Where its values and attempts are kept: under the contact's id, or the lead's."""
        return self.contact_id or self.lead_id

    def has_field(self, name: str) -> bool:
        """Return whether a field is the record's own: a person's of a contact, any other of a company."""
        return (BY_NAME[name].of == "person") == (self.contact_id is not None)

    def origin(self, name: str) -> FieldOrigin | None:
        """Return where a field's value comes from; None for an empty field that nobody emptied."""
        return self.origins.get(name) or (FieldOrigin("import", self.imported_at) if self.values.get(name) else None)

    def with_values(self, found: Mapping[str, str]) -> "KnownRecord":
        """Return the lead with empty fields filled, to ask the next provider with."""
        return replace(self, values={**found, **self.values})


@dataclass(frozen=True)
class LeadRecords:
    """All of a lead that is asked about: its company, and those of its contacts that a run is about."""

    company: KnownRecord
    contacts: tuple[KnownRecord, ...] = ()

    @property
    def lead_id(self) -> UUID:
        """Whose they are."""
        return self.company.lead_id

    @property
    def all(self) -> tuple[KnownRecord, ...]:
        """The company, then the contacts, the best first."""
        return (self.company, *self.contacts)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A provider's value that counts from now on, of the record with this id."""

    found: Found
    provider: Provider
    original: str | None
    is_new: bool
    record_id: UUID


@dataclass(frozen=True)
class Trust:
    """Whose value counts where two differ.

    Attributes:
        order: most trusted first; who is not named comes last.
        lasts: how long a value of a more trusted source stands against a newer one of a less trusted source.
    """

    order: tuple[Source, ...]
    lasts: timedelta

    def rank(self, source: Source) -> int:
        """Return a source's place, 0 for a person, whatever the order says."""
        if source == "person":
            return 0
        return 1 + (self.order.index(source) if source in self.order else len(self.order))

    def prefers(self, new: Source, now: datetime, origin: FieldOrigin | None) -> bool:
        """Return whether a value observed `now` replaces the one that is there.

        A person's value is never replaced, not even where the person emptied the field. Otherwise the more trusted
        source wins; a less trusted one only against a value older than `lasts`; the same source by being newer.
        """
        if origin is None:
            return True
        if origin.source == "person" or now < origin.observed_at:
            return False
        if self.rank(new) <= self.rank(origin.source):
            return True
        return now - origin.observed_at > self.lasts


def accept(lead: KnownRecord, found: Found, provider: Provider, trust: Trust, now: datetime) -> Accepted | None:
    """Return a provider's value if it counts, or None where what is there stays.

    The same value again makes its provenance younger where a provider gave it, and changes nothing else.
    """
    origin, present = lead.origin(found.field), lead.values.get(found.field)
    if not trust.prefers(provider, now, origin):
        return None
    if present == found.value and (origin is None or origin.source != provider):
        return None
    original = origin.original if origin is not None and origin.source != "import" else present
    return Accepted(found, provider, original, present != found.value, lead.record_id)


@dataclass(frozen=True)
class RecordResult:
    """What one run made of a company or a contact.

    Attributes:
        record: as it is known; one that providers filled before stays enriched.
        wanted: the fields that were empty or stale.
        accepted: what was filled or replaced.
        attempts: the answers it met, in order.
    """

    record: KnownRecord
    wanted: Sequence[str] = ()
    accepted: Sequence[Accepted] = ()
    attempts: Sequence[Attempt] = ()

    @property
    def filled(self) -> set[str]:
        """The fields that got a new value."""
        return {one.found.field for one in self.accepted if one.is_new}

    @property
    def missing(self) -> list[str]:
        """The fields that were wanted and are not known still."""
        filled = self.filled
        return [name for name in self.wanted if name not in filled]


def lead_outcome(results: Sequence[RecordResult]) -> tuple[LeadOutcome, str | None]:
    """Return what became of a lead, and why where something is left to do.

    Args:
        results: of its company and of the contacts that were asked about.
    """
    attempts = [one for result in results for one in result.attempts]
    open_ = _unanswered([one for result in results if result.missing for one in result.attempts])
    if open_ is not None:
        return open_
    if any(result.filled or _is_filled_before(result.record) for result in results):
        return "enriched", None
    if not any(result.missing for result in results):
        return "complete", None
    if any(one.answer.outcome in ("miss", "hit") for one in attempts):
        return "nothing_found", "no provider knows more"
    reasons = dict.fromkeys(f"{one.provider}: {one.answer.reason}" for one in attempts)
    return "skipped", "; ".join(reasons) or "no provider is asked for what is missing"


def _is_filled_before(record: KnownRecord) -> bool:
    return any(origin.source not in ("person", "import") for origin in record.origins.values())


def _unanswered(attempts: Sequence[Attempt]) -> tuple[LeadOutcome, str] | None:
    """Return what a lead is for which a provider still has to be asked, or could not answer; None where all did."""
    outcomes: tuple[tuple[Outcome, LeadOutcome], ...] = (("due", "due"), ("error", "failed"))
    for outcome, name in outcomes:
        first = next((one for one in attempts if one.answer.outcome == outcome), None)
        if first is not None:
            return name, f"{first.provider}: {first.answer.reason}"
    return None
