"""What a report says of how both sides stand."""

from uuid import uuid4

from core.crm.runs import SyncPlan, SyncReport

REASON = "close POST /contact/: 400, emails: Invalid email address."


def report(**facts: object) -> SyncReport:
    return SyncReport(run_id=uuid4(), provider="close", **facts)


def test_an_empty_plan_says_what_is_refused_and_never_that_both_sides_agree_then() -> None:
    assert report(states={"in_sync": 3, "failing": 0}).standing == "Nothing to do: both sides say the same."
    failing = report(states={"failing": 2}, reasons={f"failing: {REASON}": 2, "excluded: no name": 5}).standing
    assert failing.startswith("Nothing to do now. 2 fail and are left alone")
    assert failing.endswith(f": {REASON} (2)")


def test_a_plan_with_work_in_it_names_what_fails_beside_it() -> None:
    plan = SyncPlan(counts={"theirs create lead": 1})
    assert report(plan=plan).standing == ""
    failing = report(plan=plan, states={"failing": 1}, reasons={f"failing: {REASON}": 1}).standing
    assert failing.startswith("1 fail and are left alone")
