"""Properties of a CRM's lists and of its log: all there is, each once, and what happened since."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from core.conformance.crm_case import CRMCase
from core.conformance.expecting import Untried, expect, expect_equal
from core.crm.records import RecordKind, RemoteChange
from core.errors import Gone

Told = tuple[RecordKind, str, str]
"""Kind, id, and what happened."""


async def lists_every_company_once(case: CRMCase) -> None:
    """stamps() yields each company once; of the ids it is asked for those that are there, each once."""
    made = {(await case.company()).lead.id for _ in range(case.many)}
    listed = await case.until(case.listed, lambda stamps: made <= {stamp.id for stamp in stamps})
    counted = Counter(stamp.id for stamp in listed)
    expect_equal(made - set(counted), set(), "companies that are missing in stamps()")
    expect_equal({each: times for each, times in counted.items() if times > 1}, {}, "companies listed more than once")
    naive = [stamp for stamp in listed if stamp.updated_at.tzinfo is None]
    expect_equal(naive, [], "stamps without a time zone")
    asked = sorted(made)
    wanted = [*asked, "conformance-no-such-record", *asked]
    some = await case.listed(wanted)
    expect_equal(sorted(stamp.id for stamp in some), asked, "ids that stamps() yields of those it is asked for")
    expect_equal(await case.listed([]), [], "stamps() of no ids")
    expect_equal({stamp.id for stamp in await case.listed(asked[:1])}, {asked[0]}, "stamps() of one id")


async def lists_every_company_once_while_they_change(case: CRMCase) -> None:
    """Companies that stay are listed once, though others come, change and go between two pages."""
    made = [(await case.company()).lead.id for _ in range(case.many)]
    await case.until(case.listed, lambda stamps: set(made) <= {stamp.id for stamp in stamps})
    counted: Counter[str] = Counter()
    is_first = True
    async for page in case.crm.stamps():
        counted.update(stamp.id for stamp in page)
        if is_first:
            is_first = False
            for lead_id in made[1:3]:
                await case.crm.update(RecordKind.LEAD, lead_id, case.label(RecordKind.LEAD))
            await case.crm.delete(RecordKind.LEAD, made[0])
            await case.company()
    expect_equal(set(made[1:]) - set(counted), set(), "companies that stayed and are missing in stamps()")
    expect_equal({each: times for each, times in counted.items() if times > 1}, {}, "companies listed more than once")


async def moves_the_stamp_with_each_change(case: CRMCase) -> None:
    """A company's stamp is later after each change of it and of its people, one they gain or lose included."""
    unit = await case.company(people=1)
    lead_id, person_id = unit.lead.id, unit.contacts[0].id
    added: list[str] = []

    async def add() -> None:
        added.append((await case.crm.create_contact(lead_id, uuid4(), case.label(RecordKind.CONTACT))).id)

    changes: dict[str, Callable[[], Awaitable[object]]] = {
        "an update": lambda: case.crm.update(RecordKind.LEAD, lead_id, case.label(RecordKind.LEAD)),
        "an update of a person": lambda: case.crm.update(RecordKind.CONTACT, person_id, case.label(RecordKind.CONTACT)),
        "a new person": add,
        "the deletion of a person": lambda: case.crm.delete(RecordKind.CONTACT, added[0]),
    }
    before = await case.stamp(lead_id)
    for what, change in changes.items():
        await change()
        after = await case.stamp(lead_id, later_than=before)
        expect(after > before, f"expected the stamp of {lead_id} to move with {what}, got {after} after {before}")
        before = after


