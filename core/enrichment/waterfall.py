"""Whom to ask next for a lead, with which question, and which of the answers count. Pure: time comes in.

The first provider in a field's order that knows it wins. A provider is asked at most once a lead and run; what it says
about other fields is taken too, where these list it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from core.enrichment.config import EnrichmentConfig, Step
from core.enrichment.questions import Accepted, Answer, Found, KnownLead, Provider, Question, accept
from core.text import phones
from core.text.country_readings import read_country

Answers = Mapping[Provider, Answer]


def is_wanted(step: Step, name: str, lead: KnownLead, config: EnrichmentConfig, now: datetime) -> bool:
    """Return whether a step applies to a field of a lead as it is known."""
    if step.tiers and lead.tier not in step.tiers:
        return False
    origin = lead.origin(name)
    if origin is None:
        return True
    if origin.source == "person" or step.when in ("empty", "along"):
        return False
    return step.when == "always" or now - origin.observed_at > config.stale_after


def wanted_fields(config: EnrichmentConfig, lead: KnownLead, now: datetime) -> tuple[str, ...]:
    """Return the fields for which somebody is to be asked."""
    return tuple(
        name
        for name in config.fields
        if any(step.when != "along" and is_wanted(step, name, lead, config, now) for step in config.steps(name))
    )


def next_provider(config: EnrichmentConfig, lead: KnownLead, answers: Answers, now: datetime) -> Provider | None:
    """Return who is to be asked next, or None where nobody is.

    Args:
        config: the waterfall.
        lead: as it was known before the first answer.
        answers: those of this run, by provider.
        now: aware UTC.
    """
    candidates = {found for name in config.fields if (found := _candidate(config, name, lead, answers, now))}
    return next((provider for provider in config.providers if provider in candidates), None)


def _candidate(
    config: EnrichmentConfig, name: str, lead: KnownLead, answers: Answers, now: datetime
) -> Provider | None:
    """Return the first provider of a field that was not asked yet; None once one before it knew the field."""
    for step in config.steps(name):
        if not is_wanted(step, name, lead, config, now):
            continue
        answer = answers.get(step.ask)
        if answer is not None and answer.value_of(name) is not None:
            return None
        if answer is None and step.when != "along":
            return step.ask
    return None


def accepted_values(config: EnrichmentConfig, lead: KnownLead, answers: Answers, now: datetime) -> Iterator[Accepted]:
    """Yield the values that count, at most one a field, by the fields' orders and the conflict rule."""
    for name in config.fields:
        for step in config.steps(name):
            answer = answers.get(step.ask)
            found = _localised(answer.value_of(name), lead) if answer is not None else None
            if found is None or not is_wanted(step, name, lead, config, now):
                continue
            observed_at = (answer.asked_at if answer else None) or now
            accepted = accept(lead, found, step.ask, config.whom, observed_at)
            if accepted is not None:
                yield accepted
            break


def _localised(found: Found | None, lead: KnownLead) -> Found | None:
    """Return a phone number that names no country as one of the lead's, and a country of a kept answer by its code."""
    if found is not None and found.field == "country":
        code = read_country(found.value).code
        return replace(found, value=code) if code else None
    if found is None or not found.field.endswith("_phone") or found.value.startswith("+"):
        return found
    number = phones.phone(found.value, read_country(lead.values.get("country", "")).code)
    return replace(found, value=number or found.value)


def known_so_far(config: EnrichmentConfig, lead: KnownLead, answers: Answers, now: datetime) -> KnownLead:
    """Return the lead with what was found until now, which the next provider is asked with."""
    return lead.with_values({one.found.field: one.found.value for one in accepted_values(config, lead, answers, now)})


def question_for(config: EnrichmentConfig, provider: Provider, lead: KnownLead) -> Question | str:
    """Return what a provider is asked about a lead, or why there is nothing to ask with."""
    return config.offers[provider].asked(lead)
