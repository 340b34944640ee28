"""Properties of a CRM's fields: what is written comes back, and nothing else is touched."""

import asyncio
from collections.abc import Mapping
from uuid import UUID, uuid4

from pydantic import ValidationError

from core.conformance.crm_case import CRMCase
from core.conformance.crm_samples import Sample
from core.conformance.expecting import Unmet, Untried, expect, expect_equal
from core.crm.config import FieldMap
from core.crm.meanings import as_written, meaning_of
from core.crm.records import RecordKind, RecordValues, RemoteRecord, RemoteUnit


async def describes_fields_that_can_be_named(case: CRMCase) -> None:
    """describe() names each field once, so that crm.yaml can hold it, and says the same twice."""
    described, again = await case.crm.describe(), await case.crm.describe()
    for kind in RecordKind:
        names = described.fields(kind)
        expect(names, f"expected describe() to name {kind} fields, got none")
        expect_equal(len(set(names)), len(names), f"different names among {kind} fields {names}")
        expect_equal(sorted(again.fields(kind)), sorted(names), f"{kind} fields of a second describe()")
        case.label(kind)
        for name in names:
            _expect_name(name)
    expect_equal(len(set(described.statuses)), len(described.statuses), f"different statuses {described.statuses}")
    expect(all(described.statuses), f"expected statuses with names, got {described.statuses!r}")


def _expect_name(name: str) -> None:
    try:
        FieldMap(ours="notes", theirs=name)
    except ValidationError as error:
        raise Unmet(f"expected names that crm.yaml can hold, got {error.errors()[0]['msg']}") from error


async def takes_every_status_it_describes(case: CRMCase) -> None:
    """A company can be given each status that describe() names, at its creation too, and shows it."""
    statuses = case.described.statuses
    if not statuses:
        raise Untried("describe() names no statuses")
    expect("status" in case.described.lead_fields, "expected a lead field named status, as there are statuses")
    unit = await case.create(case.label(RecordKind.LEAD) | {"status": statuses[-1]})
    expect_equal(unit.lead.values.get("status"), statuses[-1], "status of a company created with it")
    for status in statuses:
        record = await case.crm.update(RecordKind.LEAD, unit.lead.id, {"status": status})
        expect_equal(record.values.get("status"), status, "status after an update")
    expect_equal((await case.crm.fetch(unit.lead.id)).lead.values.get("status"), statuses[-1], "status when fetched")


async def shows_what_was_created(case: CRMCase) -> None:
    """A company with people has ids and the values it was created with, in the answer and when it is fetched."""
    own_id, values = uuid4(), case.values(RecordKind.LEAD)
    people = {uuid4(): case.values(RecordKind.CONTACT, place) for place in range(3)}
    unit = await case.create(values, people, own_id)
    fetched = await case.crm.fetch(unit.lead.id)
    expect_equal(fetched.lead.id, unit.lead.id, "id of a company when fetched")
    for of, shown in (("the answer to a create", unit), ("a fetch", fetched)):
        _expect_record(case, shown.lead, RecordKind.LEAD, own_id, values, of)
        _expect_people(case, shown, people, of)


async def shows_a_person_that_was_added(case: CRMCase) -> None:
    """A person created at a company has an id and its values, and the company shows them beside the others."""
    unit, own_id, values = await case.company(people=1), uuid4(), case.values(RecordKind.CONTACT)
    made = await case.crm.create_contact(unit.lead.id, own_id, values)
    _expect_record(case, made, RecordKind.CONTACT, own_id, values, "the answer to a create")
    fetched = await case.crm.fetch(unit.lead.id)
    expect_equal({each.id for each in fetched.contacts}, {unit.contacts[0].id, made.id}, "people of the company")
    _expect_record(case, await case.person(unit.lead.id, made.id), RecordKind.CONTACT, own_id, values, "a fetch")


def _expect_people(case: CRMCase, unit: RemoteUnit, people: Mapping[UUID, RecordValues], of: str) -> None:
    expect_equal({each.own_id for each in unit.contacts}, set(people), f"our ids of the people in {of}")
    expect_equal(len({each.id for each in unit.contacts}), len(people), f"different ids of people in {of}")
    for person in unit.contacts:
        assert person.own_id is not None
        _expect_record(case, person, RecordKind.CONTACT, person.own_id, people[person.own_id], of)


def _expect_record(
    case: CRMCase, record: RemoteRecord, kind: RecordKind, own_id: UUID, values: RecordValues, of: str
) -> None:
    expect(isinstance(record.id, str) and record.id, f"{of}: expected an id, got {record.id!r}")
    expect_equal((record.kind, record.own_id), (kind, own_id), f"kind and our id in {of}")
    moment = record.updated_at
    expect(moment is None or moment.tzinfo, f"{of}: expected updated_at with a time zone, got {moment!r}")
    case.expect_values(kind, record.values, values, of)


