"""Apollo as a plug: what is true of it alone."""

from dataclasses import replace
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from core.enrichment.offers import SourceOffer
from core.errors import Unauthorized
from core.ledger.spend import Period, Unit
from core.ports import PeopleOffer
from core.settings.providers import ProviderSettings, own_default
from core.settings.sections import Section, SettingsReader
from integrations.apollo.offers import COMPANY, MOBILE, PERSON
from integrations.checking import KeyCheck, key_check, left
from integrations.plug import Examination, Paid, Plug, PlugContext

if TYPE_CHECKING:
    from core.ports import EnrichmentSource, PeopleSource
    from integrations.apollo.client import ApolloClient

NAME = "apollo"


class ApolloSettings(ProviderSettings):
    """Apollo; its answers' headers replace these limits."""

    prefix: ClassVar[str] = "APOLLO_"

    base_url: str = own_default("base_url", "https://api.apollo.io/api/v1")
    retry: Literal["standard", "conservative", "aggressive"] = own_default("retry", "conservative")
    rate_limits: str = own_default("rate_limits", "minute=50/60,hour=600/3600,day=2000/86400")


class ApolloPeopleSettings(Section):
    """People bought of Apollo in discovery."""

    prefix: ClassVar[str] = "DISCOVERY_"

    apollo_people: int = Field(
        default=2,
        ge=0,
        le=6,
        description="People bought of Apollo for one company at most, a credit each: one for a role that is missing",
    )


class ApolloPhoneSettings(Section):
    """Phone numbers from Apollo in enrichment."""

    prefix: ClassVar[str] = "ENRICH_"

    phone_webhook_url: str | None = Field(
        default=None,
        pattern="^https?://",
        description="Address that Apollo posts phone numbers to; it demands one. The numbers are collected, not taken "
        "from there",
    )


async def open_client(opening: PlugContext) -> "ApolloClient":
    """Open a client. Raises ProviderNotConfigured."""
    from integrations.apollo.client import ApolloClient

    section = opening.read(ApolloSettings)
    client = ApolloClient(section.base_url, section.key(), opening.guard(NAME), timeout_s=section.timeout_s)
    return await opening.stack.enter_async_context(client)


def _missing(read: SettingsReader) -> str | None:
    return "set APOLLO_API_KEY" if read(ApolloSettings).api_key is None else None


def _missing_for_phones(read: SettingsReader) -> str | None:
    if (missing := _missing(read)) is not None:
        return missing
    has_address = read(ApolloPhoneSettings).phone_webhook_url
    return None if has_address else "set ENRICH_PHONE_WEBHOOK_URL, which Apollo demands"


def _people_off(read: SettingsReader) -> str | None:
    if (missing := _missing(read)) is not None:
        return f"not configured: {missing}"
    return None if read(ApolloPeopleSettings).apollo_people else "switched off: DISCOVERY_APOLLO_PEOPLE=0"


PEOPLE = PeopleOffer(NAME, _people_off, place=2)
"""The free search for people with a title, of whom a few are bought."""


async def _open_source(opening: PlugContext, *, offer: SourceOffer) -> "EnrichmentSource":
    from integrations.apollo.sources import ApolloCompanies, ApolloMobiles, ApolloPeople

    client = await open_client(opening)
    if offer.name == COMPANY.name:
        return ApolloCompanies(client, offer)
    if offer.name == PERSON.name:
        return ApolloPeople(client, offer)
    return ApolloMobiles(client, opening.read(ApolloPhoneSettings).phone_webhook_url or "", offer)


async def _open_people(opening: PlugContext) -> "PeopleSource":
    from integrations.apollo.people import ApolloDirectory

    return ApolloDirectory(await open_client(opening), opening.read(ApolloPeopleSettings).apollo_people)


async def _ask(examination: Examination) -> KeyCheck:
    try:
        profile = await (await open_client(examination)).profile()
    except Unauthorized as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        # A key may be narrowed to some endpoints; this one is not needed for work.
        return KeyCheck(note="it has no scope users/api_profile, so what it may spend is not known")
    credits_left = profile.credits_left
    return (
        KeyCheck()
        if credits_left is None
        else KeyCheck({"credits": left(credits_left, profile.effective_num_lead_credits)})
    )


PLUG = Plug(
    name=NAME,
    title="Apollo",
    sections=(ApolloSettings, ApolloPeopleSettings, ApolloPhoneSettings),
    words=(NAME,),
    client=open_client,
    ports={"enrichment": _open_source, "people": _open_people},
    sources=(
        replace(COMPANY, missing=_missing),
        replace(PERSON, missing=_missing),
        replace(MOBILE, missing=_missing_for_phones),
    ),
    people=PEOPLE,
    announces_limits=True,
    is_strict=True,
    paid=(
        Paid(Unit.CREDITS, "credits", "Apollo credits", {Period.RUN: Decimal(100), Period.MONTH: Decimal(1000)}),
        Paid(Unit.CALLS, "calls", "Paid calls to Apollo", {Period.DAY: None}),
    ),
    check=key_check(NAME, _ask),
)
