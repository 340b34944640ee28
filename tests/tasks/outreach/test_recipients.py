"""Messages to contacts: who of a lead gets one, that a person gets one wherever they are a contact, and old ids."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import forked
import psycopg
import pytest
from importing import session
from people import add_contact, add_lead, add_person, add_row, assess

from core.errors import InvalidInput, LeadNotFound, NotFound, StaleDraft, Suppressed
from core.outreach.approvals import Approval, ApprovalKind, Proposal
from core.outreach.campaigns import CampaignPlan, CampaignReport, CampaignRequest, Sender, template
from core.outreach.decisions import DecisionRequest, as_json
from core.outreach.first_messages import MessageStage
from core.outreach.markets import Segment
from core.outreach.suppression import Reason, TombstoneKey
from db.leads import facts
from db.outreach import approvals, first_messages, suppressions
from db.outreach.recipients import contact_of, find_whom
from db.outreach.suppressions import Recipient
from tasks.outreach.approvals import apply_decision
from tasks.outreach.audience import origin_for
from tasks.outreach.steps import draft_messages
from tasks.outreach.suppressions import suppress, suppress_record

SENDER = Sender(name="Robin Sample", company="Sample Rooms", address="1 Sample Street, 12345 Sampletown")
OFFER = "We look after server rooms for mid-sized companies, with a fixed team and one bill a month."
KEY = TombstoneKey(b"k" * 32)
ACME = {"company_name": "Acme", "company_domain": "acme.example"}


@pytest.fixture
def environment(database: str, tmp_path: Path) -> dict[str, str]:
    return {"POSTGRES_URL": database, "SALES_AGENT_HOME": str(tmp_path)}


async def write(asked: list[dict[str, Any]]) -> list[CampaignReport]:
    """Draft the messages of campaigns one after the other, in this process."""
    reports = []
    for one in asked:
        request = CampaignRequest(offer=OFFER, sender=SENDER, segment=Segment(), **one)
        campaign_id, variants = uuid4(), [template("CEO", "friendly", OFFER)]
        base = CampaignReport(campaign_id=campaign_id, segment="x", status="drafted", variants=variants)
        reports.append(await draft_messages(CampaignPlan(campaign_id, request, ("CEO",), ()), base))
    return reports


def contact(database: str, lead_id: UUID, name: str, **more: Any) -> UUID:
    address = f"{name.lower()}@acme.example"
    return add_contact(
        database,
        lead_id,
        **{"contact_name": f"{name} Sample", "contact_title": "CEO", "contact_email": address, **more},
    )


def drafted(database: str) -> dict[str, UUID | None]:
    with psycopg.connect(database) as connection:
        return dict(connection.execute("SELECT recipient, contact_id FROM approvals").fetchall())


def test_the_best_contact_is_written_to_and_all_where_that_is_asked(database: str, environment: dict[str, str]) -> None:
    lead_id = add_lead(database, **ACME)
    kim, ada = contact(database, lead_id, "Kim"), contact(database, lead_id, "Ada")
    former = contact(database, lead_id, "Bo", state="former", title_points=9.0)
    shared = contact(database, lead_id, "Cy", contact_email="info@acme.example")
    assess(database, lead_id, best=ada)
    alone = add_lead(database, company_name="Nobody")
    first, everybody, named = forked.run(
        environment, write, [{}, {"all_contacts": True}, {"contact_ids": [former, shared]}]
    )
    assert (first.messages, first.skipped) == (1, {"no contact": 1})
    assert (everybody.messages, everybody.skipped) == (
        1,
        {"another message to them waits or is on its way": 1, "no contact": 1},
    )
    # Whom a person names gets one; not who has left.
    assert (named.messages, named.skipped) == (1, {"they have left the company": 1})
    assert drafted(database) == {"ada@acme.example": ada, "kim@acme.example": kim, "info@acme.example": shared}
    with psycopg.connect(database) as connection:
        kept = connection.execute("SELECT contact_id, lead_id FROM campaign_letters").fetchall()
    assert sorted(kept) == sorted((each, lead_id) for each in (ada, kim, shared))
    assert alone not in {lead for _, lead in kept}


def test_who_refused_gives_way_to_a_colleague_and_gets_nothing_by_name(
    database: str, environment: dict[str, str]
) -> None:
    lead_id = add_lead(database, **ACME)
    kim, ada = contact(database, lead_id, "Kim"), contact(database, lead_id, "Ada")
    assess(database, lead_id, "disqualified", best=ada)
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO suppressions (id, kind, value, reason, added_by, added_at)"
            " VALUES (gen_random_uuid(), 'address', 'ada@acme.example', 'opt_out', 'Maud', now())"
        )
    segment, asked, by_name = forked.run(environment, write, [{}, {"lead_ids": [lead_id]}, {"contact_ids": [ada]}])
    assert (segment.messages, segment.skipped) == (0, {"disqualified by the profile": 1})
    assert (asked.messages, by_name.messages) == (1, 0)
    assert by_name.skipped == {"the recipient must not be written to: opt_out": 1}
    assert drafted(database) == {"kim@acme.example": kim}


def test_one_person_at_two_companies_gets_one_first_message(database: str, environment: dict[str, str]) -> None:
    person_id = uuid4()
    title = {"contact_title": "CEO", "person_id": person_id}
    add_person(database, contact_name="Kim Sample", contact_email="kim@acme.example", **title)
    add_person(database, contact_name="Kim Sample", contact_email="kim@other.example", **title)
    once, again = forked.run(environment, write, [{}, {}])
    assert (once.messages, once.skipped) == (1, {"another message to them waits or is on its way": 1})
    assert (again.messages, again.skipped) == (0, {"another message to them waits or is on its way": 2})


async def test_written_before_is_of_the_person_whatever_the_contact_was_called(database: str) -> None:
    person_id, old = uuid4(), uuid4()
    first, kim = add_person(database, contact_email="kim@acme.example", person_id=person_id)
    second, again = add_person(database, contact_email="kim@other.example", person_id=person_id)
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO merged_records (old_id, new_id, kind) VALUES (%s, %s, 'contact')", [old, kim])
    async with session(database) as connection:
        made = [
            await approvals.request(connection, message(address, lead_id, contact_id), now=datetime.now(UTC))
            for address, lead_id, contact_id in (
                ("kim@old.example", first, old),  # under an address and an id that are no more
                ("kim@acme.example", None, None),  # before contacts were named
                ("kim@other.example", second, again),
            )
        ]
        assert {other.approval_id for other in await first_messages.others_of(connection, made[2])} == {
            made[0].id,
            made[1].id,
        }
        await connection.execute(
            "UPDATE approvals SET status = 'approved', decision = 'approve', decided_by = 'Odo' WHERE id = %s",
            [made[0].id],
        )
        found = await first_messages.find_obstacle(connection, made[2], MessageStage.APPROVE)
        assert found is not None
        assert found.approval_id == made[0].id


def message(to: str, lead_id: UUID | None, contact_id: UUID | None, **known: Any) -> Proposal:
    content = {"to": to, "subject": "Pumps", "body": "Good morning,\nmay we talk?\n"}
    subject = f"campaign/{uuid4()}/{uuid4()}"
    return Proposal(ApprovalKind.EMAIL, subject, "Pumps", content, known, to, lead_id, contact_id)


async def decide(approval: Approval) -> str:
    request = DecisionRequest(
        approval_id=approval.id, decision="approve", decided_by="Maud", digest=approval.digest[:12]
    )
    return str((await apply_decision(request)).status)


async def test_an_approval_made_before_contacts_is_valid_or_says_why_not(
    database: str, environment: dict[str, str]
) -> None:
    row = {"company_name": "Acme", "contact_name": "Kim Sample", "contact_email": "kim@acme.example"}
    lead_id, kim = add_row(database, row)
    old = uuid4()
    contact(database, lead_id, "Ada")
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO merged_records (old_id, new_id, kind) VALUES (%s, %s, 'lead')", [old, lead_id])
    known = {f"lead.{name}": value for name, value in row.items()} | {"contact.name": "Kim Sample"}
    async with session(database) as connection:
        valid, stale = [
            await approvals.request(
                connection, message(row["contact_email"], old, None, **known), now=datetime.now(UTC)
            )
            for _ in range(2)
        ]
        assert await contact_of(connection, valid.proposal) == kim
        assert await facts.read(connection, old, list(known), contact_id=kim) == known
    assert as_json(valid)["contact_id"] is None
    assert forked.run(environment, decide, valid) == "approved"
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE contacts SET contact_name = 'Kim Other' WHERE id = %s", [kim])
        connection.execute("DELETE FROM approvals WHERE id = %s", [valid.id])
    with pytest.raises(StaleDraft, match=r"contact\.name, lead\.contact_name"):
        forked.run(environment, decide, stale)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE contacts SET state = 'former' WHERE id = %s", [kim])
    with pytest.raises(Suppressed, match="they have left the company"):
        forked.run(environment, decide, stale)


async def test_whom_is_meant_by_a_lead_or_a_contact(database: str) -> None:
    lead_id = add_lead(database, **ACME)
    kim, old, other = contact(database, lead_id, "Kim"), uuid4(), add_lead(database)
    with psycopg.connect(database) as connection:
        merged = "INSERT INTO merged_records (old_id, new_id, kind) VALUES (%s, %s, 'lead')"
        connection.execute(merged, [old, lead_id])
    async with session(database) as connection:
        for named in ((lead_id, None), (old, None), (None, kim), (old, kim)):
            assert await find_whom(connection, *named) == (lead_id, kim)
        assert await find_whom(connection, other, None) == (other, None)
        with pytest.raises(LeadNotFound):
            await find_whom(connection, uuid4(), None)
        for wrong in ((other, kim), (None, uuid4())):
            with pytest.raises(NotFound):
                await find_whom(connection, *wrong)


async def say_no(*asked: dict[str, Any]) -> list[bool]:
    return [
        await suppress(one["whom"], reason=Reason(one.get("reason", "opt_out")), by="Maud")
        if "whom" in one
        else await suppress_record(**one, reason=Reason.OPT_OUT, by="Maud")
        for one in asked
    ]


async def test_a_person_says_who_is_left_alone(database: str, environment: dict[str, str]) -> None:
    person_id = uuid4()
    first, kim = add_person(database, contact_email="Kim@acme.example", person_id=person_id)
    second, again = add_person(database, contact_email="kim@other.example", person_id=person_id)
    third, ada = add_person(database, contact_name="Ada Byron")
    fourth, bo = add_person(database, contact_email="bo@third.example")
    asked = [{"whom": "kim@acme.example", "reason": "bounce"}, {"contact_id": ada}, {"lead_id": fourth}]
    assert forked.run(environment, say_no, *asked, {"contact_id": ada}) == [True, True, True, False]

    async def refused() -> list[str | None]:
        people = [("kim@acme.example", first, kim), ("kim@other.example", second, again), (None, third, ada)]
        people.append(("bo@private.example", fourth, bo))
        async with session(database) as connection:
            return await suppressions.why_each(connection, [Recipient(*one) for one in people], lambda: KEY)

    # That an address takes no mail is a state of it; a refusal is of the person, whichever address they have.
    assert await refused() == ["bounce", None, "opt_out (this person)", "opt_out (its company)"]
    assert forked.run(environment, say_no, {"whom": "kim@acme.example"}) == [True]
    assert await refused() == ["opt_out", "opt_out", "opt_out (this person)", "opt_out (its company)"]
    with pytest.raises(InvalidInput, match="--contact ID"):
        forked.run(environment, say_no, {"whom": "person: ada byron"})
    with pytest.raises(NotFound):
        forked.run(environment, say_no, {"contact_id": uuid4()})


def test_where_an_address_is_from_is_said_once(database: str, environment: dict[str, str]) -> None:
    def add(**more: Any) -> UUID:
        return add_person(database, company=ACME, contact_email=f"{uuid4()}@acme.example", **more)[1]

    page = "https://acme.example/team"
    people = {
        add(origin="website", source_url=page): f"Your address is from your company’s website ({page}).",
        add(origin="apollo"): "Your address is from Apollo, a provider of business contacts.",
        add(origin="crm"): "Your address is from our contact records.",
        add(origin="import", source="Trade fair"): "Your address is from a list named “Trade fair”.",
        add(origin="import"): None,
        add(origin="person"): None,
        add(origin="something new"): None,
        (
            bought := add(origin="website", source_url=page)
        ): "Your address is from Apollo, a provider of business contacts.",
        (typed := add(origin="website", source_url=page)): None,
    }
    with psycopg.connect(database) as connection:
        for contact_id, source in ((bought, "apollo_person"), (typed, "person")):
            connection.execute(
                "INSERT INTO field_provenance (record_id, lead_id, field, value, source, observed_at)"
                " SELECT id, lead_id, 'contact_email', contact_email, %s, now() FROM contacts WHERE id = %s",
                [source, contact_id],
            )
        addresses = dict(connection.execute("SELECT id, contact_email FROM contacts").fetchall())
    assert forked.run(environment, origins, addresses) == people
    asked = next(iter(people))
    silent = {**environment, "CAMPAIGNS_ADDRESS_ORIGIN": "false"}
    assert forked.run(silent, origins, {asked: addresses[asked]}) == {asked: None}
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO approvals (id, kind, subject_id, title, recipient, contact_id, proposed_by, content, facts,"
            " digest, status, decision, decided_by, requested_at, expires_at, revision) VALUES (%s, 'email', 'x', 'x',"
            " 'old@acme.example', %s, 'x', '{}', '{}', 'x', 'executed', 'approve', 'Maud', now(), now(), 0)",
            [approval_id := uuid4(), asked],
        )
        connection.execute(
            "INSERT INTO sends (approval_id, purpose, recipient, message_id, digest, status, attempts, sent_by,"
            " intended_at, lease_until) VALUES (%s, 'letter', 'x', 'x', 'x', 'sent', 1, 'x', now(), now())",
            [approval_id],
        )
    assert forked.run(environment, origins, {asked: addresses[asked]}) == {asked: None}, "who was written to knows"


async def origins(addresses: dict[UUID, str]) -> dict[UUID, str | None]:
    return {contact_id: await origin_for(contact_id, address) for contact_id, address in addresses.items()}
