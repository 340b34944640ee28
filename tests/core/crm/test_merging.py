"""The three-way merge of one field: a table of cases, and what holds for any values."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.crm.merging import Base, Direction, Merged, Ours, Owner, Theirs, given_back, merge_field
from core.crm.values import are_equal, items

T0 = datetime(2026, 6, 1, 12, tzinfo=UTC)
EARLY, LATE, DAY = T0, T0 + timedelta(minutes=5), timedelta(days=1)


def merged(
    base: Base | None,
    ours: str | None,
    theirs: str | None,
    *,
    person: bool = True,
    ours_at: datetime = EARLY,
    theirs_at: datetime = EARLY,
    owner: Owner = "newest",
    direction: Direction = "both",
) -> Merged:
    return merge_field(base, Ours(ours, ours_at, person), Theirs(theirs, theirs_at), owner=owner, direction=direction)


AGREED = Base("old", "old")
WRITTEN_THERE = Base("old", "old", is_theirs=True)


def test_what_one_side_changed_is_taken() -> None:
    assert merged(AGREED, "new", "old") == Merged("new", to_theirs=True)
    assert merged(AGREED, "old", "new") == Merged("new", to_ours=True)
    assert merged(AGREED, None, "old") == Merged(None, to_theirs=True)


def test_a_machine_never_replaces_what_a_person_wrote_in_the_crm() -> None:
    kept = merged(WRITTEN_THERE, "guess", "old", person=False, ours_at=LATE)
    assert (kept.value, kept.to_ours, kept.conflict and kept.conflict.rule) == ("old", True, "person")
    both = merged(AGREED, "guess", "edited", person=False, ours_at=LATE)
    assert (both.value, both.conflict and both.conflict.winner) == ("edited", "theirs")
    assert merged(WRITTEN_THERE, "mine", "old", ours_at=LATE).value == "mine"


@pytest.mark.parametrize(
    ("edited_at", "rule"),
    [(None, "person"), (EARLY, "later"), (LATE, "tie"), (LATE + timedelta(seconds=1), "tie"), (LATE + DAY, None)],
)
def test_what_was_written_over_unseen_is_given_back_where_it_should_have_won(
    edited_at: datetime | None, rule: str | None
) -> None:
    sent, lost = Base("sent", "sent"), Theirs("edited", LATE)
    found = given_back(sent, Ours("sent", EARLY), Theirs("sent", LATE), lost, edited_at=edited_at)
    assert (found and (found.value, found.to_ours, found.to_theirs)) == (("edited", True, True) if rule else None)
    assert (found and found.conflict and found.conflict.rule) == rule


def test_nothing_is_given_back_where_somebody_wrote_since_or_it_came_from_there() -> None:
    ours, lost = Ours("sent", EARLY), Theirs("edited", LATE)
    since = Theirs("written since", LATE + DAY)
    assert given_back(Base("sent", "sent"), ours, since, lost, edited_at=None) is None
    assert given_back(Base("sent", "sent", is_theirs=True), ours, Theirs("sent", LATE), lost, edited_at=None) is None
    assert given_back(None, ours, Theirs("sent", LATE), lost, edited_at=None) is None


@pytest.mark.parametrize(
    ("ours_at", "theirs_at", "winner", "rule"),
    [
        (LATE, EARLY, "ours", "later"),
        (EARLY, LATE, "theirs", "later"),
        (EARLY, EARLY, "theirs", "tie"),
        (EARLY + timedelta(seconds=1), EARLY, "theirs", "tie"),
    ],
)
def test_the_later_of_two_edits_wins_and_a_tie_goes_to_the_crm(
    ours_at: datetime, theirs_at: datetime, winner: str, rule: str
) -> None:
    found = merged(AGREED, "mine", "yours", ours_at=ours_at, theirs_at=theirs_at)
    assert found.conflict is not None
    assert (found.conflict.winner, found.conflict.rule, found.value) == (
        winner,
        rule,
        {"ours": "mine"}.get(winner, "yours"),
    )
    assert (found.conflict.base, found.conflict.ours, found.conflict.theirs) == ("old", "mine", "yours")


def test_an_owner_wins_but_one_who_never_knew_erases_nothing() -> None:
    assert merged(AGREED, "mine", "yours", owner="ours", theirs_at=LATE).value == "mine"
    assert merged(AGREED, "mine", "yours", owner="theirs", ours_at=LATE).value == "yours"
    assert merged(None, None, "yours", owner="ours") == Merged("yours", to_ours=True)
    assert merged(None, "mine", None, owner="theirs") == Merged("mine", to_theirs=True)
    assert merged(AGREED, None, "yours", owner="ours").value is None


def test_a_field_that_goes_one_way_goes_no_other() -> None:
    assert merged(AGREED, "mine", "yours", direction="to_crm").to_ours is False
    assert merged(AGREED, "mine", "yours", direction="from_crm") == Merged("yours", to_ours=True)
    assert merged(None, None, "yours", direction="to_crm") == Merged("yours")


def test_a_crm_that_writes_things_down_differently_is_no_change() -> None:
    base = Base(theirs="https://fernhill.example/", ours="fernhill.example")
    found = merged(base, "fernhill.example", "https://fernhill.example/")
    assert not found.to_ours
    assert not found.to_theirs


values = st.none() | st.sampled_from(["a", "b", "c"])
lists = st.lists(st.sampled_from(["a@x.example", "b@x.example", "C@x.example", "c@x.example"]), max_size=4).map(tuple)
times = st.sampled_from([EARLY, LATE])
bases = st.none() | st.builds(Base, values, values, st.booleans())
owners = st.sampled_from(["ours", "theirs", "newest"])


@given(bases, values, values, st.booleans(), times, times, owners)
def test_both_sides_agree_after_a_merge_and_stay_so(
    base: Base | None,
    ours: str | None,
    theirs: str | None,
    person: bool,
    mine_at: datetime,
    yours_at: datetime,
    owner: Owner,
) -> None:
    found = merged(base, ours, theirs, person=person, ours_at=mine_at, theirs_at=yours_at, owner=owner)
    assert found.value in (ours, theirs)
    here, there = found.value if found.to_ours else ours, found.value if found.to_theirs else theirs
    untouched = base is not None and are_equal(ours, base.ours) and are_equal(theirs, base.theirs)
    assert untouched or are_equal(here, there)
    again = merged(Base(there, here), here, there, person=person, ours_at=mine_at, theirs_at=yours_at, owner=owner)
    assert (again.to_ours, again.to_theirs, again.conflict) == (False, False, None)


@given(lists, lists, lists, st.booleans(), st.booleans())
def test_lists_are_merged_as_sets(
    base: tuple[str, ...], ours: tuple[str, ...], theirs: tuple[str, ...], person: bool, written_there: bool
) -> None:
    found = merge_field(Base(base, base, written_there), Ours(ours, LATE, person), Theirs(theirs, EARLY))
    if not (found.to_ours or found.to_theirs):
        return
    before, mine, yours, after = map(items, (base, ours, theirs, found.value))
    assert (mine | yours) - before <= after, "what either side added is in"
    assert not (before - yours) & after, "what the CRM removed is out"
    if person:
        assert not (before - mine) & after, "what a person removed here is out"
    if not person and written_there:
        assert before & yours <= after, "a machine removes nothing that came from the CRM"
    assert after <= before | mine | yours
