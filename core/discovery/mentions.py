"""What is found on a page and on a site: mentions of people, and people."""

from dataclasses import dataclass, field
from enum import StrEnum

from core.discovery.detail_reasons import DetailReason
from core.discovery.person_details import ContactDetails
from core.text.names import PersonName
from core.text.titles import Role, Title


class Doubt(StrEnum):
    """Why a mention of somebody with a title is not taken for an executive of this company."""

    ELSEWHERE = "the title is held at another organisation"
    LIMITED = "the title is limited to a region or field"
    PAST = "the title was held in the past"
    BOARD = "on the board, without a post in the company"
    ADVISER = "adviser, investor, partner or guest"
    CUSTOMER = "customer or testimonial"
    AUTHOR = "author of an article"
    ADVERT = "job advert or service on offer"
    PLACEHOLDER = "placeholder of a template"
    DIRECTORY = "too many people of one role for one company"
    OFF_TOPIC = "the page is not about the company's own people"


class ExtractionMethod(StrEnum):
    """How a mention was found."""

    STRUCTURED = "structured data"
    CARD = "name and title in one block"
    LINE = "name and title in one line"
    LABEL = "name under a title"
    PROSE = "sentence"
    CHOSEN = "name and title of the page, matched by a model"


class PageKind(StrEnum):
    """What a page is about, judged by its address, title and first heading."""

    HOME = "home"
    PEOPLE = "people"
    ABOUT = "about"
    CONTACT = "contact"
    IMPRINT = "imprint"
    OTHER = "other"
    STORY = "story"


@dataclass(frozen=True)
class Mention:
    """One person with one title at one place of one page."""

    name: PersonName
    title: Title
    found: ExtractionMethod
    line: int
    evidence: str
    section: str = ""
    in_own_section: bool = False
    contact: ContactDetails = field(default_factory=ContactDetails)
    doubts: frozenset[Doubt] = frozenset()


@dataclass(frozen=True)
class PageFindings:
    """What one page names."""

    url: str
    kind: PageKind
    mentions: tuple[Mention, ...]
    names_without_title: tuple[str, ...] = ()
    why_empty: str | None = None


@dataclass(frozen=True)
class Person:
    """A person as reported.

    Attributes:
        role: the ATL role, or None; `is_owner_like` marks founders and owners.
        confidence: 0 to 1, the measured share of such findings that are right (see `core.discovery.confidence`).
        doubts: why no role was given though the title names one.
        reasons: of e-mail address, phone number and profile, how sure each is theirs, and why.
    """

    name: str
    title: str
    role: Role | None
    is_owner_like: bool
    linkedin_url: str | None
    email: str | None
    phone: str | None
    source_url: str
    evidence: str
    confidence: float
    doubts: tuple[str, ...] = ()
    reasons: tuple[DetailReason, ...] = ()
