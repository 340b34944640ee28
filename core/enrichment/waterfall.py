"""Whom to ask next for a lead, with which question, and which of the answers count. Pure: time comes in.

The first provider in a field's order that knows it wins. A provider is asked at most once a company and once a person
and run; what it says about other fields is taken too, where these list it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from core.enrichment.config import EnrichmentConfig, Step
from core.enrichment.questions import Accepted, Answer, Found, KnownRecord, Provider, Question, accept
from core.text import phones
from core.text.country_readings import read_country

Answers = Mapping[Provider, Answer]


def is_wanted(step: Step, name: str, lead: KnownRecord, config: EnrichmentConfig, now: datetime) -> bool:
    """Return whether a step applies to a field of a lead as it is known."""
    if step.tiers and lead.tier not in step.tiers:
        return False
    origin = lead.origin(name)
    if origin is None:
        return True
    if origin.source == "person" or step.when in ("empty", "along"):
        return False
    return step.when == "always" or now - origin.observed_at > config.stale_after


def own_fields(config: EnrichmentConfig, lead: KnownRecord) -> list[str]:
    """Return the fields of a configuration that are the record's: a company's, or a contact's."""
    return [name for name in config.fields if lead.has_field(name)]


def wanted_fields(config: EnrichmentConfig, lead: KnownRecord, now: datetime) -> tuple[str, ...]:
    """Return the fields for which somebody is to be asked."""
    return tuple(
        name
        for name in own_fields(config, lead)
        if any(step.when != "along" and is_wanted(step, name, lead, config, now) for step in config.steps(name))
    )


def next_provider(config: EnrichmentConfig, lead: KnownRecord, answers: Answers, now: datetime) -> Provider | None:
    """Return who is to be asked next, or None where nobody is.

    Args:
        config: the waterfall.
        lead: as it was known before the first answer.
        answers: those of this run, by provider.
        now: aware UTC.
    """
    candidates = {found for name in own_fields(config, lead) if (found := _candidate(config, name, lead, answers, now))}
    return next((provider for provider in config.providers if provider in candidates), None)


def _candidate(
    config: EnrichmentConfig, name: str, lead: KnownRecord, answers: Answers, now: datetime
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


def accepted_values(config: EnrichmentConfig, lead: KnownRecord, answers: Answers, now: datetime) -> Iterator[Accepted]:
    """Yield the values that count, at most one a field, by the fields' orders and the conflict rule."""
    for name in own_fields(config, lead):
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


def _localised(found: Found | None, lead: KnownRecord) -> Found | None:
    """Return a phone number that names no country as one of the lead's, and a country of a kept answer by its code."""
    if found is not None and found.field == "country":
        code = read_country(found.value).code
        return replace(found, value=code) if code else None
    if found is None or not found.field.endswith("_phone") or found.value.startswith("+"):
        return found
    number = phones.phone(found.value, read_country(lead.values.get("country", "")).code)
    return replace(found, value=number or found.value)


def known_so_far(config: EnrichmentConfig, lead: KnownRecord, answers: Answers, now: datetime) -> KnownRecord:
    """Return the lead with what was found until now, which the next provider is asked with."""
    return lead.with_values({one.found.field: one.found.value for one in accepted_values(config, lead, answers, now)})


def question_for(config: EnrichmentConfig, provider: Provider, lead: KnownRecord) -> Question | str:
    """Return what a provider is asked about a company or a contact, or why there is nothing to ask with."""
    stands_for_it = lead if lead.asked_with is None else replace(lead, values=lead.asked_with)
    return config.offers[provider].asked(stands_for_it)
