"""Properties of a CRM's errors: each is one of the port's, and says what is known of what was asked."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

from core.conformance.crm_case import CRMCase, SignedDeliveries
from core.conformance.expecting import Unmet, Untried, expect, expect_equal, expect_error, shown_error
from core.crm.records import RecordKind, RecordValues, RemoteRecord, SentMessage
from core.errors import LimitReached, RateLimited, Rejected, Transient, Unauthorized

_LIMIT_S = 90.0
"""What a CRM that is asked too often wants us to wait: more than any client waits by itself."""
_PATIENCE_S = 5.0
_CALLS = 2
"""So many calls may reach a CRM that said to wait: one, and one more that was on its way."""

Calls = dict[str, Callable[[], Awaitable[object]]]


def _calls(case: CRMCase, lead_id: str, contact_id: str) -> Calls:
    crm, label, person = case.crm, case.label(RecordKind.LEAD), case.label(RecordKind.CONTACT)
    note = SentMessage(f"fault-{case.token}", f"nobody.{case.token}@example.org", "Made up", "Made up")
    return {
        "describe": crm.describe,
        "fetch": lambda: crm.fetch(lead_id),
        "find": lambda: crm.find(uuid4()),
        "stamps": lambda: case.listed([lead_id]),
        "create_lead": lambda: case.create(label),
        "create_contact": lambda: crm.create_contact(lead_id, uuid4(), person),
        "update": lambda: crm.update(RecordKind.LEAD, lead_id, label),
        "update of a person": lambda: crm.update(RecordKind.CONTACT, contact_id, person),
        "log_message": lambda: crm.log_message(lead_id, note),
        "check": crm.check,
    }


async def tells_a_key_that_is_not_taken(case: CRMCase) -> None:
    """Every call with a wrong key is Unauthorized, and changes nothing."""
    if case.behind.refuse_key is None:
        raise Untried("`behind.refuse_key` of the case would let no key be taken")
    unit = await case.company(people=1)
    case.behind.refuse_key()
    for name, call in _calls(case, unit.lead.id, unit.contacts[0].id).items():
        await expect_error((Unauthorized,), call(), f"{name} with a key that is not taken")
    case.behind.heal()
    case.expect_values(
        RecordKind.LEAD, (await case.crm.fetch(unit.lead.id)).lead.values, unit.lead.values, "a fetch afterwards"
    )


async def tells_a_break_down_as_transient(case: CRMCase) -> None:
    """A CRM that has broken down is a transient error in every call: never an answer, never Gone."""
    if case.behind.break_down is None:
        raise Untried("`behind.break_down` of the case would let every call fail")
    unit = await case.company(people=1)
    case.behind.break_down()
    for name, call in _calls(case, unit.lead.id, unit.contacts[0].id).items():
        await expect_error((Transient,), call(), f"{name} of a CRM that has broken down")
    case.behind.heal()
    expect_equal((await case.crm.fetch(unit.lead.id)).lead.id, unit.lead.id, "a company after the break-down")


async def waits_as_long_as_it_is_asked_to(case: CRMCase) -> None:
    """A call too many says when the next may come, or waits; it does not knock again and again."""
    if case.behind.limit is None:
        raise Untried("`behind.limit` of the case would refuse calls as too many")
    unit = await case.company()
    calls = case.behind.calls
    case.behind.limit(_LIMIT_S)
    before = calls() if calls else 0
    try:
        answer = await asyncio.wait_for(case.crm.fetch(unit.lead.id), _PATIENCE_S)
    except TimeoutError:
        pass
    except (RateLimited, LimitReached) as error:
        asked = getattr(error, "retry_after_s", None)
        is_told = isinstance(error, LimitReached) or (asked is not None and asked >= _LIMIT_S - 1)
        expect(is_told, f"expected retry_after_s of {_LIMIT_S:g}, got {asked}")
    except Exception as error:  # whatever a provider lets out is what the property is about
        raise Unmet(f"one call too many: expected RateLimited, got {shown_error(error)}") from error
    else:
        raise Unmet(f"one call too many: expected RateLimited, got an answer: {answer!r}")
    if calls:
        made = calls() - before
        expect(made <= _CALLS, f"expected at most {_CALLS} calls in spite of Retry-After, got {made}")


async def leaves_a_lost_answer_open(case: CRMCase) -> None:
    """A create whose answer is lost ends well or as a transient error that was sent; there is one record of it."""
    if case.behind.lose_answer is None:
        raise Untried("`behind.lose_answer` of the case would cut the connection before an answer")
    own_id, person_id = uuid4(), uuid4()
    case.behind.lose_answer()
    await _ends_openly(case.create(case.label(RecordKind.LEAD), {}, own_id), "create_lead")
    case.behind.heal()
    found = await case.until(lambda: case.crm.find(own_id), bool)
    expect(found is not None, f"expected find({own_id}) to give what was created without an answer, got None")
    assert found is not None
    case.behind.lose_answer()
    await _ends_openly(
        case.crm.create_contact(found.lead.id, person_id, case.label(RecordKind.CONTACT)), "create_contact"
    )
    case.behind.heal()
    people = (await case.crm.fetch(found.lead.id)).contacts
    expect_equal([each.own_id for each in people], [person_id], "our ids of people after a create without an answer")
    later = case.values(RecordKind.LEAD, place=1)
    case.behind.lose_answer()
    await _ends_openly(case.crm.update(RecordKind.LEAD, found.lead.id, later), "update")
    case.behind.heal()
    fetched = await case.crm.fetch(found.lead.id)
    case.expect_values(RecordKind.LEAD, fetched.lead.values, later, "a fetch after an update without an answer")
    await _expect_one(case, own_id, found.lead.id)


async def _expect_one(case: CRMCase, own_id: UUID, lead_id: str) -> None:
    """Delete the company that a create without an answer made: none with that id may be left."""
    await case.crm.delete(RecordKind.LEAD, lead_id)
    left = await case.until(lambda: case.crm.find(own_id), lambda unit: unit is None)
    if left is not None:
        await case.crm.delete(RecordKind.LEAD, left.lead.id)
    expect(left is None, f"expected one company of a create without an answer, got a second: {left}")


async def _ends_openly(work: Awaitable[object], of: str) -> None:
    try:
        await work
    except Transient as error:
        expect(error.was_sent, f"{of} without an answer: expected an error that may have been sent, got was_sent=False")
    except Exception as error:  # whatever a provider lets out is what the property is about
        raise Unmet(f"{of} without an answer: expected a transient error, got {shown_error(error)}") from error


async def refuses_a_value_and_says_where(case: CRMCase) -> None:
    """A value that the CRM does not take is Rejected, with the field and the record; nothing is written."""
    if not case.behind.refused:
        raise Untried("`behind.refused` of the case would name values that the CRM refuses")
    unit = await case.company(people=1)
    records = {RecordKind.LEAD: unit.lead, RecordKind.CONTACT: unit.contacts[0]}
    for kind, values in case.behind.refused.items():
        await _refuses(case, unit.lead.id, records[kind], values)


async def _refuses(case: CRMCase, lead_id: str, record: RemoteRecord, values: RecordValues) -> None:
    kind, own_id = record.kind, uuid4()
    written: RecordValues = {**case.label(kind), **values}
    creates: dict[RecordKind, Callable[[], Awaitable[object]]] = {
        RecordKind.LEAD: lambda: case.create(written, own_id=own_id),
        RecordKind.CONTACT: lambda: case.crm.create_contact(lead_id, own_id, written),
    }
    attempts = {
        record.id: lambda: case.crm.update(kind, record.id, values),
        str(own_id): creates[kind],
    }
    for named, attempt in attempts.items():
        error = await expect_error((Rejected,), attempt(), f"a {kind} with {values!r}")
        assert isinstance(error, Rejected)
        told = f"{error} {' '.join(error.field_errors)}"
        is_told = any(field in told or field.rpartition(".")[2] in told for field in values)
        expect(is_told, f"expected a refusal that names {', '.join(values)}, got {told}")
        expect_equal(error.record, named, "record that the refusal is about")
    unit = await case.crm.fetch(lead_id)
    shown = unit.lead if kind is RecordKind.LEAD else unit.contacts[0]
    before = {name: record.values.get(name) for name in case.samples(kind)}
    case.expect_values(kind, shown.values, before, "a fetch after a refusal")
    expect_equal(len(unit.contacts), 1, "people of the company after a refusal")
    if kind is RecordKind.LEAD:
        expect_equal(await case.crm.find(own_id), None, "a company whose creation was refused")


async def complains_of_what_is_wrong(case: CRMCase) -> None:
    """check() is silent where nothing is wrong; of a wrong set-up it says what, and what to do about it."""
    complaint = await case.crm.check()
    expect(complaint is None, f"expected no complaint, got {complaint}")
    if case.behind.complaining is None:
        raise Untried(
            "well, it is silent; `behind.complaining` of the case would be a CRM with something to complain of"
        )
    told = await case.behind.complaining.check()
    expect(told is not None, "expected a complaint of a wrong set-up, got None")
    assert told is not None
    expect(told.detail and told.advice, f"expected what is wrong and what to do, got {told}")


async def counts_its_calls(case: CRMCase) -> None:
    """`calls` grows with every call, `name` is a word, and the clock's offset is known once it has answered."""
    expect(case.crm.name == case.crm.name.strip() != "", f"expected a name, got {case.crm.name!r}")
    before = case.crm.calls
    unit = await case.company()
    await case.crm.fetch(unit.lead.id)
    expect(case.crm.calls > before, f"expected more than {before} calls after a create and a fetch, got the same")
    offset = case.crm.clock_offset_s
    expect(offset is not None, "expected clock_offset_s to be known after answers, got None")


