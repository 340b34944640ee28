"""Apollo's people and companies, made of the sandbox's cast, in Apollo's shapes."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from sandbox.cast import COMPANIES, Company, Person

Row = dict[str, Any]
PLACEHOLDER_HOST = "domain.com"


def object_id(*parts: str) -> str:
    """Return an id of Apollo's form, 24 hex characters, always the same for the same thing."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:24]


def bare_domain(text: str) -> str:
    """Return a domain without scheme, `www.`, port and path."""
    host = re.sub(r"^\w+://", "", text.strip().lower()).split("/")[0].split(":")[0]
    return host.removeprefix("www.")


@dataclass(frozen=True, slots=True)
class Known:
    """A person Apollo knows, with the company Apollo thinks they work for."""

    id: str
    person: Person
    company: Company

    @property
    def linkedin_url(self) -> str:
        """Return the made-up profile's address."""
        return "http://www.linkedin.com/in/" + re.sub(r"\W+", "-", self.person.name.lower()).strip("-")


class Directory:
    """Everyone Apollo knows: the cast, and whoever was seeded."""

    def __init__(self) -> None:
        self.companies: list[Company] = list(COMPANIES)
        self.people = [
            Known(object_id("person", company.domain, person.name), person, company)
            for company in COMPANIES
            for person in company.people
        ]

    def add(self, company: Company) -> list[str]:
        """Add a company with its people; returns the people's ids."""
        self.companies.append(company)
        added = [Known(object_id("person", company.domain, one.name), one, company) for one in company.people]
        self.people.extend(added)
        return [known.id for known in added]

    def company(self, wanted: Row) -> Company | None:
        """Find a company by `domain`, `website`, `linkedin_url` or `name`."""
        domain = bare_domain(str(wanted.get("domain") or wanted.get("website") or ""))
        slug = str(wanted.get("linkedin_url") or "").rstrip("/").rsplit("/", 1)[-1]
        for company in self.companies:
            if domain == company.domain or slug == company.slug:
                return company
            if wanted.get("name") and str(wanted["name"]).lower() == company.name.lower():
                return company
        return None

    def person(self, wanted: Row) -> Known | None:
        """Find a person as Apollo does: by id, e-mail, profile, or name with company."""
        for known in self.people:
            person = known.person
            if wanted.get("id"):
                if wanted["id"] == known.id:
                    return known
            elif wanted.get("email"):
                if str(wanted["email"]).lower() == person.email and not is_placeholder(person.email):
                    return known
            elif wanted.get("linkedin_url"):
                if str(wanted["linkedin_url"]).rstrip("/").endswith(known.linkedin_url.rsplit("/", 1)[-1]):
                    return known
            elif _same_name(wanted, person) and self._same_company(wanted, known.company):
                return known
        return None

    def _same_company(self, wanted: Row, company: Company) -> bool:
        if wanted.get("domain"):
            return bare_domain(str(wanted["domain"])) == company.domain
        return str(wanted.get("organization_name", "")).lower() == company.name.lower()


def _same_name(wanted: Row, person: Person) -> bool:
    name = wanted.get("name") or f"{wanted.get('first_name', '')} {wanted.get('last_name', '')}"
    return str(name).strip().lower() == person.name.lower()


def is_placeholder(email: str | None) -> bool:
    """Return whether an address is Apollo's stand-in for one that is not unlocked."""
    return bool(email) and str(email).endswith(f"@{PLACEHOLDER_HOST}")


def search_row(known: Known) -> Row:
    """Return a hit of the free search: obfuscated, without e-mail, profile or company id."""
    person, last = known.person, known.person.last_name
    verbose_no = "Maybe: please request direct dial via people/bulk_match"
    return {
        "id": known.id,
        "first_name": person.first_name,
        "last_name_obfuscated": f"{last[:2]}***{last[-1]}",
        "title": person.title or None,
        "last_refreshed_at": "2026-05-10T09:31:34.998+00:00",
        "has_email": person.email is not None,
        "has_city": True,
        "has_state": True,
        "has_country": True,
        "has_direct_phone": "Yes" if person.seniority == "c_suite" else verbose_no,
        "organization": {
            "name": known.company.name,
            "has_industry": True,
            "has_phone": False,
            "has_city": True,
            "has_state": True,
            "has_country": True,
            "has_zip_code": True,
            "has_revenue": True,
            "has_employee_count": True,
        },
    }


def full_person(known: Known, company: Company | None = None) -> Row:
    """Return an enriched person; `company` is another employer than the one that was asked for."""
    person, company = known.person, company or known.company
    job_id = object_id("job", known.id)
    return {
        "id": known.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "name": person.name,
        "linkedin_url": known.linkedin_url,
        "title": person.title,
        "headline": f"{person.title} at {company.name}",
        "email": person.email,
        "email_status": person.email_status if not is_placeholder(person.email) else "unavailable",
        "extrapolated_email_confidence": None,
        "photo_url": None,
        "twitter_url": None,
        "github_url": None,
        "facebook_url": None,
        "organization_id": object_id("organization", company.domain),
        "city": company.city,
        "state": None,
        "country": company.country,
        "employment_history": [
            {
                "_id": job_id,
                "id": job_id,
                "key": job_id,
                "current": True,
                "title": person.title,
                "organization_id": object_id("organization", company.domain),
                "organization_name": company.name,
                "start_date": "2023-01-01",
                "end_date": None,
            }
        ],
        "organization": organization(company),
        "is_likely_to_engage": False,
        "intent_strength": None,
        "show_intent": False,
        "email_domain_catchall": company.catches_all_mail,
        "revealed_for_current_team": True,
        "departments": [person.department],
        "subdepartments": [],
        "functions": [person.department],
        "seniority": person.seniority,
    }


def stub_person(wanted: Row, number: int) -> Row:
    """Return what Apollo answers for an unknown e-mail: a person without a name."""
    empty = dict.fromkeys(
        ("first_name", "last_name", "linkedin_url", "title", "headline", "email_status", "organization_id")
    )
    return {
        **empty,
        "id": object_id("stub", str(number)),
        "name": "",
        "email": wanted.get("email"),
        "employment_history": [],
    }


def organization(company: Company) -> Row:
    """Return an enriched company."""
    return {
        "id": object_id("organization", company.domain),
        "name": company.name,
        "primary_domain": company.domain,
        "website_url": f"http://www.{company.domain}",
        "linkedin_url": f"http://www.linkedin.com/company/{company.slug}",
        "industry": company.industry,
        "industries": [company.industry],
        "keywords": [],
        "estimated_num_employees": company.employee_count,
        "founded_year": company.founded,
        "annual_revenue": company.revenue,
        "annual_revenue_printed": f"{company.revenue / 1e6:.1f}M",
        "organization_revenue": company.revenue,
        "raw_address": f"{company.city}, {company.country}",
        "city": company.city,
        "country": company.country,
        "primary_phone": {},
        "technology_names": [],
        "current_technologies": [],
        "short_description": None,
        "sic_codes": [],
        "naics_codes": [],
        "funding_events": [],
        "num_suborganizations": 0,
        "departmental_head_count": {},
    }


def thin_organization(company: Company) -> Row:
    """Return a company as the paid search shows it: no industry, no head count."""
    kept = ("id", "name", "website_url", "primary_domain", "linkedin_url", "founded_year", "sic_codes")
    full = organization(company)
    growth = {"organization_headcount_six_month_growth": 0.0}
    return {key: full[key] for key in kept} | {"phone": None, "organization_revenue": company.revenue} | growth
