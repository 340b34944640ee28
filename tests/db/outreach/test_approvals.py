"""Approvals in Postgres: asked for once, decided once, executed by one."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import IntegrityError

from core.errors import ApprovalNotFound, NotPending, StaleDraft
from core.outreach.approvals import (
    DEFAULT_LEASE,
    DEFAULT_LIFETIME,
    Approval,
    ApprovalKind,
    ApprovalStatus,
    Decision,
    Proposal,
)
from db.outreach import approvals
from db.server.engine import Engine, open_engine, transaction

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CONTENT = {"to": "ada@brightwell.example", "subject": "Pumps\0\ud83d", "body": "Guten Tag, schöne Grüße\n— 1e22 𝄞"}
FACTS: dict[str, Any] = {"company_name": "Brightwell", "score": 1e22, "ratio": 0.1, "nothing": None}
PROPOSAL = Proposal(
    ApprovalKind.EMAIL, "draft-1", "Pumps", CONTENT, FACTS, recipient=CONTENT["to"], proposed_by="marketing"
)


@pytest.fixture
async def engine(database: str) -> AsyncIterator[Engine]:
    engine = open_engine(database, pool_max=10)
    yield engine
    await engine.dispose()


async def request(engine: Engine, proposal: Proposal = PROPOSAL, now: datetime = NOW) -> Approval:
    async with transaction(engine) as connection:
        return await approvals.request(connection, proposal, now=now)


async def get(engine: Engine, known: Approval) -> Approval:
    async with transaction(engine) as connection:
        return await approvals.get(connection, known.id)


async def decide(engine: Engine, known: Approval, by: str = "Maud", what: Decision = Decision.APPROVE) -> Approval:
    async with transaction(engine) as connection:
        return await approvals.decide(connection, known.id, what, by=by, digest=known.digest, now=NOW)


async def claim(
    engine: Engine, known: Approval, by: str, facts: dict[str, Any] = FACTS, now: datetime = NOW
) -> Approval:
    async with transaction(engine) as connection:
        return await approvals.claim(connection, known.id, facts, by=by, now=now)


async def test_what_is_stored_is_what_was_asked_for_to_the_byte(engine: Engine) -> None:
    made = await request(engine)
    stored = await get(engine, made)
    assert stored == made
    assert stored.proposal.digest == stored.digest
    async with transaction(engine) as connection:
        assert await approvals.find_by_prefix(connection, str(made.id)[:6]) == [made]
        assert await approvals.select_by_status(connection, [ApprovalStatus.PENDING]) == [made]
        assert await approvals.select_by_status(connection, [ApprovalStatus.APPROVED]) == []


async def test_the_same_proposal_again_is_the_same_approval_until_it_is_closed(engine: Engine) -> None:
    both = await asyncio.gather(*(request(engine) for _ in range(5)))
    assert len({made.id for made in both}) == 1
    await decide(engine, both[0])
    assert (await request(engine)).id == both[0].id
    await claim(engine, both[0], "run")
    async with transaction(engine) as connection:
        await approvals.finish(connection, both[0].id, now=NOW)
    assert (await request(engine)).status is ApprovalStatus.EXECUTED


async def test_a_newer_proposal_makes_the_older_stale(engine: Engine) -> None:
    old = await decide(engine, await request(engine))
    newer = replace(PROPOSAL, facts={**FACTS, "company_name": "Brightwell Ltd"})
    new = await request(engine, newer)
    assert new.id != old.id
    assert (await get(engine, old)).status is ApprovalStatus.STALE
    await decide(engine, new, what=Decision.REJECT)
    assert (await request(engine, newer)).id not in (old.id, new.id)


async def test_nothing_takes_the_place_of_what_is_being_executed(engine: Engine) -> None:
    made = await decide(engine, await request(engine))
    await claim(engine, made, "run")
    with pytest.raises(NotPending, match="being executed"):
        await request(engine, replace(PROPOSAL, facts={}))


async def test_of_many_who_decide_at_once_one_wins(engine: Engine) -> None:
    made = await request(engine)
    names = [f"person {number}" for number in range(8)]
    said = await asyncio.gather(*(decide(engine, made, by=name) for name in names), return_exceptions=True)
    winners = [each for each in said if isinstance(each, Approval)]
    assert len(winners) == 1
    told = {str(each) for each in said if isinstance(each, NotPending)}
    assert len(told) == 1
    assert f"approved by {winners[0].decided_by}" in told.pop()


async def test_of_many_who_execute_at_once_one_may(engine: Engine) -> None:
    made = await decide(engine, await request(engine))
    claims = await asyncio.gather(*(claim(engine, made, f"run {number}") for number in range(8)))
    assert len({(each.claimed_by, each.status) for each in claims}) == 1
    assert sum(each.is_held_by(f"run {number}") for number, each in enumerate(claims)) == 1


async def test_a_dead_executors_claim_goes_to_the_next(engine: Engine) -> None:
    made = await decide(engine, await request(engine))
    await claim(engine, made, "one")
    assert (await claim(engine, made, "two")).claimed_by == "one"
    async with transaction(engine) as connection:
        late = NOW + DEFAULT_LEASE
        assert await approvals.select_lost(connection, decided_before=NOW, now=NOW) == []
        assert [each.id for each in await approvals.select_lost(connection, decided_before=NOW, now=late)] == [made.id]
    assert (await claim(engine, made, "two", now=NOW + DEFAULT_LEASE)).claimed_by == "two"


async def test_a_refusal_is_remembered_with_its_reason(engine: Engine) -> None:
    made = await decide(engine, await request(engine))
    refused = await claim(engine, made, "run", {**FACTS, "ratio": 0.1 + 1e-17 + 1e-16})
    assert refused.status is ApprovalStatus.STALE
    assert (await get(engine, made)).reason == "facts changed since: ratio"
    assert await claim(engine, made, "run") == refused


async def test_one_byte_changed_in_the_table_is_refused(engine: Engine) -> None:
    made = await decide(engine, await request(engine))
    async with transaction(engine) as connection:
        await connection.execute("UPDATE approvals SET content = replace(content, 'Guten', 'guten')")
    assert (await claim(engine, made, "run")).reason == "its content was changed after the decision"


async def test_a_decision_without_a_name_cannot_be_stored(engine: Engine) -> None:
    await request(engine, Proposal(ApprovalKind.CRM_CHANGES, "run-1", "12 changes", {}, {}))
    for name in ("NULL", "'  '"):
        with pytest.raises(IntegrityError, match="decided_by"):
            async with transaction(engine) as connection:
                await connection.execute(
                    f"UPDATE approvals SET status = 'approved', decision = 'approve', decided_by = {name}"
                )


async def test_what_is_late_expires_and_is_asked_for_again(engine: Engine) -> None:
    made = await request(engine)
    async with transaction(engine) as connection:
        assert await approvals.expire(connection, now=NOW + DEFAULT_LIFETIME - timedelta(seconds=1)) == 0
        assert await approvals.expire(connection, now=NOW + DEFAULT_LIFETIME) == 1
        assert await approvals.expire(connection, now=NOW + DEFAULT_LIFETIME) == 0
    assert (await get(engine, made)).status is ApprovalStatus.EXPIRED
    assert (await request(engine, now=NOW + DEFAULT_LIFETIME)).id != made.id


async def test_an_edit_is_kept_beside_the_original(engine: Engine) -> None:
    made = await request(engine)
    async with transaction(engine) as connection:
        words = {**CONTENT, "body": "Guten Tag"}
        await approvals.edit(connection, made.id, words, by="Odo", digest=made.digest, now=NOW)
    stored = await get(engine, made)
    assert (stored.content, stored.original_content, stored.edited_by) == (words, CONTENT, "Odo")
    with pytest.raises(StaleDraft):
        await decide(engine, made)
    assert (await decide(engine, stored)).status is ApprovalStatus.APPROVED


async def test_an_unknown_approval_is_said_so(engine: Engine) -> None:
    made = await request(engine)
    async with transaction(engine) as connection:
        await connection.execute("DELETE FROM approvals")
    with pytest.raises(ApprovalNotFound):
        await decide(engine, made)
    with pytest.raises(ApprovalNotFound):
        await claim(engine, made, "run")
