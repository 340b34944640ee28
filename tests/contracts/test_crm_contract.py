"""The kit itself: a sound CRM passes all of it, and a wrong one fails the property that it breaks."""

import asyncio

import pytest
from card_box import CardBox, case_of

from core.conformance.crm_case import CRMCase
from core.conformance.crm_properties import CRM_PROPERTIES, name_of, try_properties
from core.conformance.expecting import Unmet
from tests.contracts.crm_contract import CRMContract

WRONG = {
    "describes_fields_that_can_be_named": ("names a field twice", "names what cannot be said"),
    "takes_every_status_it_describes": ("keeps its first status",),
    "shows_what_was_created": ("forgets our id", "drops people"),
    "shows_a_person_that_was_added": ("has room for one person",),
    "finds_a_company_by_our_id": ("finds nothing", "finds anything"),
    "answers_a_repeated_create_with_the_first": ("finds the last",),
    "changes_only_what_an_update_names": ("replaces the whole",),
    "empties_what_is_none": ("leaves what is None",),
    "keeps_lists_as_sets": ("adds to lists",),
    "keeps_texts_letter_for_letter": ("takes digits for numbers", "cuts texts", "writes ascii"),
    "means_what_was_written": ("has its own countries",),
    "lets_two_updates_at_once_stand": ("reads, then writes",),
    "lists_every_company_once": ("lists twice", "lists one page", "takes no ids for all"),
    "lists_every_company_once_while_they_change": ("pages by number",),
    "moves_the_stamp_with_each_change": ("stamps companies alone",),
    "tells_what_changed": (
        "forgets deletions",
        "tells of companies alone",
        "tells the oldest first",
        "tells what is older",
        "tells one page",
    ),
    "reaches_back_or_says_so": ("ends its log in silence",),
    "tells_of_a_merge": ("merges in silence",),
    "is_gone_once_deleted": ("deletes but once", "forgets to delete", "lists what is gone", "raises what it likes"),
    "says_gone_of_ids_that_never_were": ("takes paths", "raises what it likes"),
    "notes_a_message_once": ("notes twice", "takes parts of a marker"),
    "reports_who_refuses": ("hears no refusal", "tells of no refusal"),
    "refuses_a_value_and_says_where": ("refuses without a place", "refuses nobody", "refuses by half"),
    "tells_a_key_that_is_not_taken": ("takes a wrong key for nothing",),
    "waits_as_long_as_it_is_asked_to": ("knocks again and again", "forgets how long"),
    "tells_a_break_down_as_transient": ("breaks in its own way",),
    "leaves_a_lost_answer_open": ("creates again", "says it was not sent"),
    "complains_of_what_is_wrong": ("never complains", "always complains"),
    "counts_its_calls": ("counts nothing",),
    "takes_its_own_deliveries_alone": (
        "takes old deliveries",
        "takes what is unsigned",
        "signs no time",
        "signs a part",
    ),
}
"""Property to ways in which a CRM breaks it."""


class TestSoundCRM(CRMContract):
    crm = "cards"

    @pytest.fixture
    def case(self) -> CRMCase:
        return case_of(CardBox())


def test_each_property_has_a_crm_that_breaks_it() -> None:
    assert list(WRONG) == [name_of(holds) for holds in CRM_PROPERTIES]


@pytest.mark.parametrize(("name", "wrong"), [(name, wrong) for name, ways in WRONG.items() for wrong in ways])
async def test_a_wrong_crm_fails_the_property_it_breaks(name: str, wrong: str) -> None:
    (holds,) = [one for one in CRM_PROPERTIES if name_of(one) == name]
    case = case_of(CardBox(wrong))
    await case.begin()
    with pytest.raises(Unmet, match="expected"):
        await holds(case)


async def test_a_run_says_of_each_property_what_came_of_it_and_leaves_nothing() -> None:
    box = CardBox()
    tried = [each async for each in try_properties(case_of(box))]
    assert [each.name for each in tried] == list(WRONG)
    assert {each.outcome for each in tried} == {"passed"}
    assert box.cards == {}


async def test_a_run_goes_on_after_a_failure_and_cleans_up() -> None:
    box = CardBox("breaks in its own way")
    tried = {each.name: each async for each in try_properties(case_of(box))}
    failed = tried.pop("tells_a_break_down_as_transient")
    assert failed.outcome == "failed"
    assert "expected Transient, got OSError: the box burns" in failed.said
    assert {each.outcome for each in tried.values()} == {"passed"}
    assert box.cards == {}


async def test_an_interrupted_run_cleans_up() -> None:
    box, reached = CardBox(), asyncio.Event()

    async def wait(*_given: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    async def run() -> None:
        async for _ in try_properties(case_of(box)):
            pass

    box.fetch = wait  # type: ignore[method-assign,assignment]  # a box that does not answer
    running = asyncio.ensure_future(run())
    await reached.wait()
    assert box.cards
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert box.cards == {}


async def test_what_cannot_be_deleted_is_told() -> None:
    box = CardBox()
    box.delete = _refuse  # type: ignore[method-assign]  # a box that lets nothing go
    tried = {each.name: each async for each in try_properties(case_of(box))}
    assert tried["keeps_lists_as_sets"].outcome == "failed"
    assert "not deleted: lead-" in tried["keeps_lists_as_sets"].said


async def test_without_means_a_property_is_not_tried_and_says_which() -> None:
    case = CRMCase(crm=CardBox())
    tried = {each.name: each async for each in try_properties(case)}
    left = {name: each.said for name, each in tried.items() if each.outcome == "not tried"}
    assert set(left) >= {"tells_of_a_merge", "reports_who_refuses", "takes_its_own_deliveries_alone"}
    assert all("of the case would" in said for said in left.values())
    assert {each.outcome for each in tried.values()} == {"passed", "not tried"}


async def _refuse(*_given: object) -> None:
    raise OSError("no")


def test_nobody_s_address_is_told_but_those_that_are_made_up() -> None:
    said = str(Unmet("expected ('a.1@example.org',), got ('ana@fernhill.example.com', \"o'neil@b.example\")"))
    assert said == "expected ('a.1@example.org',), got ('…@…', \"o'…@…\")"
