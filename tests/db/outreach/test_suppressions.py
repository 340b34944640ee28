"""A refusal stays on whom it is of: whatever address, name, company or id they have by then."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from importing import session
from people import add_contact, add_lead, add_person

from core.crm.opt_outs import RemoteRefusal, refusing, reported_opt_outs
from core.errors import Suppressed
from core.imports.columns import map_columns
from core.imports.file_opt_outs import FileOptOuts
from core.imports.lead_rows import row_reader
from core.outreach.opt_outs import id_keys, targets
from core.outreach.suppression import Reason, ReportedOptOut, Target, TombstoneKey, target_of
from db.outreach import opt_outs, suppressions
from db.outreach.suppressions import Recipient

KEY = TombstoneKey(b"k" * 32)
NOVA: dict[str, Any] = {"company_name": "Nova Bau", "company_domain": "nova.example"}
LATER = "nina@private.example"


async def opt_out(database: str, lead_id: UUID, contact_id: UUID | None = None) -> list[str]:
    """Suppress as a conversation does; return what kinds of suppressions stand for it."""
    async with session(database) as connection:
        found = await suppressions.targets_of(connection, lead_id, contact_id)
        for target in found:
            await suppressions.add(connection, target, reason=Reason.OPT_OUT, by="Nina", now=datetime.now(UTC))
    return [target.kind for target in found]


async def why(database: str, address: str | None, lead_id: UUID, contact_id: UUID | None = None) -> str | None:
    async with session(database) as connection:
        return await suppressions.why_suppressed(connection, address, KEY, lead_id=lead_id, contact_id=contact_id)


def run(database: str, statement: str, *values: Any) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(statement, values)


async def test_an_opt_out_without_an_address_suppresses_one_found_later(database: str) -> None:
    lead_id, nina = add_person(database, company=NOVA, contact_name="Nina Nov")
    colleague = add_contact(database, lead_id, contact_name="Nils Nov")
    assert await opt_out(database, lead_id, nina) == ["person"]
    assert await why(database, None, lead_id, nina) == "opt_out (this person)"
    run(database, "UPDATE contacts SET contact_email = %s WHERE id = %s", LATER, nina)
    assert await why(database, LATER, lead_id, nina) == "opt_out (this person)"
    assert await why(database, LATER, lead_id) == "opt_out (this person)", "of who has the address there"
    async with session(database) as connection:
        with pytest.raises(Suppressed, match="this person"):
            await suppressions.refuse_suppressed(connection, LATER, KEY, lead_id=lead_id, contact_id=nina)
    assert await why(database, "nils@nova.example", lead_id, colleague) is None


async def test_neither_name_company_nor_merge_hides_who_refused(database: str) -> None:
    lead_id, nina = add_person(database, company=NOVA, contact_name="Nina Nov")
    await opt_out(database, lead_id, nina)
    # Another name, another company, and a contact of the same person elsewhere.
    run(database, "UPDATE contacts SET contact_name = 'Nina Neu', contact_email = %s WHERE id = %s", LATER, nina)
    run(database, "UPDATE leads SET company_name = 'Novum', company_domain = 'novum.example' WHERE id = %s", lead_id)
    assert await why(database, LATER, lead_id, nina) == "opt_out (this person)"
    with psycopg.connect(database) as connection:
        [(person_id,)] = connection.execute("SELECT person_id FROM contacts WHERE id = %s", [nina]).fetchall()
    other, elsewhere = add_person(database, contact_name="N. Neu", person_id=person_id)
    assert await why(database, "nn@other.example", other, elsewhere) == "opt_out (this person)"
    # Merged away, as contact and as person; the old ids answer.
    new_lead, new_contact = add_person(database, contact_name="Kim Other")
    with psycopg.connect(database) as connection:
        [(new_person,)] = connection.execute("SELECT person_id FROM contacts WHERE id = %s", [new_contact]).fetchall()
        connection.execute("DELETE FROM leads WHERE id = ANY (%s)", [[lead_id, other]])
        merged = "INSERT INTO merged_records (old_id, new_id, kind) VALUES (%s, %s, %s)"
        connection.execute(merged, [nina, new_contact, "contact"])
        connection.execute(merged, [person_id, new_person, "person"])
    assert await why(database, "kim@other.example", new_lead, new_contact) == "opt_out (this person)"
    assert await why(database, "kim@other.example", new_lead, nina) == "opt_out (this person)"


async def test_who_is_deleted_and_imported_again_is_known_by_their_identities(database: str) -> None:
    lead_id, nina = add_person(database, company=NOVA, contact_name="Nina Nov")
    identity = uuid4()
    own = "INSERT INTO identities (key, owner_id, kind) SELECT %s, person_id, 13 FROM contacts WHERE id = %s"
    run(database, own, identity, nina)
    await opt_out(database, lead_id, nina)
    run(database, "DELETE FROM leads WHERE id = %s", lead_id)
    again, contact = add_person(database, contact_name="N. N.")
    assert await why(database, LATER, again, contact) is None
    run(database, own, identity, contact)
    assert await why(database, LATER, again, contact) == "opt_out (this person)"


async def report(database: str, *found: Target, reason: Reason = Reason.OPT_OUT) -> None:
    said = [ReportedOptOut(each, reason, "import 1", "column “X”", "file 1, X") for each in found]
    async with session(database) as connection:
        await opt_outs.record(connection, said, lambda: KEY, now=datetime.now(UTC))


async def test_a_company_that_refuses_is_left_alone_with_all_its_people(database: str) -> None:
    lead_id = add_lead(database, **NOVA)
    people = [add_contact(database, lead_id, contact_name=name) for name in ("Nina Nov", "Nils Nod", "Kim Alt")]
    await report(database, *targets(NOVA))
    for number, contact_id in enumerate(people):
        said = await why(database, f"p{number}@private.example", lead_id, contact_id)
        assert said is not None
        assert said.startswith("opt_out (its company)")
    run(database, "UPDATE leads SET company_name = 'Novum', aliases = '{Nova Bau}', company_domain = NULL")
    assert await why(database, "p@private.example", lead_id, people[0]) is not None, "renamed"
    # A lead without anybody is its company.
    alone = add_lead(database, company_name="Solo")
    assert await opt_out(database, alone) == ["company"]
    assert await why(database, "x@private.example", alone, add_contact(database, alone)) == "opt_out (its company)"


async def test_a_host_that_many_share_silences_nobody_else(database: str) -> None:
    await report(database, *targets({"company_name": "Gast", "company_domain": "facebook.com"}))
    other, gerd = add_person(database, company={"company_name": "Others", "company_domain": "facebook.com"})
    assert await why(database, "gerd@facebook.com", other, gerd) is None
    await report(database, *targets({"company_name": "Holding One", "company_domain": "holding.example"}))
    two = {"company_name": "Holding Two", "company_domain": "holding.example", "is_domain_shared": True}
    second, kim = add_person(database, company=two)
    assert await why(database, "kim@holding.example", second, kim) is None


async def test_a_bounce_is_of_the_address_and_a_former_contact_of_the_company(database: str) -> None:
    lead_id, nina = add_person(database, company=NOVA, contact_name="Nina Nov", contact_email="nina@nova.example")
    await report(database, Target("address", "nina@nova.example"), reason=Reason.BOUNCE)
    assert str(await why(database, "nina@nova.example", lead_id, nina)).startswith("bounce")
    assert await why(database, "n.nov@nova.example", lead_id, nina) is None
    run(database, "UPDATE contacts SET state = 'former' WHERE id = %s", nina)
    assert await why(database, "n.nov@nova.example", lead_id, nina) == "they have left the company"


async def test_only_a_person_lifts_it_and_many_are_asked_as_one(database: str) -> None:
    lead_id, nina = add_person(database, company=NOVA, contact_name="Nina Nov")
    other, kim = add_person(database, contact_name="Kim Alt", contact_email="kim@alt.example")
    await opt_out(database, lead_id, nina)
    await opt_out(database, other, kim)
    asked = [
        Recipient(LATER, lead_id, nina), Recipient("kim@alt.example", other, kim), Recipient("KIM@alt.example"),
        Recipient("free@alt.example", lead_id), Recipient(None), Recipient(None, uuid4(), uuid4()),
    ]  # fmt: skip
    async with session(database) as connection:
        # So many that they are looked up another way.
        others = [Recipient(f"p{number}@firm{number}.example") for number in range(400)]
        found = await suppressions.why_each(connection, [*asked, *others], lambda: KEY)
        assert not any(found[len(asked) :])
        found = found[: len(asked)]
        assert found == ["opt_out (this person)", "opt_out", "opt_out", None, None, None]
        for each, said in zip(asked, found, strict=True):
            alone = await suppressions.why_suppressed(
                connection, each.address, KEY, lead_id=each.lead_id, contact_id=each.contact_id
            )
            assert alone == said
        named = next(one for one in await suppressions.select_standing(connection) if one.target.kind == "person")
        assert await suppressions.remove(connection, target_of(named.target.value), by="Robin", now=datetime.now(UTC))
        assert await suppressions.why_suppressed(connection, LATER, KEY, lead_id=lead_id, contact_id=nina) is None


async def test_who_refuses_again_is_found_by_what_is_known_of_them_by_now(database: str) -> None:
    lead_id, nina = add_person(database, company=NOVA, contact_name="Nina Nov", contact_email="nina@nova.example")
    async with session(database) as connection:
        plain = Target("address", "nina@nova.example")
        assert await suppressions.add(connection, plain, reason=Reason.OPT_OUT, by="Maud", now=datetime.now(UTC))
        assert await suppressions.why_suppressed(connection, LATER, KEY, lead_id=lead_id, contact_id=nina) is None
    await opt_out(database, lead_id, nina)
    assert await why(database, LATER, lead_id, nina) == "opt_out"


def test_an_identity_of_a_row_is_a_key_of_its_person() -> None:
    keys = id_keys(identities=[UUID(int=1)])
    [target] = targets({"contact_name": "Nina Nov"}, person_ids=keys)
    assert (target.kind, target.keys) == ("person", tuple(keys))


async def test_a_column_or_mark_against_calls_stops_the_voice_alone(database: str) -> None:
    lead_id, nina = add_person(database, company=NOVA, contact_name="Nina Nov", contact_email=LATER)
    header = ["company", "website", "contact", "email", "Do not call"]
    cells = ["Nova Bau", "nova.example", "Nina Nov", LATER, "yes"]
    mapping = map_columns(header, [cells])
    of_file = [
        ReportedOptOut(each.target, each.reason, "import 1", each.column, "file 1")
        for each in FileOptOuts(mapping, row_reader(mapping)).read(cells)
    ]
    reason = refusing({"Do not call": True})
    assert reason == ("Do not call", Reason.DO_NOT_CALL)
    assert refusing({"Do not call": True, "Unsubscribed": "yes"}) == ("Unsubscribed", Reason.OPT_OUT)
    of_crm = reported_opt_outs([RemoteRefusal("cont_1", *reason, addresses=(LATER,), name="Nina Nov")], "close")
    for reported in (of_file, of_crm):
        async with session(database) as connection:
            assert await opt_outs.record(connection, reported, lambda: KEY, now=datetime.now(UTC)) == 1
            whom = {"lead_id": lead_id, "contact_id": nina}
            assert await suppressions.why_suppressed(connection, LATER, KEY, **whom) is None
            said = await suppressions.why_not_called(connection, LATER, KEY, **whom)
            assert said is not None
            assert said.startswith("do_not_call")
            assert await suppressions.remove(connection, target_of(f"voice {LATER}"), by="Ana", now=datetime.now(UTC))
            assert await suppressions.why_not_called(connection, LATER, KEY, **whom) is None
    await opt_out(database, lead_id, nina)
    async with session(database) as connection:
        assert await suppressions.why_not_called(connection, LATER, KEY, **whom), "who refused is not called either"
