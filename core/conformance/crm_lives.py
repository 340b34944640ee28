"""Properties of a CRM's records from their creation to their end: found again, noted at, gone."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import uuid4

from core.conformance.crm_case import CRMCase
from core.conformance.expecting import Untried, expect, expect_done, expect_equal, expect_error
from core.crm.records import RecordKind, RemoteChange, SentMessage
from core.errors import Gone
from core.outreach.suppression import Reason

_NOWHERE = ("conformance-no-such-record", "", ".", "..", "a/b", "?a=b", "#a", "a b", "%2e%2e", "ü", "\0", "a" * 300)


async def finds_a_company_by_our_id(case: CRMCase) -> None:
    """find() gives the company with our id and its people, and None for an id that nothing carries."""
    own_ids = [uuid4() for _ in range(3)]
    made = {own_id: await case.create(case.label(RecordKind.LEAD), own_id=own_id) for own_id in own_ids}
    for own_id, unit in made.items():
        found = await case.until(lambda own_id=own_id: case.crm.find(own_id), bool)  # type: ignore[misc]  # bound here
        expect(found is not None, f"expected find({own_id}) to give the company {unit.lead.id}, got None")
        assert found is not None
        expect_equal((found.lead.id, found.lead.own_id), (unit.lead.id, own_id), f"id and our id of find({own_id})")
    strange = uuid4()
    expect_equal(await case.crm.find(strange), None, f"find({strange}), which nothing carries")


async def answers_a_repeated_create_with_the_first(case: CRMCase) -> None:
    """A create that is repeated makes no second company or person; or the first is the one that find() gives."""
    own_id, person_id, values = uuid4(), uuid4(), case.label(RecordKind.LEAD)
    first = await case.create(values, {person_id: case.label(RecordKind.CONTACT)}, own_id)
    again = await case.create(values, {person_id: case.label(RecordKind.CONTACT)}, own_id)
    for _ in range(2):
        found = await case.until(lambda: case.crm.find(own_id), bool)
        expect(found is not None, f"expected find({own_id}) to give {first.lead.id}, got None")
        assert found is not None
        expect_equal(found.lead.id, first.lead.id, f"id of find({own_id}) after a second create made {again.lead.id}")
        expect_equal([each.own_id for each in found.contacts], [person_id], "our ids of the people of the first")


async def is_gone_once_deleted(case: CRMCase) -> None:
    """What is deleted may be deleted again; to read it, change it or add to it is Gone, and no list has it."""
    unit, other = await case.company(people=2), await case.company(people=1)
    kept, removed = unit.contacts
    for _ in range(2):
        await expect_done(case.crm.delete(RecordKind.CONTACT, removed.id), "delete of a person, and once more")
    fetched = await case.crm.fetch(unit.lead.id)
    expect_equal([each.id for each in fetched.contacts], [kept.id], "people after one was deleted")
    await _expect_gone(case, RecordKind.CONTACT, removed.id)
    for _ in range(2):
        await expect_done(case.crm.delete(RecordKind.LEAD, unit.lead.id), "delete of a company, and once more")
    await _expect_gone(case, RecordKind.LEAD, unit.lead.id)
    await _expect_gone(case, RecordKind.CONTACT, kept.id)
    await expect_done(case.crm.delete(RecordKind.CONTACT, kept.id), "delete of a person whose company is deleted")
    listed = await case.until(lambda: case.listed([unit.lead.id]), lambda stamps: not stamps)
    expect_equal(listed, [], "stamps() of a company that was deleted")
    expect_equal((await case.crm.fetch(other.lead.id)).lead.id, other.lead.id, "another company after a deletion")


async def says_gone_of_ids_that_never_were(case: CRMCase) -> None:
    """No id, whatever is in it, does anything but Gone; deleting nothing is done."""
    unit = await case.company(people=1)
    for nowhere in (*_NOWHERE, f"../{unit.lead.id}", f"{unit.lead.id}/", f"x/../{unit.lead.id}"):
        for kind in RecordKind:
            await _expect_gone(case, kind, nowhere)
            await expect_done(case.crm.delete(kind, nowhere), f"delete of the {kind} {nowhere!r}")
        expect_equal(await case.listed([nowhere]), [], f"stamps() of {nowhere!r}")
    fetched = await case.crm.fetch(unit.lead.id)
    expect_equal([each.id for each in fetched.contacts], [unit.contacts[0].id], "a company that was not meant")


async def _expect_gone(case: CRMCase, kind: RecordKind, record_id: str) -> None:
    label = case.label(kind)
    await expect_error((Gone,), case.crm.update(kind, record_id, label), f"update of the {kind} {record_id!r}")
    if kind is RecordKind.CONTACT:
        return
    person, note = case.label(RecordKind.CONTACT), _note(case, "gone")
    attempts: dict[str, Callable[[], Awaitable[object]]] = {
        "fetch": lambda: case.crm.fetch(record_id),
        "create_contact": lambda: case.crm.create_contact(record_id, uuid4(), person),
        "log_message": lambda: case.crm.log_message(record_id, note),
    }
    for name, attempt in attempts.items():
        await expect_error((Gone,), attempt(), f"{name} of the company {record_id!r}")


async def notes_a_message_once(case: CRMCase) -> None:
    """A message is noted at a company once, however often it is asked for; another one is another."""
    unit, other = await case.company(), await case.company()
    marker = f"conformance-{case.token}"
    first = await case.crm.log_message(unit.lead.id, _note(case, f"{marker}-10"))
    shorter = await case.crm.log_message(unit.lead.id, _note(case, f"{marker}-1"))
    expect(first != shorter, f"expected a note for {marker}-1 beside that for {marker}-10, got {shorter!r} for both")
    for known, number in ((first, 10), (shorter, 1), (first, 10)):
        again = await case.crm.log_message(unit.lead.id, _note(case, f"{marker}-{number}"))
        expect_equal(again, known, f"id of the note of {marker}-{number} when it is asked for again")
    await case.crm.log_message(other.lead.id, _note(case, f"{marker}-10"))
    fetched = await case.crm.fetch(unit.lead.id)
    expect_equal(len(fetched.contacts), 0, "people of a company at which messages were noted")


def _note(case: CRMCase, marker: str) -> SentMessage:
    recipient = f"nobody.{case.token}@example.org"
    return SentMessage(marker, recipient, "Made up", f"Nothing of this was sent.\n\nMade up {case.token}")


async def reports_who_refuses(case: CRMCase) -> None:
    """Who is not to be written to there is a refusal of the unit, with all their addresses; and a look is asked for."""
    if case.behind.opt_out is None:
        raise Untried("`behind.opt_out` of the case would let a person refuse")
    people = {uuid4(): case.values(RecordKind.CONTACT, place) for place in range(2)}
    since = case.now_there() - timedelta(minutes=2)
    unit = await case.create(case.label(RecordKind.LEAD), people)
    before = await case.stamp(unit.lead.id)
    expect_equal(unit.refusals, (), "refusals of a company whose people refuse nothing")
    person = unit.contacts[1]
    await case.behind.opt_out(person.id)
    after = await case.stamp(unit.lead.id, later_than=before)
    expect(after > before, f"expected the stamp of {unit.lead.id} to move with a refusal, got {after} after {before}")
    await _expect_told(case, person.id, since)
    refusals = (await case.crm.fetch(unit.lead.id)).refusals
    expect_equal([each.record_id for each in refusals], [person.id], "records that refuse to be written to")
    (refusal,) = refusals
    emails = case.name_of(RecordKind.CONTACT, "emails")
    addresses = person.values.get(emails or "") or ()
    expect_equal(set(refusal.addresses), set(addresses), "addresses of the person who refuses")
    expect(not refusal.of_company, "expected a person's refusal, got the company's")
    expect(refusal.where, "expected a refusal that says where it stands, got nothing")
    expect(isinstance(refusal.reason, Reason), f"expected a reason, got {refusal.reason!r}")


async def _expect_told(case: CRMCase, person_id: str, since: datetime) -> None:
    """Expect an entry of the log that makes a run look: it shows the refusal, or hides what the values are."""

    def asks_for_a_look(log: list[RemoteChange]) -> bool:
        entries = [each for each in log if each.record_id == person_id and each.action == "updated"]
        return any(each.refuses or each.values is None for each in entries)

    try:
        told = await case.until(lambda: case.told(since), asks_for_a_look)
    except Gone:
        return  # without a log every stamp is compared
    expect(asks_for_a_look(told), f"expected an entry of the log that shows the refusal of {person_id}, got none")
