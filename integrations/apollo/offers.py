"""What Apollo offers as a source of enrichment. Needs no client.

Source: Apollo, "API Pricing": one credit a match, eight more for a mobile number (checked November 2026).
"""

from decimal import Decimal
from functools import partial

from core.enrichment.offers import SourceOffer, asked_of_person, own_domain
from core.enrichment.questions import KnownRecord, Question
from core.ledger.spend import Cost

ACCOUNT = "apollo"
BULK = 10
"""Items Apollo takes in one bulk call."""
CREDIT = Cost(credits=Decimal(1))
PHONE = Cost(credits=Decimal(9))
"""A match and a mobile number."""


def _asked_of_company(lead: KnownRecord) -> Question | str:
    domain = own_domain(lead)
    return Question.of(COMPANY.name, domain=domain) if domain else "no domain of the company is known"


COMPANY = SourceOffer(
    name="apollo_company",
    gives=frozenset(
        {
            *("company_name", "company_website", "company_domain", "industry", "company_size", "annual_revenue"),
            *("street", "city", "state", "country", "postal_code", "company_phone", "company_linkedin_url"),
        }
    ),
    asked=_asked_of_company,
    trust=90,
    confidence=0.9,
    asked_with="the company's domain",
    price=CREDIT,
    account=ACCOUNT,
    bulk=BULK,
)
PERSON = SourceOffer(
    name="apollo_person",
    gives=frozenset(
        {"contact_name", "first_name", "last_name", "contact_title", "contact_email", "linkedin_url"},
    ),
    asked=partial(asked_of_person, "apollo_person"),
    trust=92,
    confidence=0.9,
    asked_with="e-mail, profile, or name with company",
    price=CREDIT,
    account=ACCOUNT,
    bulk=BULK,
)
MOBILE = SourceOffer(
    name="apollo_phone",
    gives=frozenset({"contact_phone"}),
    asked=partial(asked_of_person, "apollo_phone"),
    trust=91,
    confidence=0.9,
    asked_with="e-mail, profile, or name with company; the number comes later",
    price=PHONE,
    account=ACCOUNT,
    is_late=True,
)
