"""One person, one first message: whoever drafts, approves or sends at the same moment."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import forked
import psycopg
import pytest
from importing import session
from people import add_person, add_row, assess
from sending_process import approved, finish, proposal, start

from core.errors import Conflict
from core.outreach.approvals import EXCLUDED, Approval, ApprovalKind, Proposal
from core.outreach.campaigns import CampaignPlan, CampaignReport, CampaignRequest, Sender, template
from core.outreach.decisions import DecisionReport, DecisionRequest, as_json
from core.outreach.markets import Segment
from db.outreach import approvals
from flows.decide_approval import decide_approval
from sandbox.server import SandboxControl
from tasks.outreach.readers import preamble
from tasks.outreach.steps import draft_messages

SENDER = Sender(name="Robin Sample", company="Sample Rooms", address="1 Sample Street, 12345 Sampletown")
OFFER = "We look after server rooms for mid-sized companies, with a fixed team and one bill a month."
SEGMENT = Segment(country="Austria")
PEOPLE = 4


@pytest.fixture
def environment(database: str, sandbox: SandboxControl, own_home: Path) -> dict[str, str]:
    smtp = {name: value for name, value in sandbox.environment.items() if name.startswith("SMTP_")}
    return {"POSTGRES_URL": database, "SALES_AGENT_HOME": str(own_home), **smtp}


def people(database: str) -> None:
    """Add leads, one of them the same person again in another spelling, one whom the profile excludes."""
    rows: list[dict[str, str | None]] = [
        {
            "company_name": f"Firm {chr(65 + number)}",
            "country": "AT",
            "contact_name": f"Kim Sample{chr(97 + number)}",
            "contact_title": "CEO",
            "contact_email": f"kim@firm{number}.example",
        }
        for number in range(PEOPLE)
    ]
    again = rows[0] | {"company_name": "Firm Again", "contact_email": "KIM@FIRM0.example"}
    out = rows[0] | {"company_name": "Firm Out", "contact_email": "kim@out.example"}
    for row in (*rows, again):
        add_row(database, row)
    assess(database, add_row(database, out)[0], "disqualified")


async def write(lead_ids: list[UUID]) -> CampaignReport:
    """Draft a campaign's messages, in this process."""
    request = CampaignRequest(segment=SEGMENT, lead_ids=lead_ids, offer=OFFER, sender=SENDER)
    variants = [template("CEO", "friendly", OFFER)]
    campaign_id = uuid4()
    base = CampaignReport(campaign_id=campaign_id, segment="x", status="drafted", variants=variants)
    return await draft_messages(CampaignPlan(campaign_id, request, ("CEO",), ()), base)


async def write_three() -> list[CampaignReport]:
    return list(await asyncio.gather(*[write([]) for _ in range(3)]))


async def test_three_campaigns_at_once_draft_one_letter_a_person(database: str, environment: dict[str, str]) -> None:
    people(database)
    reports = forked.run(environment, write_three)
    assert sum(report.messages for report in reports) == PEOPLE
    assert all(report.skipped["disqualified by the profile"] == 1 for report in reports)
    total = sum((Counter(report.skipped) for report in reports), Counter())
    assert total["another message to them waits or is on its way"] == 3 * (PEOPLE + 1) - PEOPLE
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT recipient, count(*) FROM approvals GROUP BY 1 ORDER BY 1").fetchall()
        [out] = connection.execute("SELECT id FROM leads WHERE company_name = 'Firm Out'").fetchall()
    assert rows == [(f"kim@firm{number}.example", 1) for number in range(PEOPLE)]

    # Whom the profile excludes gets one where a person names them, and the approval says so first.
    assert forked.run(environment, write, [out[0]]).messages == 1
    approval = await find(database, "kim@out.example")
    assert approval.proposal.facts["assessment.tier"] == EXCLUDED
    assert forked.run(environment, preamble, approval)[0].startswith("DISQUALIFIED")
    assert as_json(approval)["preamble"][0].startswith("DISQUALIFIED")


async def find(database: str, recipient: str) -> Approval:
    with psycopg.connect(database) as connection:
        query = "SELECT id FROM approvals WHERE recipient = %s ORDER BY requested_at DESC LIMIT 1"
        [(approval_id,)] = connection.execute(query, [recipient]).fetchall()
    async with session(database) as connection:
        return await approvals.get(connection, approval_id)


