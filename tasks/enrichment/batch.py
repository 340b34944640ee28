"""The work on one batch of leads: ask whom the waterfall names, in bulk, until nobody is left, and write it down.

All leads of a batch take the same steps side by side: those that are to ask the same provider ask it together. A lead's
company is asked about before its contacts, who are then asked about with what was found of it. A lead is closed as soon
as nobody is left to ask for it.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from core.enrichment.config import EnrichmentConfig
from core.enrichment.questions import (
    Answer,
    Attempt,
    KnownRecord,
    LeadOutcome,
    LeadRecords,
    Provider,
    Question,
    RecordResult,
    Unasked,
    due,
    lead_outcome,
    skipped,
)
from core.enrichment.waterfall import accepted_values, known_so_far, next_provider, question_for, wanted_fields
from core.ports import EnrichmentSource
from db.enrichment import questions as questions_of
from db.enrichment.lease import Concluded, EnrichmentLease
from db.leads.new_identities import IDENTIFYING
from tasks.enrichment.wiring import Sources
from tasks.runtime.batches import bounded_gather, sliced

log = logging.getLogger(__name__)

_WAIT_FOR_OTHERS_S = 65.0
"""As long as one call may take: somebody else asks the same question at this moment."""
_LOOK_AGAIN_S = 0.2


@dataclass
class _Work:
    """A company or a contact on its way through the waterfall."""

    lead: KnownRecord
    wanted: tuple[str, ...]
    answers: dict[Provider, Answer] = field(default_factory=dict)
    hashes: dict[Provider, str | None] = field(default_factory=dict)

    def met(self, provider: Provider, answer: Answer, question_hash: str | None = None) -> None:
        self.answers[provider] = answer
        self.hashes[provider] = question_hash

    def result(self, config: EnrichmentConfig, now: datetime, record: KnownRecord) -> RecordResult:
        """Return what came of it, for the record as it is by now."""
        attempts = [Attempt(name, self.hashes[name], answer, record.record_id) for name, answer in self.answers.items()]
        accepted = list(accepted_values(config, record, self.answers, now))
        return RecordResult(record, self.wanted, accepted, attempts)


@dataclass
class _LeadWork:
    """A lead's company and its contacts, each on its way."""

    records: LeadRecords
    company: _Work
    contacts: Sequence[_Work]

    @property
    def all(self) -> list[_Work]:
        return [self.company, *self.contacts]

    def turns(self, config: EnrichmentConfig, now: datetime) -> list[tuple[Provider, _Work]]:
        """Return whom to ask next about which of them; nobody once the lead is finished."""
        provider = next_provider(config, self.company.lead, self.company.answers, now)
        if provider is not None:
            return [(provider, self.company)]
        asked = [(next_provider(config, work.lead, work.answers, now), work) for work in self.contacts]
        return [(provider, work) for provider, work in asked if provider is not None]

    def known_of(self, work: _Work, config: EnrichmentConfig, now: datetime) -> KnownRecord:
        """Return a company or contact with what was found of it and of the company until now."""
        found = known_so_far(config, work.lead, work.answers, now)
        if work is self.company:
            return found
        company = known_so_far(config, self.company.lead, self.company.answers, now)
        own = {name: value for name, value in company.values.items() if company.has_field(name)}
        return found.with_values(own)


