"""All properties of a CRM, and a run through them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from core.conformance.crm_case import CRMCase
from core.conformance.crm_faults import (
    complains_of_what_is_wrong,
    counts_its_calls,
    leaves_a_lost_answer_open,
    refuses_a_value_and_says_where,
    takes_its_own_deliveries_alone,
    tells_a_break_down_as_transient,
    tells_a_key_that_is_not_taken,
    waits_as_long_as_it_is_asked_to,
)
from core.conformance.crm_lives import (
    answers_a_repeated_create_with_the_first,
    finds_a_company_by_our_id,
    is_gone_once_deleted,
    notes_a_message_once,
    reports_who_refuses,
    says_gone_of_ids_that_never_were,
)
from core.conformance.crm_values import (
    changes_only_what_an_update_names,
    describes_fields_that_can_be_named,
    empties_what_is_none,
    keeps_lists_as_sets,
    keeps_texts_letter_for_letter,
    lets_two_updates_at_once_stand,
    means_what_was_written,
    shows_a_person_that_was_added,
    shows_what_was_created,
    takes_every_status_it_describes,
)
from core.conformance.crm_walks import (
    lists_every_company_once,
    lists_every_company_once_while_they_change,
    moves_the_stamp_with_each_change,
    reaches_back_or_says_so,
    tells_of_a_merge,
    tells_what_changed,
)
from core.conformance.expecting import Unmet, Untried, shown_error

CRMProperty = Callable[[CRMCase], Awaitable[None]]
"""Raises Unmet where it does not hold, Untried where it cannot be tried."""

CRM_PROPERTIES: tuple[CRMProperty, ...] = (
    describes_fields_that_can_be_named,
    takes_every_status_it_describes,
    shows_what_was_created,
    shows_a_person_that_was_added,
    finds_a_company_by_our_id,
    answers_a_repeated_create_with_the_first,
    changes_only_what_an_update_names,
    empties_what_is_none,
    keeps_lists_as_sets,
    keeps_texts_letter_for_letter,
    means_what_was_written,
    lets_two_updates_at_once_stand,
    lists_every_company_once,
    lists_every_company_once_while_they_change,
    moves_the_stamp_with_each_change,
    tells_what_changed,
    reaches_back_or_says_so,
    tells_of_a_merge,
    is_gone_once_deleted,
    says_gone_of_ids_that_never_were,
    notes_a_message_once,
    reports_who_refuses,
    refuses_a_value_and_says_where,
    tells_a_key_that_is_not_taken,
    waits_as_long_as_it_is_asked_to,
    tells_a_break_down_as_transient,
    leaves_a_lost_answer_open,
    complains_of_what_is_wrong,
    counts_its_calls,
    takes_its_own_deliveries_alone,
)


def name_of(holds: CRMProperty) -> str:
    """Return the name of a property."""
    return str(getattr(holds, "__name__", holds))


@dataclass(frozen=True, slots=True)
class TriedProperty:
    """What came of trying a property; `said` is empty where it holds."""

    name: str
    outcome: Literal["passed", "failed", "not tried"]
    said: str = ""


async def try_properties(case: CRMCase) -> AsyncIterator[TriedProperty]:
    """Try one property after the other; what each made is deleted before the next, and at the end in any case."""
    for holds in CRM_PROPERTIES:
        yield await _tried(holds, case)


async def _tried(holds: CRMProperty, case: CRMCase) -> TriedProperty:
    name, left = name_of(holds), []
    try:
        await case.begin()
        await holds(case)
        tried = TriedProperty(name, "passed")
    except Untried as reason:
        tried = TriedProperty(name, "not tried", str(reason))
    except Unmet as unmet:
        tried = TriedProperty(name, "failed", str(unmet))
    except Exception as error:  # noqa: BLE001 - what a provider lets out is its failure, and the others are tried
        tried = TriedProperty(name, "failed", f"expected no error, got {shown_error(error)}")
    finally:
        left = await case.tidy()
    if left:
        return TriedProperty(name, "failed", f"{tried.said or 'it holds'}; not deleted: {', '.join(left)}")
    return tried