def message(recipient: str, campaign: int, **more: Any) -> Proposal:
    made = proposal(recipient=recipient, **more)
    content = {**made.content, "subject": f"Pumps {campaign}"}
    subject = f"campaign/{campaign}/{uuid4()}"
    return replace(made, kind=ApprovalKind.EMAIL, subject_id=subject, content=content)


async def test_of_three_approved_letters_to_each_one_is_sent(
    database: str, environment: dict[str, str], sandbox: SandboxControl
) -> None:
    whom = [f"kim@firm{number}.example" for number in range(3)]
    made = [await approved(database, message(address, campaign)) for address in whom for campaign in range(3)]
    processes = [start(environment, approval.id) for approval in made]
    for process in processes:
        process.join(900)
    assert [process.exitcode for process in processes] == [0] * len(made)
    sent = Counter(address for message in sandbox.state("smtp")["messages"] for address in message["to"])
    assert sent == dict.fromkeys(whom, 1)
    with psycopg.connect(database) as connection:
        query = (
            "SELECT recipient, count(*) FILTER (WHERE status = 'executed'), count(*) FILTER (WHERE status = 'stale')"
        )
        assert connection.execute(f"{query} FROM approvals GROUP BY 1 ORDER BY 1").fetchall() == [
            (address, 1, 2) for address in whom
        ]
        query = "SELECT DISTINCT split_part(reason, ':', 1) FROM approvals WHERE status = 'stale'"
        reasons = {why for (why,) in connection.execute(query)}
    assert reasons <= {"they were written to before", "another message to them waits or is on its way"}


async def test_of_two_addresses_of_one_person_one_is_written_to(
    database: str, environment: dict[str, str], sandbox: SandboxControl
) -> None:
    person_id, made = uuid4(), []
    for address in ("kim@firm.example", "kim@other.example"):
        lead_id, contact_id = add_person(database, contact_email=address, person_id=person_id)
        made.append(await approved(database, message(address, 1, lead_id=lead_id, contact_id=contact_id)))
    processes = [start(environment, approval.id) for approval in made]
    for process in processes:
        process.join(900)
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(sandbox.state("smtp")["messages"]) == 1
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT status FROM approvals ORDER BY 1").fetchall()
    assert found == [("executed",), ("stale",)]


def decide(environment: dict[str, str], approval: Approval) -> DecisionReport:
    request = DecisionRequest(
        approval_id=approval.id, decision="approve", decided_by="Maud", digest=approval.digest[:12]
    )
    return forked.run(environment, decide_approval, request)


async def ask(database: str, wanted: Proposal) -> Approval:
    async with session(database) as connection:
        return await approvals.request(connection, wanted, now=datetime.now(UTC))


async def test_a_second_letter_is_not_approved_and_shows_the_first(database: str, environment: dict[str, str]) -> None:
    whom = "kim@bücher.example"
    canonical = "kim@xn--bcher-kva.example"
    first, second = [await ask(database, message(canonical, number)) for number in (1, 2)]
    # As an older version has stored it.
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE approvals SET recipient = %s WHERE id = %s", [whom, first.id])
        connection.execute(
            "UPDATE approvals SET status = 'approved', decision = 'approve', decided_by = 'Odo' WHERE id = %s",
            [first.id],
        )
    with pytest.raises(Conflict, match=r"on its way: .*“Pumps 1”"):
        decide(environment, second)
    assert any(line.startswith("Also open: ") for line in forked.run(environment, preamble, second))


async def test_a_message_that_a_person_asked_for_may_follow(
    database: str, environment: dict[str, str], sandbox: SandboxControl
) -> None:
    whom = "kim@firm.example"
    assert finish(environment, (await approved(database, message(whom, 1))).id) == 0
    later = await ask(database, proposal(recipient=whom))
    [line] = forked.run(environment, preamble, later)
    assert line.startswith("Written before: ")
    assert "“Pumps 1” (email, sent" in line
    assert finish(environment, (await approved(database, message(whom, 2))).id) == 0
    assert finish(environment, (await approved(database, proposal(recipient=whom))).id) == 0
    assert len(sandbox.state("smtp")["messages"]) == 2
