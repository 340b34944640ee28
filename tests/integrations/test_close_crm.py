"""Close as a CRM: what it writes and reads of fields, what it makes of odd answers, against a scripted server."""

import json
import pickle
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.crm.records import Description, RecordKind, SentMessage
from core.errors import Gone, Rejected
from core.text.countries import country_code, country_name
from integrations.close.client import CloseClient
from integrations.close.crm import CloseCRM
from integrations.close.crm_fields import FieldNames
from integrations.close.schemas import CloseLead
from tests.integrations.conftest import Reply, ScriptedServer

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOT_THERE = Reply(404, {"error": "The requested URL was not found on the server."})


@pytest.fixture
async def client(server: ScriptedServer, guard_of) -> AsyncIterator[CloseClient]:
    async with CloseClient(server.url, "api_secret", guard_of("close"), timeout_s=10) as client:
        yield client


NUMBERED = Description(
    ("address.country", "custom.Revenue"), (), (), {"lead.custom.Revenue": "cf_revenue", "type.cf_revenue": "number"}
)
NAMES = FieldNames(NUMBERED)


def hit(number: int, second: int) -> dict:
    at = (NOW + timedelta(seconds=second)).isoformat()
    return {"id": f"lead_{number}", "date_created": at, "date_updated": at, "custom.cf_own": OWN.hex}


OWN = uuid4()
FIELD = {"fields": [{"id": "cf_own", "name": "Sales Agent ID"}]}


async def test_what_a_search_goes_on_to_show_is_looked_up(client: CloseClient, server: ScriptedServer) -> None:
    found = {"data": [hit(1, 0), hit(2, 1)], "cursor": None}
    server.then(Reply(body=FIELD), Reply(body=found), NOT_THERE, Reply(body=hit(2, 1)))
    unit = await CloseCRM(client).find(OWN)
    assert unit is not None
    assert unit.lead.id == "lead_2"
    server.then(Reply(body=found), NOT_THERE, NOT_THERE)
    assert await CloseCRM(client).find(OWN) is None


