"""What a look at one website gives: its people, the pages read, and why nobody where there is nobody."""

from dataclasses import asdict, dataclass
from typing import Any

from core.discovery.mentions import Person
from core.outcomes import Outcome


@dataclass(frozen=True)
class PageNote:
    """A page that was asked for: what became of it and why it was chosen or failed."""

    url: str
    status: str
    why: str


@dataclass(frozen=True)
class SiteReport:
    """The people of one website.

    Attributes:
        website: as asked for.
        people: with an ATL role, highest first.
        other_people: everybody else with a title: owner-like first, then those left out, with the doubt.
        pages: every page asked for, in order.
        outcome: what came of asking the website: `error` where it, or what matters of it, could not be read; that is
            to be tried again, and is never "nobody".
        reason: why there is no ATL contact; None where there is one.
    """

    website: str
    people: tuple[Person, ...]
    other_people: tuple[Person, ...]
    pages: tuple[PageNote, ...]
    outcome: Outcome
    reason: str | None

    def as_json(self) -> dict[str, Any]:
        """Return the report as the command prints it."""
        return {
            "website": self.website,
            "outcome": self.outcome,
            "atl_contacts": [_contact(person) for person in self.people],
            "other_people": [
                _contact(person) | {"is_owner_like": person.is_owner_like, "doubts": list(person.doubts)}
                for person in self.other_people
            ],
            "pages": [asdict(page) for page in self.pages],
            "sources": [
                {"source": "website", "outcome": self.outcome, "pages": sum(page.status == "ok" for page in self.pages)}
            ],
            "reason": self.reason,
        }


def _contact(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "title": person.title,
        "role": person.role,
        "linkedin_url": person.linkedin_url,
        "email": person.email,
        "phone": person.phone,
        "source": "website",
        "source_url": person.source_url,
        "evidence": person.evidence,
        "confidence": person.confidence,
    }
