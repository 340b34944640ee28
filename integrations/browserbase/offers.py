"""What LinkedIn's public company pages offer as a source of enrichment, visited by Browserbase. Needs no client."""

from decimal import Decimal
from urllib.parse import urlsplit

from core.discovery.people_offers import PeopleOffer
from core.enrichment.offers import SourceOffer
from core.enrichment.questions import KnownLead, Question
from core.ledger.spend import Cost
from core.settings.providers import BrowserbaseSettings, LinkedInSettings
from core.settings.sections import SettingsReader

SOURCE = "linkedin"
ACCOUNT = "browserbase"
SESSION = Cost(credits=Decimal(1))
"""Sessions are counted as credits: one each."""


def linkedin_slug(url: str | None) -> str | None:
    """Return the name of a company's LinkedIn page from its address, or None."""
    text = (url or "").strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    words = parts.path.strip("/").split("/")
    is_company = (host == "linkedin.com" or host.endswith(".linkedin.com")) and words[0] in ("company", "school")
    return words[1] if is_company and len(words) > 1 and words[1] else None


def missing(read: SettingsReader) -> str | None:
    """Say what is to be set before a page can be visited, or None."""
    if not read(LinkedInSettings).enabled:
        return "LINKEDIN_ENABLED is not true"
    return "set BROWSERBASE_API_KEY" if read(BrowserbaseSettings).api_key is None else None


def _asked(lead: KnownLead) -> Question | str:
    slug = linkedin_slug(lead.values.get("company_linkedin_url"))
    return Question.of(COMPANY_PAGE.name, slug=slug) if slug else "the company's LinkedIn page is not known"


COMPANY_PAGE = SourceOffer(
    name=SOURCE,
    gives=frozenset(
        {
            *("company_name", "company_website", "industry", "company_size", "street", "city", "state"),
            *("postal_code", "country", "company_description"),
        }
    ),
    asked=_asked,
    trust=70,
    confidence=0.85,
    price=SESSION,
    account=ACCOUNT,
    width=1,
    missing=missing,
)
OFFERS = (COMPANY_PAGE,)


def _off(read: SettingsReader) -> str | None:
    return None if (why := missing(read)) is None else f"not configured: {why}"


PEOPLE = PeopleOffer(SOURCE, _off, names_people=False)
"""A company's page names nobody; it is visited for how many people the company has."""