@dataclass
class BatchWork:
    """A batch being worked on.

    Attributes:
        lease: the leads that are ours, and where results go.
        sources: whom can be asked.
        stopped: source to why it is not asked any more in this batch.
    """

    lease: EnrichmentLease
    sources: Sources
    stopped: dict[Provider, Answer] = field(default_factory=dict)

    @property
    def config(self) -> EnrichmentConfig:
        """The waterfall."""
        return self.lease.run.config

    async def run(self) -> int:
        """Enrich the leads of the batch that are due and free; give how many."""
        now = datetime.now(UTC)
        leads = [self._work_of(lead, now) for lead in await self.lease.claim()]
        left = leads
        while left:
            turns: dict[Provider, list[tuple[_LeadWork, _Work]]] = {}
            finished: list[_LeadWork] = []
            going_on: list[_LeadWork] = []
            for lead in left:
                asked = lead.turns(self.config, now)
                (going_on if asked else finished).append(lead)
                for provider, work in asked:
                    turns.setdefault(provider, []).append((lead, work))
            await self._close(finished)
            left = going_on
            await bounded_gather(partial(self._ask_for, now=now), list(turns.items()), width=len(turns))
        return len(leads)

    def _work_of(self, lead: LeadRecords, now: datetime) -> _LeadWork:
        company, *contacts = (_Work(record, wanted_fields(self.config, record, now)) for record in lead.all)
        return _LeadWork(lead, company, contacts)

    async def _ask_for(self, turn: tuple[Provider, Sequence[tuple[_LeadWork, _Work]]], *, now: datetime) -> None:
        """Ask one provider for all whose turn it is; companies and people with the same question share its answer."""
        provider, works = turn
        asking: dict[Question, list[_Work]] = {}
        for lead, work in works:
            if provider in self.sources.off or provider not in self.sources.on:
                work.met(provider, skipped(self.sources.off.get(provider, "not configured")))
                continue
            question = question_for(self.config, provider, lead.known_of(work, self.config, now))
            if isinstance(question, str):
                work.met(provider, skipped(question))
            else:
                asking.setdefault(question, []).append(work)
        if not asking:
            return
        answers = await _Asking(self.lease, self.sources.on[provider], self.stopped).all(list(asking))
        for question, sharing in asking.items():
            answer = answers[question.hash]
            for index, work in enumerate(sharing):
                work.met(provider, answer.reused() if index else answer, question.hash)

    async def _close(self, finished: Sequence[_LeadWork]) -> None:
        """Write what became of leads, by what is known of them at this moment, in one commit."""
        if not finished:
            return
        by_id = {lead.records.lead_id: lead for lead in finished}
        now = datetime.now(UTC)
        config = self.config
        fresh_for_s: dict[LeadOutcome, float] = dict.fromkeys(
            ("enriched", "complete", "nothing_found", "skipped", "due"), config.fresh_for_s
        )
        fresh_for_s["failed"] = config.retry_after_s

        def conclude(lead: LeadRecords) -> Concluded:
            works = {work.lead.record_id: work for work in by_id[lead.lead_id].all}
            results = [
                works[record.record_id].result(config, now, record) for record in lead.all if record.record_id in works
            ]
            return Concluded(lead.lead_id, results, *lead_outcome(results))

        identifies = any(
            found.field in IDENTIFYING
            for lead in finished
            for work in lead.all
            for answer in work.answers.values()
            for found in answer.found
        )
        leads = [lead.records for lead in finished]
        await self.lease.record_all(leads, conclude, fresh_for_s, identifies=identifies)


@dataclass
class _Asking:
    """Questions to one source, each asked once by whoever takes it first."""

    lease: EnrichmentLease
    source: EnrichmentSource
    stopped: dict[Provider, Answer]

    @property
    def provider(self) -> Provider:
        """The source's name."""
        return self.source.offer.name

    async def all(self, questions: Sequence[Question]) -> dict[str, Answer]:
        """Return hash to answer, for every question."""
        answers: dict[str, Answer] = {}
        waiting = list(questions)
        deadline = asyncio.get_running_loop().time() + _WAIT_FOR_OTHERS_S
        while waiting:
            taken = await questions_of.take(self.lease, self.provider, waiting)
            answers |= taken.answered
            answers |= await self._ask(taken.ours)
            waiting = list(taken.busy)
            if waiting and asyncio.get_running_loop().time() > deadline:
                answers |= {question.hash: due("another run is asking it") for question in waiting}
                break
            if waiting:
                await asyncio.sleep(_LOOK_AGAIN_S)
        return answers

    async def _ask(self, ours: Sequence[tuple[Question, str | None]]) -> dict[str, Answer]:
        """Ask what is ours, in bulk, some calls at once; every answer is committed as it comes."""
        answers: dict[str, Answer] = {}

        async def collect(parked: tuple[Question, str]) -> None:
            question, ticket = parked
            answers[question.hash] = answer = await self.source.collect(ticket)
            await questions_of.record_answers(self.lease, [(question, answer)])

        async def ask(chunk: Sequence[Question]) -> None:
            answers.update(await self._chunk(chunk))

        parked = [(question, ticket) for question, ticket in ours if ticket is not None]
        new = [question for question, ticket in ours if ticket is None]
        offer = self.source.offer
        await bounded_gather(collect, parked, width=offer.width)
        await bounded_gather(ask, list(sliced(new, offer.bulk)), width=offer.width)
        return answers

    async def _chunk(self, chunk: Sequence[Question]) -> dict[str, Answer]:
        """Make one call. Where the budget has no room for all of it, ask for half, down to a single question."""
        if self.provider in self.stopped:
            return await self._unasked(chunk, self.stopped[self.provider])
        answered = await self.source.ask(chunk)
        if isinstance(answered, Unasked):
            if answered.is_over_budget and len(chunk) > 1:
                middle = len(chunk) // 2
                return await self._chunk(chunk[:middle]) | await self._chunk(chunk[middle:])
            if answered.is_for_all:
                self.stopped[self.provider] = answered.answer
                log.warning("provider_put_off", extra={"provider": self.provider, "reason": answered.answer.reason})
            return await self._unasked(chunk, answered.answer)
        pairs = list(zip(chunk, answered, strict=True))
        await questions_of.record_answers(self.lease, pairs)
        return {question.hash: answer for question, answer in pairs}

    async def _unasked(self, chunk: Sequence[Question], answer: Answer) -> dict[str, Answer]:
        await questions_of.give_back(self.lease, chunk)
        return {question.hash: answer for question in chunk}
