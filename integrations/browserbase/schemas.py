"""Browserbase's shapes (API v1, checked November 2026) and what a visit to a page comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

RELEASED = "REQUEST_RELEASE"
RUNNING = "RUNNING"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class BrowserSession(_Shape):
    """A session; `connect_url` holds a secret and is there only in the answer to its creation."""

    id: str
    project_id: str | None = Field(default=None, alias="projectId")
    status: str
    created_at: datetime | None = Field(default=None, alias="createdAt")
    expires_at: datetime | None = Field(default=None, alias="expiresAt")
    user_metadata: Mapping[str, Any] | None = Field(default=None, alias="userMetadata")
    connect_url: SecretStr | None = Field(default=None, alias="connectUrl")


class BrowserProject(_Shape):
    """A project and how many sessions it may run at once."""

    id: str
    concurrency: int | None = None


class PageOutcome(StrEnum):
    """How a visit ended. All but `ERROR` are final answers: asking again soon changes nothing."""

    FOUND = "found"
    WALL = "wall"
    NOT_FOUND = "not_found"
    EMPTY = "empty"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class BrowserbasePage:
    """What a browser got.

    Attributes:
        url: address after all redirects.
        html: the document.
        status: HTTP status of the last navigation, None where the browser did not see one; 999 exists.
    """

    url: str
    html: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """What a public company page says about the company, never about a person.

    Attributes:
        member_count: members who name the company as their employer; not its payroll.
        size_band: the band the company chose, e.g. "11-50".
    """

    name: str
    website: str | None = None
    description: str | None = None
    industry: str | None = None
    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    member_count: str | None = None
    size_band: str | None = None


@dataclass(frozen=True, slots=True)
class CompanyPage:
    """The outcome of one visit.

    Attributes:
        url: the address asked for.
        fetched_at: aware UTC.
        reason: what was seen, in a few words, where nothing was found.
        raw: the JSON-LD the facts come from.
    """

    outcome: PageOutcome
    url: str
    fetched_at: datetime
    facts: CompanyFacts | None = None
    reason: str | None = None
    raw: Mapping[str, Any] | None = None