async def tells_what_changed(case: CRMCase) -> None:
    """The log tells of what was created, changed and deleted, the newest first; or there is none, which is Gone."""
    since = case.now_there() - timedelta(minutes=2)
    unit, other = await case.company(people=2), await case.company(people=1)
    changed, removed = unit.contacts
    await case.crm.update(RecordKind.LEAD, unit.lead.id, case.label(RecordKind.LEAD))
    await case.crm.update(RecordKind.CONTACT, changed.id, case.label(RecordKind.CONTACT))
    added = await case.crm.create_contact(unit.lead.id, uuid4(), case.label(RecordKind.CONTACT))
    await case.crm.delete(RecordKind.CONTACT, removed.id)
    await case.crm.delete(RecordKind.LEAD, other.lead.id)
    wanted: set[Told] = {
        (RecordKind.LEAD, unit.lead.id, "created"),
        (RecordKind.LEAD, unit.lead.id, "updated"),
        (RecordKind.CONTACT, changed.id, "updated"),
        (RecordKind.CONTACT, added.id, "created"),
        (RecordKind.CONTACT, removed.id, "deleted"),
        (RecordKind.LEAD, other.lead.id, "created"),
        (RecordKind.LEAD, other.lead.id, "deleted"),
    }
    try:
        told = await case.until(lambda: case.told(since), lambda log: wanted <= {_of(change) for change in log})
    except Gone:
        return
    expect_equal(wanted - {_of(change) for change in told}, set(), "changes that the log does not tell")
    _expect_log(told, since)
    people = {changed.id, added.id, removed.id}
    homes = {change.lead_id for change in told if change.record_id in people} - {None}
    expect_equal(homes <= {unit.lead.id}, True, f"changes of people at {unit.lead.id}, got {homes}")
    ours = [change for change in told if change.lead_id in {unit.lead.id, other.lead.id}]
    middle = ours[len(ours) // 2].at
    later = await case.told(middle)
    _expect_log(later, middle)
    missing = {change.event_id for change in told if change.at > middle} - {change.event_id for change in later}
    expect_equal(missing, set(), f"entries of the log that are missing since {middle}")


async def reaches_back_or_says_so(case: CRMCase) -> None:
    """A log that is asked for more than it keeps is Gone, and yields nothing as if that were all."""
    unit = await case.company()
    try:
        async for page in case.crm.changes_since(datetime(2001, 1, 1, tzinfo=UTC)):
            if any(change.record_id == unit.lead.id and change.action == "created" for change in page):
                return
    except Gone:
        return
    expect(case.patience_s > 0, f"expected Gone, or a log with the creation of {unit.lead.id}; got neither")


async def tells_of_a_merge(case: CRMCase) -> None:
    """A company that was merged into another is gone, and the log names that other one."""
    if case.behind.merge is None:
        raise Untried("`behind.merge` of the case would merge two companies")
    since = case.now_there() - timedelta(minutes=2)
    source, destination = await case.company(people=1), await case.company(people=1)
    await case.behind.merge(source.lead.id, destination.lead.id)
    listed = await case.until(lambda: case.listed([source.lead.id]), lambda stamps: not stamps)
    expect_equal(listed, [], "stamps() of a company that was merged away")
    people = {each.id for each in (await case.crm.fetch(destination.lead.id)).contacts}
    expect(source.contacts[0].id in people, f"expected the person of the merged company among {people}")

    def tells(log: list[RemoteChange]) -> bool:
        return any(_merged(change) == (source.lead.id, destination.lead.id) for change in log)

    try:
        told = await case.until(lambda: case.told(since), tells)
    except Gone:
        return
    merges = {_merged(change) for change in told} - {None}
    expect(tells(told), f"expected the merge of {source.lead.id} into {destination.lead.id}, got {merges}")


def _merged(change: RemoteChange) -> tuple[str, str | None] | None:
    return (change.record_id, change.merged_into) if change.action == "merged" else None


def _of(change: RemoteChange) -> Told:
    return change.kind, change.record_id, change.action


def _expect_log(told: list[RemoteChange], since: datetime) -> None:
    moments = [change.at for change in told]
    expect(all(moment.tzinfo for moment in moments), "expected entries of the log with a time zone, got naive ones")
    expect_equal(moments, sorted(moments, reverse=True), "order of the log")
    older = [change.event_id for change in told if change.at < since]
    expect_equal(older, [], f"entries of the log from before {since}")
    known = {"created", "updated", "deleted", "merged"}
    expect_equal({change.action for change in told} - known, set(), "actions that the port does not know")
    ids = Counter(change.event_id for change in told)
    expect_equal([each for each, times in ids.items() if times > 1], [], "entries that come twice in one walk")
