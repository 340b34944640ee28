"""Browserbase as a plug, and LinkedIn, whose public pages are visited through it: what is true of them alone."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from core.enrichment.offers import SourceOffer
from core.errors import ProviderNotConfigured
from core.ledger.spend import Period, Unit
from core.ports import PeopleOffer
from core.settings.providers import ProviderSettings, own_default
from core.settings.sections import Section, SettingsReader, tuning
from core.upkeep.health_checks import HealthCheck, HealthState, Knobs
from integrations.browserbase.offers import COMPANY_PAGE
from integrations.checking import KeyCheck, key_check, left, unusable
from integrations.plug import Examination, Paid, Plug, PlugContext, Reader

if TYPE_CHECKING:
    from core.ports import EnrichmentSource, PeopleSource
    from integrations.browserbase.client import BrowserbaseClient
    from integrations.browserbase.linkedin import CompanyPages

NAME = "browserbase"
LINKEDIN_NAME = "linkedin"


class BrowserbaseSettings(ProviderSettings):
    """Browserbase, remote browsers."""

    prefix: ClassVar[str] = "BROWSERBASE_"

    base_url: str = own_default("base_url", "https://api.browserbase.com")
    project_id: str | None = Field(default=None, description="Project; empty: inferred from the key")
    concurrency: int = tuning(default=1, ge=1, le=250, description="Sessions at once, as the plan allows")
    rate_limits: str = own_default("rate_limits", "minute=5/60")


class LinkedInSettings(Section):
    """Public LinkedIn company pages. LinkedIn's User Agreement forbids automated access."""

    prefix: ClassVar[str] = "LINKEDIN_"

    enabled: bool = Field(
        default=False,
        description="true: visit public company pages through Browserbase, accepting that LinkedIn forbids it",
    )
    base_url: str = tuning(default="https://www.linkedin.com", description="Where company pages are")
    pages_a_day: int = tuning(default=100, ge=1, le=1000, description="Pages in any 24 hours")


async def open_client(opening: PlugContext) -> "BrowserbaseClient":
    """Open a client. Raises ProviderNotConfigured."""
    from integrations.browserbase.client import BrowserbaseClient

    section = opening.read(BrowserbaseSettings)
    key, guard = section.key(), opening.guard(NAME)
    client = BrowserbaseClient(section.base_url, key, guard, project_id=section.project_id, timeout_s=section.timeout_s)
    return await opening.stack.enter_async_context(client)


async def open_company_pages(opening: PlugContext) -> "CompanyPages":
    """Open visits to public company pages. Raises ProviderNotConfigured unless they are switched on."""
    if not opening.read(LinkedInSettings).enabled:
        raise ProviderNotConfigured("linkedin is off: LINKEDIN_ENABLED=true accepts that its terms forbid this")
    return await _visits(opening)


async def _visits(opening: PlugContext) -> "CompanyPages":
    from integrations.browserbase.linkedin import CompanyPages
    from integrations.resilience.rate_limit import LimitPolicy, RateLimiter, Slots, Window

    section = opening.read(LinkedInSettings)
    # Strict, because overrunning it is punished.
    pages = LimitPolicy((Window("day", section.pages_a_day, 86_400),), 10.0, is_strict=True)
    return CompanyPages(
        await open_client(opening),
        slots=Slots(NAME, opening.read(BrowserbaseSettings).concurrency, opening.store),
        limiter=RateLimiter(LINKEDIN_NAME, pages, opening.store),
        is_enabled=section.enabled,
        base_url=section.base_url,
    )


def _missing(read: SettingsReader) -> str | None:
    if not read(LinkedInSettings).enabled:
        return "LINKEDIN_ENABLED is not true"
    return "set BROWSERBASE_API_KEY" if read(BrowserbaseSettings).api_key is None else None


def _people_off(read: SettingsReader) -> str | None:
    return None if (why := _missing(read)) is None else f"not configured: {why}"


PEOPLE = PeopleOffer(LINKEDIN_NAME, _people_off, place=1, names_people=False)
"""A company's page names nobody; it is visited for how many people the company has."""


async def _open_source(opening: PlugContext, *, offer: SourceOffer) -> "EnrichmentSource":
    from integrations.browserbase.sources import LinkedInPages

    return LinkedInPages(await open_company_pages(opening), offer)


async def _open_people(opening: PlugContext) -> "PeopleSource":
    from integrations.browserbase.sources import LinkedInCompanies

    return LinkedInCompanies(await open_company_pages(opening))


async def _end_stale_sessions(opening: PlugContext) -> int:
    """End browser sessions of ours that outlived any visit; return how many."""
    return await (await _visits(opening)).sweep(now=datetime.now(UTC))


async def _ask(examination: Examination) -> KeyCheck:
    running = len(await (await open_client(examination)).running_sessions())
    allowed = examination.read(BrowserbaseSettings).concurrency
    return KeyCheck({"sessions": left(max(allowed - running, 0), allowed)})


def _visits_off(reader: Reader) -> str | None:
    return None if reader.read(LinkedInSettings).enabled else "LINKEDIN_ENABLED is not set"


async def _check_visits(examination: Examination) -> HealthCheck:
    """Look whether visits could be made; none is."""
    from integrations.browserbase.linkedin import has_browser_driver

    if examination.read(BrowserbaseSettings).api_key is None:
        advice = "set BROWSERBASE_API_KEY, or LINKEDIN_ENABLED=false"
        return unusable(LINKEDIN_NAME, "it needs Browserbase, which has no key", advice)
    if not has_browser_driver():
        return unusable(LINKEDIN_NAME, "Playwright is missing", "install sales-agent with its extra 'browser'")
    pages = examination.read(LinkedInSettings).pages_a_day
    return HealthCheck(LINKEDIN_NAME, HealthState.OK, f"switched on, {pages} pages a day at most")


PLUG = Plug(
    name=NAME,
    title="Browserbase",
    sections=(BrowserbaseSettings,),
    words=(NAME,),
    client=open_client,
    is_strict=True,
    paid=(Paid(Unit.CREDITS, "sessions", "Browser sessions", {Period.DAY: Decimal(100)}),),
    check=key_check(NAME, _ask),
    tidy=_end_stale_sessions,
)

LINKEDIN = Plug(
    name=LINKEDIN_NAME,
    title="LinkedIn",
    sections=(LinkedInSettings,),
    words=(LINKEDIN_NAME,),
    client=open_company_pages,
    ports={"enrichment": _open_source, "people": _open_people},
    sources=(replace(COMPANY_PAGE, missing=_missing),),
    people=PEOPLE,
    module="linkedin",
    off=_visits_off,
    check=_check_visits,
    knobs=Knobs("LINKEDIN_BASE_URL", "BROWSERBASE_API_KEY"),
)
