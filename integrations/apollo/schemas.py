"""Apollo's shapes, as its API v1 answers them (checked November 2026)."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

PLACEHOLDER = "email_not_unlocked"
"""Local part of the address that stands for "there is one, not shown"; never an address."""


def _real_address(value: object) -> object:
    if isinstance(value, str) and value.partition("@")[0].lower() == PLACEHOLDER:
        return None
    return value or None


def _list(value: object) -> object:
    return () if value is None else value


ApolloEmail = Annotated[str | None, BeforeValidator(_real_address)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ApolloOrganization(_Shape):
    """A company. Head count and revenue are Apollo's estimates."""

    id: str | None = None
    name: str | None = None
    primary_domain: str | None = None
    website_url: str | None = None
    linkedin_url: str | None = None
    industry: str | None = None
    keywords: Annotated[tuple[str, ...], BeforeValidator(_list)] = ()
    estimated_num_employees: int | None = None
    founded_year: int | None = None
    annual_revenue: float | None = None
    annual_revenue_printed: str | None = None
    street_address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    phone: str | None = None


class ApolloPerson(_Shape):
    """A person as far as Apollo knows; see `is_stub`."""

    id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    title: str | None = None
    headline: str | None = None
    linkedin_url: str | None = None
    email: ApolloEmail = None
    email_status: str | None = None
    organization_id: str | None = None
    organization: ApolloOrganization | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    seniority: str | None = None

    @property
    def is_stub(self) -> bool:
        """Return whether this is the empty shell Apollo answers, with status 200, for somebody it does not know."""
        return not self.name or not (self.title or self.organization)


class ApolloHit(_Shape):
    """A search result: enough to ask for the person by id, and no more."""

    id: str
    first_name: str | None = None
    title: str | None = None


class ApolloSearchPage(_Shape):
    """A page of people search."""

    total_entries: int = 0
    people: Annotated[tuple[ApolloHit, ...], BeforeValidator(_list)] = ()


class ApolloMatch(_Shape):
    """The answer of people match."""

    person: ApolloPerson | None = None


class ApolloSubmitted(_Shape):
    """The answer of a match whose phone number comes later: who it is, and the id to collect it by.

    The id is a signed 64-bit number, often negative.
    """

    person: ApolloPerson | None = None
    request_id: int | str | None = None


class ApolloPhone(_Shape):
    """A number; `sanitized_number` is Apollo's E.164."""

    sanitized_number: str | None = None
    raw_number: str | None = None


class ApolloLatePerson(_Shape):
    """A person in a late result."""

    id: str | None = None
    phone_numbers: Annotated[tuple[ApolloPhone, ...], BeforeValidator(_list)] = ()


class ApolloLateResult(_Shape):
    """What a submitted match came to."""

    people: Annotated[tuple[ApolloLatePerson, ...], BeforeValidator(_list)] = ()


class ApolloWebhookResult(_Shape):
    """The answer of webhook result: how far a submission is, and within it what would have been posted.

    Attributes:
        webhook_status: "in_progress", "success" or "failed".
        webhook_result: null while there is none.
    """

    webhook_status: str
    webhook_result: ApolloLateResult | None = None


class ApolloMatches(_Shape):
    """The answer of a bulk match: a miss is None, and the status says success all the same."""

    matches: Annotated[tuple[ApolloPerson | None, ...], BeforeValidator(_list)] = ()
    credits_consumed: Decimal | None = None


class ApolloOrganizationAnswer(_Shape):
    """The answer of organization enrich."""

    organization: ApolloOrganization | None = None


class ApolloOrganizations(_Shape):
    """The answer of a bulk enrich."""

    organizations: Annotated[tuple[ApolloOrganization | None, ...], BeforeValidator(_list)] = ()
    unique_enriched_records: int | None = None


class ApolloProfile(_Shape):
    """Whose key this is."""

    id: str | None = None
    effective_num_lead_credits: Decimal | None = None
    total_unified_credits_used: Decimal | None = None

    @property
    def credits_left(self) -> Decimal | None:
        """Credits left, where Apollo says both numbers."""
        if self.effective_num_lead_credits is None or self.total_unified_credits_used is None:
            return None
        return self.effective_num_lead_credits - self.total_unified_credits_used
