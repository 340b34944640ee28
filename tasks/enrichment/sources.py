"""The providers of enrichment, each asked in its own way, and what their errors mean for a question.

A source turns questions into answers and raises nothing for what its provider does. Only a budget or a limit that
refused the call leaves a question certainly not asked; a paid call whose answer was lost leaves it open.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from core.enrichment.config import EnrichmentConfig
from core.enrichment.questions import BULK, PRICES, Answer, Found, Provider, Question
from core.errors import (
    AnswerPending,
    BudgetExhausted,
    CircuitOpen,
    ConfigurationError,
    InvalidInput,
    LimitReached,
    PaymentRequired,
    ProviderError,
    RateLimited,
    Unauthorized,
)
from core.ledger.spend import FREE, Budget, Cost
from core.settings.settings import Settings
from core.text import cell_text, normalize, phones
from core.text.countries import country_code
from integrations import plugs
from integrations.apollo import mapping as apollo_mapping
from integrations.apollo import plug as apollo
from integrations.apollo.client import ApolloBulk, ApolloClient, PersonQuery
from integrations.apollo.plug import ApolloPhoneSettings, ApolloSettings
from integrations.browserbase import mapping as linkedin_mapping
from integrations.browserbase import plug as browserbase
from integrations.browserbase.linkedin import CompanyPages
from integrations.browserbase.plug import BrowserbaseSettings, LinkedInSettings
from integrations.browserbase.schemas import PageOutcome
from integrations.resilience.retry import is_ambiguous
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.plug import WebsiteSettings
from tasks.enrichment.website_reading import read_website
from tasks.runtime.providers import outside
from tasks.runtime.websites import website_fetcher

if TYPE_CHECKING:
    from tasks.enrichment.agent import AgentReader, Record

T = TypeVar("T")

_CLEANERS: dict[str, Callable[[str], str | None]] = {
    "company_website": normalize.url,
    "company_domain": normalize.own_domain,
    "company_size": normalize.number_range,
    "annual_revenue": normalize.number_range,
    "country": normalize.country,
    "postal_code": normalize.postal_code,
    "company_linkedin_url": normalize.linkedin_company,
    "linkedin_url": normalize.linkedin_person,
    "contact_email": normalize.email,
}


@dataclass(frozen=True)
class Unasked:
    """Questions that were certainly not asked.

    Attributes:
        answer: why, for each of the leads.
        is_for_all: whether further questions would fare the same.
        is_over_budget: whether fewer questions at once might fit the budget.
    """

    answer: Answer
    is_for_all: bool = False
    is_over_budget: bool = False


Ask = Callable[[Sequence[Question]], Awaitable[Sequence[Answer] | Unasked]]
Collect = Callable[[str], Awaitable[Answer]]


@dataclass
class Source:
    """A provider that can be asked.

    Attributes:
        provider: its name.
        ask: asks at most `bulk` questions at once, gives their answers in order.
        bulk: questions a call.
        width: calls at once.
        collect: fetches a parked answer by its ticket.
        stopped: why it is not asked any more in this batch, or None.
    """

    provider: Provider
    ask: Ask
    bulk: int = 1
    width: int = 4
    collect: Collect | None = None
    stopped: Answer | None = None


@dataclass(frozen=True)
class Sources:
    """All providers: those that can be asked, and why the others cannot."""

    on: Mapping[Provider, Source]
    off: Mapping[Provider, str] = field(default_factory=dict)


def configured(chosen: Settings, config: EnrichmentConfig) -> dict[Provider, str]:
    """Return provider to what is to be set to use it, for those that are off; opens nothing."""
    off: dict[Provider, str] = {}
    if chosen.read(ApolloSettings).api_key is None:
        for name in ("apollo_company", "apollo_person", "apollo_phone"):
            off[name] = "not configured: set APOLLO_API_KEY"
    elif not chosen.read(ApolloPhoneSettings).phone_webhook_url:
        off["apollo_phone"] = "not configured: set ENRICH_PHONE_WEBHOOK_URL, which Apollo demands"
    if not chosen.read(LinkedInSettings).enabled:
        off["linkedin"] = "not configured: LINKEDIN_ENABLED is not true"
    elif chosen.read(BrowserbaseSettings).api_key is None:
        off["linkedin"] = "not configured: set BROWSERBASE_API_KEY"
    if not plugs.models_for("enrichment", chosen):
        off["agent"] = "not configured: no model for MODELS_ENRICHMENT has a key"
    used = {step.ask for name in config.fields for step in config.steps(name)}
    return {provider: why for provider, why in off.items() if provider in used}


@asynccontextmanager
async def opened_sources(
    chosen: Settings, config: EnrichmentConfig, run_id: UUID, budgets: Sequence[Budget], record: "Record | None"
) -> AsyncIterator[Sources]:
    """Open the providers that are configured and used; without a key neither Redis nor a client is opened.

    Args:
        chosen: the installation's settings.
        config: the waterfall.
        run_id: whose budget it is.
        budgets: of the run, beside those of the settings.
        record: takes note of each run of the agent.
    """
    off = configured(chosen, config)
    used = {step.ask for name in config.fields for step in config.steps(name)} - set(off)
    on: dict[Provider, Source] = {}
    async with AsyncExitStack() as stack:
        if used & {"website", "agent"}:
            fetcher = await stack.enter_async_context(website_fetcher(chosen))
            on["website"] = _website(fetcher, chosen)
        if used - {"website"}:
            world = await stack.enter_async_context(outside(run_id, of=chosen, more_budgets=tuple(budgets)))
            if any(name.startswith("apollo") for name in used):
                on |= _apollo(await world.client(apollo.PLUG), chosen.read(ApolloPhoneSettings).phone_webhook_url or "")
            if "linkedin" in used:
                on["linkedin"] = _linkedin(await world.client(browserbase.LINKEDIN))
            if "agent" in used:
                from tasks.enrichment.agent import opened_reader  # LangChain, for those who ask a model

                try:
                    reader = await opened_reader(
                        stack, world, fetcher, config, run_id, record, chosen.read(WebsiteSettings)
                    )
                    on["agent"] = Source("agent", _one_by_one(_agent_asker(reader)), width=4)
                except ConfigurationError as error:
                    off["agent"] = f"not configured: {error}"
        yield Sources({name: source for name, source in on.items() if name in used}, off)


def _one_by_one(ask: Callable[[Question], Awaitable[Answer | Unasked]]) -> Ask:
    async def one(questions: Sequence[Question]) -> list[Answer] | Unasked:
        (question,) = questions
        answer = await ask(question)
        return answer if isinstance(answer, Unasked) else [answer]

    return one


def _website(fetcher: WebsiteFetcher, chosen: Settings) -> Source:
    websites = chosen.read(WebsiteSettings)

    async def ask(question: Question) -> Answer:
        started, asked_at = time.monotonic(), datetime.now(UTC)
        answer = await read_website(
            question.address, fetcher, time_budget_s=websites.time_budget_s, reading_s=websites.reading_s
        )
        return replace(answer, latency_ms=_since(started), asked_at=asked_at)

    return Source("website", _one_by_one(ask), width=chosen.enrichment.sites_at_once)


def _apollo(client: ApolloClient, webhook_url: str) -> dict[Provider, Source]:
    async def companies(questions: Sequence[Question]) -> list[Answer] | Unasked:
        asked = [question.get("domain") or "" for question in questions]
        return await _in_bulk(
            "apollo_company", len(asked), lambda: client.enrich_bulk(asked), apollo_mapping.company_fields
        )

    async def people(questions: Sequence[Question]) -> list[Answer] | Unasked:
        asked = [PersonQuery(**dict(question.subject)) for question in questions]
        return await _in_bulk(
            "apollo_person", len(asked), lambda: client.match_bulk(asked), apollo_mapping.person_fields
        )

    async def phones(questions: Sequence[Question]) -> list[Answer] | Unasked:
        query = PersonQuery(**dict(questions[0].subject))
        return await _submitted(lambda: client.submit_phone(query, webhook_url))

    return {
        "apollo_company": Source("apollo_company", companies, BULK["apollo_company"]),
        "apollo_person": Source("apollo_person", people, BULK["apollo_person"]),
        "apollo_phone": Source("apollo_phone", phones, collect=lambda ticket: _collected(client, ticket)),
    }


async def _in_bulk(
    provider: Provider,
    count: int,
    call: Callable[[], Awaitable[ApolloBulk[Any]]],
    fields_of: Callable[[Any], Mapping[str, str]],
) -> list[Answer] | Unasked:
    """Make one bulk call; each hit bears its share of what the call cost, so that the shares add up to it."""
    started, asked_at = time.monotonic(), datetime.now(UTC)
    answered = await _guarded(call)
    if isinstance(answered, Unasked):
        return answered
    if isinstance(answered, Answer):
        return [replace(answered, latency_ms=_since(started), asked_at=asked_at)] * count
    hits = sum(found is not None for found in answered.found)
    shares = iter(_shares(answered.cost, hits or 1))
    answers = []
    for found in answered.found:
        values = () if found is None else _normalised(fields_of(found), provider)
        answer = Answer(
            "hit" if values else "miss",
            None if values else "Apollo knows nothing of it",
            values,
            # What was charged without a hit stands with the first question.
            cost=next(shares, FREE) if found is not None or not hits else FREE,
            latency_ms=_since(started),
            request_id=answered.request_id,
            asked_at=asked_at,
        )
        answers.append(answer)
    return answers


def _shares(cost: Cost, count: int) -> list[Cost]:
    """Divide a cost, the rest of the division with the first."""
    if count == 1:
        return [cost]
    each = Cost((cost.usd / count).quantize(cost.usd), (cost.credits / count).quantize(cost.credits))
    return [cost - each.times(count - 1), *([each] * (count - 1))]


async def _submitted(call: Callable[[], Awaitable[ApolloBulk[Any]]]) -> list[Answer] | Unasked:
    started, asked_at = time.monotonic(), datetime.now(UTC)
    answered = await _guarded(call)
    if isinstance(answered, Unasked):
        return answered
    if isinstance(answered, Answer):
        return [replace(answered, latency_ms=_since(started), asked_at=asked_at)]
    (submitted,) = answered.found
    facts: dict[str, Any] = {
        "cost": answered.cost, "latency_ms": _since(started), "request_id": answered.request_id, "asked_at": asked_at,
    }  # fmt: skip
    if submitted is None:
        return [Answer("miss", "Apollo does not know the person", **facts)]
    parked = "asked; the answer is collected by a later run"
    return [Answer("due", parked, ticket=str(submitted.request_id), collect_in_s=10.0, **facts)]


async def _collected(client: ApolloClient, ticket: str) -> Answer:
    """Fetch a parked answer; what it cost was said when it was asked for."""
    started, asked_at = time.monotonic(), datetime.now(UTC)
    try:
        result = await client.late_result(ticket)
    except AnswerPending as pending:
        wait_s = pending.retry_after_s or 10.0
        return Answer("due", "the provider still works on it", ticket=ticket, collect_in_s=wait_s, asked_at=asked_at)
    except RateLimited as error:
        return Answer("due", str(error), ticket=ticket, collect_in_s=error.retry_after_s or 60.0, asked_at=asked_at)
    except (LimitReached, ProviderError) as error:
        is_lasting = isinstance(error, ProviderError) and not is_ambiguous(error) and not isinstance(error, CircuitOpen)
        if is_lasting:
            return Answer("error", str(error), asked_at=asked_at, latency_ms=_since(started))
        return Answer("due", str(error), ticket=ticket, collect_in_s=60.0, asked_at=asked_at)
    numbers = [
        number
        for person in result.people
        for phone in person.phone_numbers
        if (number := phones.phone(phone.sanitized_number or phone.raw_number or ""))
    ]
    found = tuple(Found("contact_phone", number) for number in numbers[:1])
    reason = None if found else "Apollo found no number"
    return Answer("hit" if found else "miss", reason, found, latency_ms=_since(started), asked_at=asked_at)


def _linkedin(pages: CompanyPages) -> Source:
    async def ask(question: Question) -> Answer | Unasked:
        started, asked_at = time.monotonic(), datetime.now(UTC)
        visited = await _guarded(lambda: pages.visit(question.get("slug") or ""))
        if isinstance(visited, Unasked):
            return visited
        facts: dict[str, Any] = {"latency_ms": _since(started), "asked_at": asked_at}
        if isinstance(visited, Answer):
            return replace(visited, **facts)
        facts["cost"] = PRICES["linkedin"]
        if visited.facts is None:
            is_answer = visited.outcome in (PageOutcome.NOT_FOUND, PageOutcome.EMPTY)
            return Answer("miss" if is_answer else "error", visited.reason or visited.outcome.value, **facts)
        values = linkedin_mapping.company_fields(visited.facts)
        if visited.facts.description:
            values["company_description"] = visited.facts.description
        found = tuple(replace(one, source_url=visited.url) for one in _normalised(values, "linkedin"))
        return Answer("hit", None, found, **facts)

    return Source("linkedin", _one_by_one(ask), width=1)


def _agent_asker(reader: "AgentReader") -> Callable[[Question], Awaitable[Answer | Unasked]]:
    async def ask(question: Question) -> Answer | Unasked:
        started, asked_at = time.monotonic(), datetime.now(UTC)
        answer = await _guarded(lambda: reader.read(question))
        if isinstance(answer, Unasked):
            return answer
        return replace(answer, latency_ms=_since(started), asked_at=asked_at)

    return ask


async def _guarded(call: Callable[[], Awaitable[T]]) -> T | Answer | Unasked:
    """Make a call; say what its failure means for the question."""
    try:
        return await call()
    except BudgetExhausted as error:
        return Unasked(Answer("due", str(error)), is_for_all=True, is_over_budget=True)
    except (LimitReached, RateLimited, CircuitOpen) as error:
        return Unasked(Answer("due", str(error)), is_for_all=not isinstance(error, RateLimited))
    except PaymentRequired as error:
        return Unasked(Answer("due", str(error)), is_for_all=True)
    except Unauthorized as error:
        return Unasked(Answer("error", str(error)), is_for_all=True)
    except ProviderError as error:
        return Answer("error", str(error), request_id=error.request_id, is_open=is_ambiguous(error))
    except (InvalidInput, ConfigurationError) as error:
        return Answer("error", str(error))


def _normalised(values: Mapping[str, str], provider: Provider) -> tuple[Found, ...]:
    country = country_code(values.get("country", ""))
    found = []
    for name, written in values.items():
        if name.endswith("_phone"):
            value = phones.phone(written, country)
        else:
            value = _CLEANERS.get(name, cell_text.text)(written)
        if value:
            found.append(Found(name, value, None, 0.9 if provider.startswith("apollo") else 0.85))
    return tuple(found)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
