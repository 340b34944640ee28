"""What each safeguard is for: with it the claim holds, without it the same test finds the damage."""

import asyncio
from datetime import timedelta

import httpx
from syncing import Work

from tasks.crm.session import Safeguards


def calls_after_a_push(work: Work) -> int:
    """Push a lead, then count what reading our own write back costs beyond the pages of the log."""
    asyncio.run(work.run())
    work.add_lead("Fernhill Tools", contact_name="Ana Sample")
    asyncio.run(work.run())
    before = work.sandbox.requests("close")[-1]["number"]
    asyncio.run(work.run())
    return sum(call["path"].startswith("/api/v1/lead/") for call in work.calls_since(before))


def test_our_own_writes_coming_back_cause_no_call(work: Work) -> None:
    assert calls_after_a_push(work) == 0


def test_without_echo_suppression_they_do(work: Work) -> None:
    work.safeguards = Safeguards(knows_echoes=False)
    assert calls_after_a_push(work) > 0


def copies_after_a_lost_answer(work: Work) -> int:
    """Create a lead whose answer is lost, and run again while the change log does not show it yet."""
    work.sandbox.settings("close", event_lag_s=100.0)
    asyncio.run(work.run())
    for number in range(8):
        work.add_lead(f"Company {number}")
    work.sandbox.fail_next("close", "drop_after", times=8, method="POST", path="/api/v1/lead/")
    asyncio.run(work.run())
    asyncio.run(work.run())
    return len(work.sandbox.state("close")["lead"])


def test_a_lost_answer_makes_no_second_lead(work: Work) -> None:
    assert copies_after_a_lost_answer(work) == 8


def test_without_the_look_up_it_does(work: Work) -> None:
    work.safeguards = Safeguards(looks_up=False)
    assert copies_after_a_lost_answer(work) > 8


def edits_seen_late(work: Work, person: httpx.Client) -> int:
    """Edit eight leads whose entries appear late, while other edits appear at once; count those that arrive."""
    lead_ids = [work.add_lead(f"Company {number}") for number in range(8)]
    asyncio.run(work.run())
    work.sandbox.settings("close", event_lag_s=30.0, consolidate_s=0.0)
    for lead in work.sandbox.state("close")["lead"]:
        person.put(f"/lead/{lead['id']}/", json={"name": lead["name"] + " Ltd"}).raise_for_status()
    work.sandbox.advance(5)
    asyncio.run(work.run())
    work.sandbox.advance(60)
    asyncio.run(work.run())
    rows = work.rows("SELECT company_name FROM leads WHERE id = ANY(%s)", lead_ids)
    return sum(row["company_name"].endswith(" Ltd") for row in rows)


def test_late_entries_of_the_log_are_not_lost(work: Work, person: httpx.Client) -> None:
    assert edits_seen_late(work, person) == 8


def test_without_the_overlap_they_are(work: Work, person: httpx.Client) -> None:
    work.safeguards = Safeguards(overlap=timedelta(0))
    assert edits_seen_late(work, person) < 8
