"""What LinkedIn's public company pages offer as a source of enrichment, visited by Browserbase. Needs no client."""

from decimal import Decimal
from urllib.parse import urlsplit

from core.enrichment.offers import SourceOffer
from core.enrichment.questions import KnownRecord, Question
from core.ledger.spend import Cost

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


def _asked(lead: KnownRecord) -> Question | str:
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
    asked_with="the name of the company's page",
    price=SESSION,
    account=ACCOUNT,
    width=1,
)
