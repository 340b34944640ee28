"""What companies' own websites offer as a source of enrichment. Needs no client, and no key."""

from functools import partial

from core.enrichment.offers import SourceOffer, asked_of_site

WEBSITE = SourceOffer(
    name="website",
    gives=frozenset(
        {
            *("company_name", "street", "city", "state", "country", "postal_code", "company_phone"),
            "company_linkedin_url",
            *("company_description", "company_email", "website_title"),
            *("facebook_url", "instagram_url", "x_url", "youtube_url"),
        }
    ),
    asked=partial(asked_of_site, "website"),
    trust=80,
    confidence=0.9,
    asked_with="the company's site",
    width=20,
)
