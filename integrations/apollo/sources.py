"""Apollo as a source of enrichment: companies and people ten a call; mobile numbers are collected later."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.enrichment.cleaning import cleaned
from core.enrichment.offers import SourceOffer
from core.enrichment.questions import Answer, Question, Unasked
from core.ledger.spend import FREE
from core.text import phones
from integrations.apollo.client import ApolloBulk, ApolloClient, PersonQuery
from integrations.apollo.mapping import company_fields, person_fields
from integrations.apollo.offers import COMPANY, MOBILE, PERSON
from integrations.apollo.schemas import ApolloLateResult
from integrations.sources import AnswersAtOnce, Timing, attempt, collected, shares

_COLLECT_IN_S = 10.0


@dataclass(frozen=True)
class ApolloCompanies(AnswersAtOnce):
    """Facts of companies, by their domains."""

    client: ApolloClient
    offer: SourceOffer = COMPANY

    async def ask(self, questions: Sequence[Question]) -> Sequence[Answer] | Unasked:
        """Ask about companies, at most ten."""
        domains = [question.get("domain") or "" for question in questions]
        return await _in_bulk(self.offer, len(domains), lambda: self.client.enrich_bulk(domains), company_fields)


@dataclass(frozen=True)
class ApolloPeople(AnswersAtOnce):
    """Who somebody is, by what identifies them."""

    client: ApolloClient
    offer: SourceOffer = PERSON

    async def ask(self, questions: Sequence[Question]) -> Sequence[Answer] | Unasked:
        """Ask about people, at most ten."""
        queries = [PersonQuery(**dict(question.subject)) for question in questions]
        return await _in_bulk(self.offer, len(queries), lambda: self.client.match_bulk(queries), person_fields)


async def _in_bulk(
    offer: SourceOffer,
    count: int,
    call: Callable[[], Awaitable[ApolloBulk[Any]]],
    fields_of: Callable[[Any], Mapping[str, str]],
) -> Sequence[Answer] | Unasked:
    """Make one bulk call; each hit bears its share of what the call cost, so that the shares add up to it."""
    if not count:
        return []
    timing = Timing()
    answered = await attempt(call)
    if isinstance(answered, Unasked):
        return answered
    if isinstance(answered, Answer):
        return [answered] * count
    hits = sum(found is not None for found in answered.found)
    paid = iter(shares(answered.cost, hits or 1))
    facts = timing.facts() | {"request_id": answered.request_id}
    answers = []
    for found in answered.found:
        values = () if found is None else cleaned(fields_of(found), offer)
        # What was charged without a hit stands with the first question.
        cost = next(paid, FREE) if found is not None or not hits else FREE
        reason = None if values else "Apollo knows nothing of it"
        answers.append(Answer("hit" if values else "miss", reason, values, cost=cost, **facts))
    return answers


@dataclass(frozen=True)
class ApolloMobiles:
    """Mobile numbers of people, which Apollo looks for after it has answered.

    Attributes:
        client: open.
        webhook_url: where Apollo posts the number to, which it demands; nothing is read from there.
        offer: of the source.
    """

    client: ApolloClient
    webhook_url: str
    offer: SourceOffer = MOBILE

    async def ask(self, questions: Sequence[Question]) -> Sequence[Answer] | Unasked:
        """Ask for one person's number; the answer is a ticket to collect it by."""
        if not questions:
            return []
        (question,) = questions
        query, timing = PersonQuery(**dict(question.subject)), Timing()
        answered = await attempt(lambda: self.client.submit_phone(query, self.webhook_url))
        if isinstance(answered, Unasked):
            return answered
        if isinstance(answered, Answer):
            return [answered]
        (submitted,) = answered.found
        facts = timing.facts() | {"cost": answered.cost, "request_id": answered.request_id}
        if submitted is None:
            return [Answer("miss", "Apollo does not know the person", **facts)]
        parked = "asked; the answer is collected by a later run"
        return [Answer("due", parked, ticket=str(submitted.request_id), collect_in_s=_COLLECT_IN_S, **facts)]

    async def collect(self, ticket: str) -> Answer:
        """Fetch a parked answer; what it cost was said when it was asked for."""
        timing = Timing()
        result = await collected(ticket, lambda: self.client.late_result(ticket))
        if isinstance(result, Answer):
            return result
        number = next(_numbers(result), None)
        found = cleaned({"contact_phone": number}, self.offer) if number else ()
        reason = None if found else "Apollo found no number"
        return Answer("hit" if found else "miss", reason, found, **timing.facts())


def _numbers(result: ApolloLateResult) -> Iterator[str]:
    written = (phone.sanitized_number or phone.raw_number or "" for one in result.people for phone in one.phone_numbers)
    return (number for text in written if (number := phones.phone(text)))