async def test_leads_at_the_end_of_a_full_search_come_once(client: CloseClient, server: ScriptedServer) -> None:
    full = [hit(number, number // 3) for number in range(10_000)]
    server.then(Reply(body={"data": full, "cursor": None}), Reply(body={"data": [*full[-1:], hit(10_000, 3333)]}))
    ids = [stamp.id async for page in CloseCRM(client).stamps() for stamp in page]
    assert ids == [f"lead_{number}" for number in range(10_001)]


@pytest.mark.parametrize(
    "wrong", ["", ".", "..", "../contact/cont_1", "a/b", "?_limit=1", "a b", "%2e%2e", "ü", "x" * 200]
)
async def test_what_is_no_id_never_comes_into_a_path(client: CloseClient, server: ScriptedServer, wrong: str) -> None:
    crm, note = CloseCRM(client), SentMessage("m", "nobody@example.org", "s", "b")
    for call in (crm.fetch(wrong), crm.update(RecordKind.LEAD, wrong, {"name": "x"}), crm.log_message(wrong, note)):
        with pytest.raises(Gone, match="Close has no lead"):
            await call
    await crm.delete(RecordKind.LEAD, wrong)
    await crm.delete(RecordKind.CONTACT, wrong)
    assert [stamp async for page in crm.stamps([wrong]) for stamp in page] == []
    assert server.seen == []


async def test_a_message_is_found_beyond_the_first_page(client: CloseClient, server: ScriptedServer) -> None:
    others = [{"id": f"acti_{number}", "body_text": f"[m-1{number}]"} for number in range(100)]
    pages = {
        "0": {"data": others, "has_more": True},
        "100": {"data": [{"id": "acti_x", "body_text": "hello\n\n[m-1]"}]},
    }
    server.route = lambda request: Reply(body=pages[re.search(r"_skip=(\d+)", request.path)[1]])
    assert await CloseCRM(client).log_message("lead_1", SentMessage("m-1", "nobody@example.org", "s", "b")) == "acti_x"
    assert [request.method for request in server.seen] == ["GET", "GET"]


async def test_a_refusal_names_the_record_and_the_field_as_people_do(client: CloseClient, server) -> None:
    crm = CloseCRM(client)
    crm.use(NUMBERED, {RecordKind.LEAD: ("custom.Revenue",)})
    server.route = lambda _: Reply(400, {"errors": [], "field-errors": {"custom.cf_revenue": "Expected a number."}})
    with pytest.raises(Rejected, match=r"custom\.Revenue: Expected a number\.$") as refused:
        await crm.update(RecordKind.LEAD, "lead_1", {"custom.Revenue": "much"})
    assert (refused.value.record, dict(refused.value.field_errors)) == (
        "lead_1",
        {"custom.Revenue": "Expected a number."},
    )
    again = pickle.loads(pickle.dumps(refused.value))
    assert (again.record, again.status) == ("lead_1", 400)


async def test_the_crm_tells_what_is_wrong_with_it(server: ScriptedServer, guard_of) -> None:
    async with CloseClient(server.url, "key-secret", guard_of("close")) as client:
        crm = CloseCRM(client)
        ours = {"id": "cf_1", "name": "Sales Agent ID", "type": "text"}
        me = {"id": "user_1", "organizations": []}
        number = {"fields": [ours | {"type": "number"}]}
        server.then(Reply(body=me), Reply(body={"fields": [ours]}), Reply(body=number))
        complaint = await crm.check()
        assert complaint is not None
        assert "'Sales Agent ID' for our ids is no text (contacts: number)" in complaint.detail
        server.then(Reply(body=me), Reply(body={"fields": [ours]}), Reply(body={"fields": []}))
        assert await crm.check() is None


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        ("12345678.5", "12345678.5"), ("99213206.0", "99213206"), ("99213206", "99213206"), ("0", "0"),
        ("0.1", "0.1"), ("1e7", "10000000"), ("-2.50", "-2.5"), ("1E-7", "0.0000001"), ("100", "100"),
        ("12345678901234567890", "12345678901234567890"), ("0.12345678901234567890123", "0.12345678901234567890123"),
    ],
)  # fmt: skip
async def test_a_number_keeps_all_its_digits(client: CloseClient, server: ScriptedServer, wire: str, text: str) -> None:
    server.then(Reply(body=f'{{"id": "lead_1", "custom.cf_revenue": {wire}}}'.encode()))
    lead = await client.lead("lead_1")
    assert NAMES.values(RecordKind.LEAD, lead)["custom.Revenue"] == text


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("12345678.5", 12345678.5), ("99213206.0", 99213206), ("12345678901234567891", 12345678901234567891),
        ("0.1", 0.1), ("51-200", "51-200"), ("nan", "nan"), ("1e99999999", "1e99999999"),
    ],
)  # fmt: skip
def test_a_number_is_sent_with_all_its_digits(text: str, sent: object) -> None:
    body = NAMES.lead_body({"custom.Revenue": text}, None)
    assert json.dumps(body) == json.dumps({"custom.cf_revenue": sent})


@pytest.mark.parametrize(("code", "name"), [("NA", "Namibia"), ("CI", "Côte d’Ivoire"), ("GB", "United Kingdom")])
def test_a_country_s_code_is_no_word_of_a_file(code: str, name: str) -> None:
    lead = CloseLead.model_validate({"id": "lead_1", "addresses": [{"country": code}]})
    assert NAMES.values(RecordKind.LEAD, lead)["address.country"] == country_name(code)
    assert country_code(name) == code


@pytest.mark.parametrize("written", ["US", "us", "USA", "United States", "Vereinigte Staaten", "États-Unis"])
def test_a_country_is_a_code_in_close_and_a_name_here(written: str) -> None:
    (address,) = NAMES.lead_body({"address.country": written}, None)["addresses"]
    assert address["country"] == "US"
    lead = CloseLead.model_validate({"id": "lead_1", "addresses": [address]})
    assert NAMES.values(RecordKind.LEAD, lead)["address.country"] == "United States"


def test_what_is_no_country_is_left_out_and_kept_as_it_stands_there() -> None:
    (address,) = NAMES.lead_body({"address.country": "Atlantis", "address.city": "Poseidonis"}, None)["addresses"]
    assert (address["country"], address["city"]) == ("", "Poseidonis")
    lead = CloseLead.model_validate({"id": "lead_1", "addresses": [{"country": "Atlantis"}]})
    assert NAMES.values(RecordKind.LEAD, lead)["address.country"] == "Atlantis"