async def takes_its_own_deliveries_alone(case: CRMCase) -> None:
    """A webhook's delivery is taken if the CRM signed exactly that body, not long ago; no other is."""
    if case.deliveries is None:
        raise Untried("`deliveries` of the case would say how the CRM signs what it posts")
    hooks, body, now = case.deliveries, b'{"event": {"id": "ev_1"}}', case.now_there()
    signed = {name.lower(): value for name, value in hooks.signed(body, now).items()}
    expect(hooks.is_genuine(signed, body, now), "expected a delivery of the CRM's to be taken, got a refusal")
    expect(hooks.is_genuine(signed, body, now + timedelta(seconds=30)), "expected a delivery on its way to be taken")
    _refuses_deliveries(hooks, signed, body, case)


def _refuses_deliveries(hooks: SignedDeliveries, signed: dict[str, str], body: bytes, case: CRMCase) -> None:
    now = case.now_there()
    much_later, much_earlier = now + hooks.late + timedelta(minutes=1), now - timedelta(days=1)
    other = {name.lower(): value for name, value in hooks.signed(body, now - timedelta(minutes=1)).items()}
    wrong = {
        "unsigned": hooks.is_genuine({}, body, now),
        "with another body": hooks.is_genuine(signed, body.replace(b"1", b"2"), now),
        "with more body": hooks.is_genuine(signed, body + b" ", now),
        "that comes again too late": hooks.is_genuine(signed, body, much_later),
        "of a day to come": hooks.is_genuine(signed, body, much_earlier),
    }
    for name in signed:
        without = {each: value for each, value in signed.items() if each != name}
        wrong |= {f"without {name}": hooks.is_genuine(without, body, now)}
        wrong |= {f"with an odd {name}": hooks.is_genuine({**signed, name: "\xff\u0661"}, body, now)}
        if other[name] != signed[name]:
            wrong |= {f"with the {name} of another": hooks.is_genuine({**signed, name: other[name]}, body, now)}
    taken = [what for what, is_taken in wrong.items() if is_taken]
    expect_equal(taken, [], "deliveries that are not the CRM's and are taken")
