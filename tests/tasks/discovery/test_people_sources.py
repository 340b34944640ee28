"""Sources of people after the website: asked in order while a role is missing, each with one attempt."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from core.discovery.company_contacts import Contact, FoundPeople, Provenance, SourceAttempt
from core.discovery.runs import Site
from core.ports import PeopleOffer
from core.settings.environment import Environment
from core.settings.settings import Settings
from core.text.titles import Role
from tasks.discovery.people_sources import OFFERS, PeopleSources

SITE = Site(site="acme.example", website="https://acme.example", domain="acme.example")


def contact(name: str, role: Role) -> Contact:
    return Contact(name, role, role, False, None, None, None, (Provenance("register", None, role, name, None),))


@dataclass
class Register:
    """A source that names the same people whoever asks, and remembers what it was asked for."""

    offer: PeopleOffer
    people: tuple[Contact, ...] = ()
    asked: list[tuple[tuple[Role, ...], bool]] = field(default_factory=list)

    async def find(self, site: Site, missing: Sequence[Role], *, has_ceo: bool) -> FoundPeople:
        assert site == SITE
        self.asked.append((tuple(missing), has_ceo))
        outcome = "hit" if self.people else "miss"
        return FoundPeople(SourceAttempt(self.offer.name, outcome, people=len(self.people)), self.people)


def register(name: str, *people: Contact) -> Register:
    return Register(PeopleOffer(name, lambda _read: None), people)


def sources(*registers: Register, off: str = "not configured: set A_KEY") -> PeopleSources:
    closed = PeopleOffer("closed", lambda _read: off, names_people=False)
    return PeopleSources([*((one.offer, one) for one in registers), (closed, off)])


async def test_the_next_is_asked_for_what_is_still_missing() -> None:
    first, second = register("first", contact("Ana Sample", "CEO")), register("second", contact("Bo Sample", "CFO"))
    found, attempts = await sources(first, second).ask(SITE, (), ("CEO", "CFO", "CTO"))
    assert first.asked == [(("CEO", "CFO", "CTO"), False)]
    assert second.asked == [(("CFO", "CTO"), True)]
    assert [(one.name, one.role) for one in found] == [("Ana Sample", "CEO"), ("Bo Sample", "CFO")]
    assert [(one.source, one.outcome) for one in attempts] == [
        ("first", "hit"),
        ("second", "hit"),
        ("closed", "skipped"),
    ]
    assert attempts[2].reason == "not configured: set A_KEY"
    assert not attempts[2].names_people


async def test_nobody_is_asked_once_no_role_is_missing() -> None:
    first, second = register("first", contact("Ana Sample", "CEO")), register("second")
    _, attempts = await sources(first, second).ask(SITE, (), ("CEO",))
    assert (len(first.asked), second.asked) == (1, [])
    assert [one.outcome for one in attempts] == ["hit", "skipped", "skipped"]
    assert {one.reason for one in attempts[1:]} == {"no wanted role is missing"}
    none_of_them, attempts = await sources(first, second).ask(SITE, (contact("Cy Sample", "CEO"),), ("CEO",))
    assert (len(first.asked), len(none_of_them)) == (1, 1)
    assert {one.outcome for one in attempts} == {"skipped"}


@pytest.mark.parametrize(
    ("variables", "off"),
    [
        ({}, ["not configured: LINKEDIN_ENABLED is not true", "not configured: set APOLLO_API_KEY"]),
        (
            {"LINKEDIN_ENABLED": "true"},
            ["not configured: set BROWSERBASE_API_KEY", "not configured: set APOLLO_API_KEY"],
        ),
        (
            {
                "LINKEDIN_ENABLED": "true",
                "BROWSERBASE_API_KEY": "k",
                "APOLLO_API_KEY": "k",
                "DISCOVERY_APOLLO_PEOPLE": "0",
            },
            [None, "switched off: DISCOVERY_APOLLO_PEOPLE=0"],
        ),
        ({"APOLLO_API_KEY": "k"}, ["not configured: LINKEDIN_ENABLED is not true", None]),
    ],
)
def test_each_source_says_what_is_to_be_set(variables: dict[str, str], off: list[str | None]) -> None:
    read = Settings(Environment(variables, {}, {})).read
    assert [offer.off(read) for offer in OFFERS] == off
