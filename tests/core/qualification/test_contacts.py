"""Whom an assessment rests on: most title points, of those who may be written to; and what is read of whom."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import profile

from core.qualification.contacts import ContactChooser, LeadContact
from core.qualification.icp_columns import LeadSource, in_leads
from core.qualification.runs import LeadFacts

LEAD = UUID(int=100)
TITLES = """
criteria:
  - {field: industry, weight: 3, one_of: {values: [Software]}}
  - field: contact_title
    weight: 1
    titles: {roles: {CFO: 100, CEO: 80}, keywords: [{value: Head of, points: 60}], otherwise: 10}
  - {field: contact_email, weight: 1, present: {}}
disqualifiers:
  - {name: on leave, field: contact_title, keywords: {any_of: [sabbatical]}}
"""


class Chosen:
    """A profile and its sources; contacts are made by what the profile asks for."""

    def __init__(self, text: str, labels: dict[str, str | None] | None = None) -> None:
        self.profile = profile(text)
        self.sources: list[LeadSource] = in_leads(self.profile.columns, [labels or {}])
        self.chooser = ContactChooser(self.profile, self.sources)

    def contact(
        self, number: int, *, is_eligible: bool = True, certainty: float = 1.0, since: float = 0.0, **values: str
    ) -> LeadContact:
        asked = [values.get(source.name) for source in self.sources]
        title = values.get("contact_title")
        return LeadContact(UUID(int=number), is_eligible, certainty, since, title, asked)

    def facts(self, *contacts: LeadContact, **own: str) -> LeadFacts:
        return self.chooser.facts(LEAD, [own.get(source.name) for source in self.sources], contacts, "0" * 32)

    def best(self, *contacts: LeadContact) -> int | None:
        found = self.facts(*contacts).best_contact_id
        return None if found is None else found.int


BY_TITLE = Chosen(TITLES)


def titled(number: int, title: str | None, **more: object) -> LeadContact:
    return BY_TITLE.contact(number, **({"contact_title": title} if title else {}), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("title", "points", "role", "is_owner_like"),
    [
        ("CFO", 100, "CFO", False),
        ("Geschäftsführer", 80, "CEO", False),
        ("Founder & CEO", 80, "CEO", True),
        ("Head of Sales", 60, None, False),
        ("Clerk", 10, None, False),
        ("Owner", 10, None, True),
        (None, 50, None, False),
        ("CFO, on sabbatical", 0, "CFO", False),
    ],
)
def test_title_points_are_those_the_score_counts(
    title: str | None, points: float, role: str | None, is_owner_like: bool
) -> None:
    (fit,) = BY_TITLE.facts(titled(1, title)).fits
    assert fit.title_points == points
    if title is None or "sabbatical" not in title:
        assert (fit.role, fit.is_owner_like) == (role, is_owner_like)


def test_most_points_are_best_of_those_who_may_be_written_to() -> None:
    everybody = [titled(1, "Clerk"), titled(2, "CEO"), titled(3, "CFO"), titled(4, None)]
    assert BY_TITLE.best(*everybody) == 3
    assert BY_TITLE.best(*everybody, titled(5, "CFO, on sabbatical")) == 3
    out = titled(3, "CFO", is_eligible=False)
    assert BY_TITLE.best(*everybody[:2], out, everybody[3]) == 2
    assert BY_TITLE.best(out) is None
    assert BY_TITLE.best() is None


def test_ties_go_to_the_surer_source_and_then_to_who_was_met_first() -> None:
    found, stated, later = (
        titled(1, "CEO", certainty=0.9, since=1.0),
        titled(2, "CEO", certainty=1.0, since=5.0),
        titled(3, "CEO", certainty=1.0, since=6.0),
    )
    assert BY_TITLE.best(found, later, stated) == 2
    assert BY_TITLE.best(found, later) == 3
    assert BY_TITLE.best(titled(9, "CEO"), titled(8, "CEO")) == 8


@given(st.permutations(["CFO", "CEO", "Head of Sales", "Clerk", None]), st.sets(st.integers(0, 4)))
def test_the_best_contact_is_the_same_in_any_order(titles: list[str | None], out: set[int]) -> None:
    contacts = [titled(number, title, is_eligible=number not in out) for number, title in enumerate(titles)]
    found = BY_TITLE.facts(*contacts)
    assert found.best_contact_id == BY_TITLE.facts(*reversed(contacts)).best_contact_id
    points = {fit.contact_id: fit.title_points for fit in found.fits}
    assert len(points) == 5
    if found.best_contact_id is not None:
        assert points[found.best_contact_id] == max(points[one.contact_id] for one in contacts if one.is_eligible)
    assert (found.best_contact_id is None) == (len(out) == 5)


def test_a_profile_without_a_word_of_titles_puts_first_who_decides() -> None:
    silent = Chosen("criteria:\n  - {field: industry, weight: 1, one_of: {values: [Software]}}")
    clerk, boss, nobody = (
        silent.contact(1, contact_title="Clerk"),
        silent.contact(2, contact_title="CEO"),
        silent.contact(3),
    )
    assert [fit.title_points for fit in silent.facts(clerk, boss, nobody).fits] == [100, 50, 0]
    assert silent.best(clerk, boss, nobody) == 2


def test_any_criterion_about_titles_counts_also_under_a_columns_name() -> None:
    named = Chosen(
        "criteria:\n  - {name: a, field: Position, weight: 2, keywords: {any_of: [Buyer]}}\n"
        "  - {name: b, field: contact_title, weight: 1, regex: {patterns: [Lead]}, unknown: skip}",
        {"Position": "contact_title"},
    )

    def points(title: str) -> float:
        contact = named.contact(1, contact_title=title, Position=title)
        return named.facts(contact).fits[0].title_points

    assert points("Lead Buyer") == 100
    assert points("Buyer") == pytest.approx(200 / 3, abs=1e-6)
    assert points("Lead Clerk") == pytest.approx(100 / 3, abs=1e-6)


def test_persons_fields_are_the_best_contacts_alone_and_the_companys_the_leads() -> None:
    clerk = BY_TITLE.contact(1, contact_title="Clerk", contact_email="clerk@acme.example")
    boss = BY_TITLE.contact(2, contact_title="CEO")
    facts = BY_TITLE.facts(clerk, boss, industry="Software")
    assert dict(zip(BY_TITLE.profile.columns, facts.values, strict=True)) == {
        "industry": "Software", "contact_title": "CEO", "contact_email": None,
    }  # fmt: skip
    alone = BY_TITLE.facts(clerk._replace(is_eligible=False), industry="Software")
    assert alone.values == ["Software", None, None]


def test_a_column_of_the_file_is_the_best_contacts_then_the_leads_then_anybodys() -> None:
    columns = Chosen(
        "criteria:\n  - {field: Fit, weight: 1, number: as_is}\n  - {field: notes, weight: 1, present: {}}"
    )
    best = columns.contact(1, contact_title="CEO", Fit="1", notes="hers")
    other = columns.contact(2, Fit="2")
    gone = columns.contact(3, is_eligible=False, Fit="3", notes="theirs")
    assert columns.facts(gone, other, best, Fit="9").values == ["1", "hers"]
    bare = best._replace(values=[None, None])
    assert columns.facts(gone, other, bare, Fit="9").values == ["9", "theirs"]
    assert columns.facts(gone, other, bare).values == ["2", "theirs"]
    assert columns.facts(gone).values == ["3", "theirs"]
    assert columns.facts().values == [None, None]


def test_the_second_half_of_the_hash_tells_whether_the_values_are_the_same() -> None:
    ceo, clerk = titled(1, "CEO"), titled(2, "Clerk")

    def rests_on(*contacts: LeadContact) -> str:
        found = BY_TITLE.facts(*contacts, industry="Software").facts_hash
        assert len(found) == 64
        return found[32:]

    assert rests_on(ceo) == rests_on(ceo, clerk) == rests_on(titled(9, "CEO"))
    assert rests_on(ceo) != rests_on(clerk)