async def changes_only_what_an_update_names(case: CRMCase) -> None:
    """An update of one field leaves all others, and all other records, as they are."""
    values, people = case.values(RecordKind.LEAD), {uuid4(): case.values(RecordKind.CONTACT) for _ in range(2)}
    unit = await case.create(values, people)
    changed, other = unit.contacts
    assert changed.own_id is not None
    assert other.own_id is not None
    of_person = dict(people[changed.own_id])
    for kind, record_id, expected in (
        (RecordKind.LEAD, unit.lead.id, values),
        (RecordKind.CONTACT, changed.id, of_person),
    ):
        later = case.values(kind, place=1)
        for name in case.samples(kind):
            expected[name] = later[name]
            record = await case.crm.update(kind, record_id, {name: later[name]})
            case.expect_values(kind, record.values, expected, f"the answer to an update of {name}")
    fetched = await case.crm.fetch(unit.lead.id)
    case.expect_values(RecordKind.LEAD, fetched.lead.values, values, "a fetch after updates")
    shown = {each.id: each.values for each in fetched.contacts}
    expect_equal(set(shown), {changed.id, other.id}, "people after updates")
    case.expect_values(RecordKind.CONTACT, shown[changed.id], of_person, "a fetch after updates")
    case.expect_values(RecordKind.CONTACT, shown[other.id], people[other.own_id], "a fetch of a colleague")


async def empties_what_is_none(case: CRMCase) -> None:
    """None, and of a list no item, empties a field; the others stay."""
    values, person = case.values(RecordKind.LEAD), case.values(RecordKind.CONTACT)
    unit = await case.create(values, {uuid4(): person})
    records = ((RecordKind.LEAD, unit.lead.id, values), (RecordKind.CONTACT, unit.contacts[0].id, person))
    for kind, record_id, expected in records:
        label = set(case.label(kind))
        for name, sample in case.samples(kind).items():
            if name not in label:
                expected[name] = () if sample.is_list else None
                record = await case.crm.update(kind, record_id, {name: expected[name]})
                case.expect_values(kind, record.values, expected, f"the answer to an update of {name} to None")
    fetched = await case.crm.fetch(unit.lead.id)
    case.expect_values(RecordKind.LEAD, fetched.lead.values, values, "a fetch after emptying")
    case.expect_values(RecordKind.CONTACT, fetched.contacts[0].values, person, "a fetch after emptying")


async def keeps_lists_as_sets(case: CRMCase) -> None:
    """A list has exactly the items that were written last: added, removed, in another order, none twice."""
    lists = {name: sample for name, sample in case.samples(RecordKind.CONTACT).items() if sample.is_list}
    if not lists:
        raise Untried("describe() names no field for e-mail addresses or telephone numbers")
    unit = await case.company(people=1)
    person = unit.contacts[0].id
    for name, sample in lists.items():
        items = [f"{item}" for place in range(len(sample.values)) for item in _items(sample, place, case.token)]
        items = list(dict.fromkeys(items))
        for written in (items[:1], items, items[::-1], items[1:], [items[0], *items[2:]], items[-1:]):
            record = await case.crm.update(RecordKind.CONTACT, person, {name: tuple(written)})
            got = record.values.get(name)
            expect(isinstance(got, tuple), f"{name}: expected a list, got {got!r}")
            case.expect_values(RecordKind.CONTACT, record.values, {name: tuple(written)}, "the answer to an update")
            shown = (await case.person(unit.lead.id, person)).values
            case.expect_values(RecordKind.CONTACT, shown, {name: tuple(written)}, "a fetch after an update")


def _items(sample: Sample, place: int, mark: str) -> tuple[str, ...]:
    value = sample.value(place, mark)
    return value if isinstance(value, tuple) else ()


async def keeps_texts_letter_for_letter(case: CRMCase) -> None:
    """Letters of all scripts, leading zeros, 20 digits, quotes, line ends and long texts come back as they were."""
    await _goes_round(case, is_text=True)


async def means_what_was_written(case: CRMCase) -> None:
    """Countries, states, numbers, telephone numbers, addresses of pages mean what was written, however they look."""
    await _goes_round(case, is_text=False)


async def _goes_round(case: CRMCase, *, is_text: bool) -> None:
    unit = await case.company(people=1)
    for kind, record_id in ((RecordKind.LEAD, unit.lead.id), (RecordKind.CONTACT, unit.contacts[0].id)):
        tried = {n: s for n, s in case.samples(kind).items() if (meaning_of(s.ours) is as_written) == is_text}
        for place in range(max((len(sample.values) for sample in tried.values()), default=0)):
            written = {name: sample.value(place, case.token) for name, sample in tried.items()}
            record = await case.crm.update(kind, record_id, written)
            case.expect_values(kind, record.values, written, "the answer to an update")
            fetched = await case.crm.fetch(unit.lead.id)
            shown = fetched.lead if kind is RecordKind.LEAD else fetched.contacts[0]
            case.expect_values(kind, shown.values, written, "a fetch after an update")


async def lets_two_updates_at_once_stand(case: CRMCase) -> None:
    """Updates at the same time of different fields of one record are both there afterwards, whatever was seen when."""
    unit = await case.company(people=1)
    stamps = {stamp.id: stamp.updated_at for stamp in await case.listed([unit.lead.id])}
    for kind, record_id in ((RecordKind.LEAD, unit.lead.id), (RecordKind.CONTACT, unit.contacts[0].id)):
        for place in range(2):
            written = case.values(kind, place)
            await asyncio.gather(
                *(
                    case.crm.update(kind, record_id, {name: value}, seen_at=stamps.get(unit.lead.id))
                    for name, value in written.items()
                )
            )
            fetched = await case.crm.fetch(unit.lead.id)
            shown = fetched.lead if kind is RecordKind.LEAD else fetched.contacts[0]
            case.expect_values(kind, shown.values, written, "a fetch after updates at the same time")
