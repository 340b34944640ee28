"""The Close client against a small Close that keeps leads and contacts."""

import hashlib
import hmac
import json
import random
import re
from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import uuid4

import pytest

from core.errors import (
    ConfigurationError,
    Gone,
    LimitReached,
    ProviderError,
    RateLimited,
    Rejected,
    Timeout,
    Unauthorized,
    Unavailable,
)
from integrations.close.client import WINDOW, CloseClient
from integrations.close.schemas import CloseObject
from integrations.close.signing import is_genuine, is_signed
from integrations.resilience.rate_limit import LimitPolicy, Window
from integrations.resilience.retry import RetryPolicy
from tests.integrations.conftest import Reply, ScriptedServer, Seen

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOT_THERE = Reply(404, {"error": "The requested URL was not found on the server."})


class SmallClose:
    """Leads, contacts, search and definitions, as the contract has them; paged by two."""

    def __init__(self) -> None:
        self.leads: dict[str, dict] = {}
        self.contacts: dict[str, dict] = {}
        self.ids = count(1)

    def __call__(self, request: Seen) -> Reply:
        if "authorization" not in request.headers:
            return Reply(401, {"error": "Unauthorized"})
        path, _, query = request.path.partition("?")
        kinds = {"lead": self.leads, "contact": self.contacts}
        if path in ("/custom_field_schema/lead/", "/custom_field_schema/contact/"):
            return Reply(body={"fields": [{"id": "cf_own", "name": "Sales Agent ID", "type": "text"}]})
        if path == "/data/search/":
            return Reply(body=self.search(request.json))
        if path == "/lead/merge/":
            self.leads.pop(request.json["source"])
            return Reply(body={})
        match = re.fullmatch(r"/(lead|contact)/(?:(\w+)/)?", path)
        if not match:
            return NOT_THERE
        table, key = kinds[match[1]], match[2]
        if request.method == "POST" and not key:
            key = f"{match[1]}_{next(self.ids)}"
            table[key] = {"id": key, "date_created": NOW.isoformat(), **request.json}
        elif not key:
            given = dict(re.findall(r"(\w+)=(\w+)", query))
            rows = [row for row in table.values() if given.get("lead_id") in (None, row.get("lead_id"))]
            skip = int(given["_skip"])
            return Reply(body={"data": rows[skip : skip + 2], "has_more": skip + 2 < len(rows)})
        elif key not in table:
            return NOT_THERE
        elif request.method == "DELETE":
            del table[key]
            return Reply(body={})
        elif request.method == "PUT":
            table[key].update(request.json)
        return Reply(body=table[key])

    def search(self, body: dict) -> dict:
        text = [
            c["condition"]["value"] for c in body["query"]["queries"] if c.get("condition", {}).get("type") == "text"
        ]
        rows = [row for row in self.leads.values() if not text or row.get("custom.cf_own") == text[0]]
        start = int(body["cursor"] or 0)
        page = [{key: row[key] for key in body["_fields"]["lead"] if key in row} for row in rows[start : start + 2]]
        return {"data": page, "cursor": str(start + 2) if start + 2 < len(rows) else None}


@pytest.fixture
def close(server: ScriptedServer) -> SmallClose:
    server.route = SmallClose()
    return server.route


@pytest.fixture
async def client(server: ScriptedServer, guard_of):
    async with CloseClient(server.url, "api_secret", guard_of("close"), timeout_s=10) as client:
        yield client


async def test_leads_live_their_life(client: CloseClient, close: SmallClose) -> None:
    made = await client.create_lead({"name": "Fernhill Tools"}, uuid4())
    assert (await client.lead(made.id)).name == "Fernhill Tools"
    changed = await client.update_lead(made.id, {"url": "https://fernhill.example.com"})
    assert (changed.name, changed.url) == ("Fernhill Tools", "https://fernhill.example.com")
    await client.delete_lead(made.id)
    await client.delete_lead(made.id)
    with pytest.raises(Gone):
        await client.lead(made.id)


async def test_contacts_live_their_life(client: CloseClient, close: SmallClose) -> None:
    own_id = uuid4()
    made = await client.create_contact("lead_1", {"name": "Ana Sample"}, own_id)
    assert (await client.create_contact("lead_1", {"name": "Ana Sample"}, own_id)).id == made.id
    assert (await client.contact(made.id)).lead_id == "lead_1"
    assert (await client.update_contact(made.id, {"title": "CFO"})).title == "CFO"
    await client.delete_contact(made.id)
    assert [found async for found in client.contacts("lead_1")] == []


@pytest.mark.parametrize("how_many", [0, 1, 2, 5])
async def test_lists_and_searches_are_read_to_their_end(client: CloseClient, close: SmallClose, how_many: int) -> None:
    names = [f"Company {n}" for n in range(how_many)]
    for name in names:
        await client.create_lead({"name": name}, uuid4())
    assert [lead.name async for lead in client.leads()] == names
    found = [lead.name async for lead in client.leads_updated_since(date(2026, 6, 1), fields=["id", "name"])]
    assert found == names


async def test_rows_that_move_between_pages_come_once(client: CloseClient, server: ScriptedServer) -> None:
    pages = [([{"id": "a"}, {"id": "b"}], True), ([{"id": "b"}, {"id": "c"}], False)]
    server.then(*(Reply(body={"data": data, "has_more": more}) for data, more in pages))
    assert [lead.id async for lead in client.leads()] == ["a", "b", "c"]


async def test_a_create_never_makes_two(client: CloseClient, close: SmallClose, server: ScriptedServer) -> None:
    rng = random.Random(7)
    own_id = uuid4()
    real = server.route

    def faulty(request: Seen) -> Reply:
        answer = real(request)
        fate = rng.random()
        if fate < 0.2:
            return Reply(drop=True)
        if fate < 0.3:
            return Reply(503, {})
        return Reply(200, b'{"id": "le') if fate < 0.4 else answer

    server.route = faulty
    successes = 0
    for _ in range(100):
        try:
            successes += (await client.create_lead({"name": "Fernhill Tools"}, own_id)).name == "Fernhill Tools"
        except ProviderError:
            continue
    assert successes
    assert len(close.leads) == 1


async def test_our_id_needs_its_field(client: CloseClient, server: ScriptedServer) -> None:
    server.then(Reply(body={"fields": [{"id": "cf_1", "name": "Other"}]}))
    with pytest.raises(ConfigurationError, match="Sales Agent ID"):
        await client.create_lead({"name": "Fernhill Tools"}, uuid4())


async def test_the_field_for_our_ids_is_made_once(client: CloseClient, server: ScriptedServer) -> None:
    other, ours = {"id": "cf_1", "name": "Other"}, {"id": "cf_2", "name": "Sales Agent ID", "type": "text"}
    server.then(Reply(body={"fields": [other]}), Reply(drop=True), Reply(body={"fields": [other, ours]}))
    assert await client.ensure_own_id_field(CloseObject.LEAD) == "cf_2"
    assert await client.own_id_field(CloseObject.LEAD) == "cf_2"
    assert [request.method for request in server.seen] == ["GET", "POST", "GET"]
    server.then(Reply(body={"fields": [ours]}))
    assert await client.ensure_own_id_field(CloseObject.LEAD) == "cf_2"


async def test_a_lost_merge_is_looked_up(client: CloseClient, close: SmallClose, server: ScriptedServer) -> None:
    one, other = [await client.create_lead({"name": name}, uuid4()) for name in ("One", "Other")]
    real = server.route

    def lost_once(request: Seen) -> Reply:
        answer = real(request)
        return Reply(drop=True) if request.path == "/lead/merge/" else answer

    server.route = lost_once
    await client.merge_leads(one.id, other.id)
    assert list(close.leads) == [other.id]


def event(number: int, at: datetime) -> dict:
    stamp = at.replace(tzinfo=None).isoformat()
    return {
        "id": f"ev_{number}",
        "object_type": "lead",
        "object_id": "lead_1",
        "lead_id": "lead_1",
        "action": "updated",
        "changed_fields": ["name"],
        "date_created": stamp,
        "date_updated": stamp,
    }


async def test_events_are_read_backwards_to_the_bookmark(client: CloseClient, server: ScriptedServer) -> None:
    newest = [event(number, NOW - timedelta(minutes=number)) for number in range(4)]
    called = {"object_type": "activity.call", "action": "created", "date_updated": newest[0]["date_updated"]}
    server.then(
        Reply(body={"data": [called, *newest[:2]], "cursor_next": "older", "cursor_previous": None}),
        Reply(body={"data": newest[2:], "cursor_next": "still older"}),
    )
    read = [found async for found in client.events_since(NOW - timedelta(minutes=2), now=NOW)]
    assert [found.id for found in read] == ["ev_0", "ev_1", "ev_2"]
    assert read[0].date_updated == NOW
    assert "date_updated__gte" in server.seen[0].path
    assert not any("object_type" in seen.path for seen in server.seen), "no combination that Close would take"
    assert "_cursor=older" in server.seen[1].path
    assert "date_updated__gte" not in server.seen[1].path


async def test_events_older_than_the_log_are_an_error(client: CloseClient, server: ScriptedServer) -> None:
    with pytest.raises(Gone, match="30 days"):
        _ = [found async for found in client.events_since(NOW - timedelta(days=31), now=NOW)]
    assert server.seen == []


async def test_me_fields_and_statuses(client: CloseClient, server: ScriptedServer) -> None:
    server.then(Reply(body={"id": "user_1", "organizations": [{"id": "orga_1", "lead_statuses": []}], "new": 1}))
    assert (await client.me()).organizations[0].id == "orga_1"
    server.then(Reply(body={"data": [{"id": "stat_1", "label": "Potential"}], "has_more": False}))
    assert [status.label for status in await client.lead_statuses()] == ["Potential"]
    server.then(Reply(body={"fields": []}))
    assert await client.custom_fields(CloseObject.CONTACT) == []
    assert [seen.path for seen in server.seen[1:]] == ["/status/lead/", "/custom_field_schema/contact/"], "no paging"
    assert server.seen[0].headers["authorization"] == "Basic YXBpX3NlY3JldDo="


METHODS = {
    "me": lambda c: c.me(),
    "lead": lambda c: c.lead("lead_1"),
    "leads": lambda c: anext(c.leads()),
    "find": lambda c: c.find_lead(uuid4()),
    "create": lambda c: c.create_lead({"name": "x"}, uuid4()),
    "update": lambda c: c.update_lead("lead_1", {"name": "x"}),
    "merge": lambda c: c.merge_leads("a", "b"),
    "contact": lambda c: c.contact("cont_1"),
    "contacts": lambda c: anext(c.contacts("lead_1")),
    "create_contact": lambda c: c.create_contact("lead_1", {"name": "x"}, uuid4()),
    "update_contact": lambda c: c.update_contact("cont_1", {"name": "x"}),
    "search": lambda c: anext(c.leads_updated_since(date(2026, 1, 1), fields=["id"])),
    "events": lambda c: anext(c.events_since(NOW, now=NOW)),
    "fields": lambda c: c.custom_fields(CloseObject.LEAD),
    "statuses": lambda c: c.lead_statuses(),
}
FAULTS = [
    (Reply(401, {"error": "Unauthorized"}), Unauthorized),
    (Reply(403, {}), Unauthorized),
    (Reply(400, {"errors": [], "field-errors": {"name": "too long"}}), Rejected),
    (Reply(400, {"error": "max_skip = 1000"}), Rejected),
    (Reply(429, {}, {"RateLimit": "limit=100, remaining=0, reset=0.01", "Retry-After": "1"}), RateLimited),
    (Reply(429, {}, {"RateLimit": "limit=100; remaining=0; reset=0.01"}), RateLimited),
    (Reply(429, b"random", {}), RateLimited),
    (Reply(500, b"<html>", {"content-type": "text/html"}), Unavailable),
    (Reply(drop=True), Unavailable),
    (Reply(200, b'{"data": [', {}), Unavailable),
]


@pytest.mark.parametrize("name", METHODS)
async def test_every_method_says_what_went_wrong(server, guard_of, name: str) -> None:
    guard = guard_of("close", retry=RetryPolicy(retries=1, base_s=0.001))
    async with CloseClient(server.url, "api_secret", guard, timeout_s=10) as client:
        for fault, kind in FAULTS:
            server.route = lambda _, fault=fault: fault
            with pytest.raises(kind):
                await METHODS[name](client)


@pytest.mark.parametrize("name", sorted(METHODS.keys() - {"merge"}))
async def test_every_method_refuses_a_foreign_shape(server, guard_of, name: str) -> None:
    async with CloseClient(server.url, "api_secret", guard_of("close"), timeout_s=10) as client:
        for body in ([], {"data": 1}, "text", None):
            server.route = lambda _, body=body: Reply(body=body)
            with pytest.raises((ProviderError, ConfigurationError)):
                await METHODS[name](client)


@pytest.mark.parametrize("name", METHODS)
async def test_every_method_ends_a_stall(server, guard_of, name: str) -> None:
    server.route = lambda _: Reply(stall_s=0.3)
    guard = guard_of("close", retry=RetryPolicy(retries=0, base_s=0))
    async with CloseClient(server.url, "api_secret", guard, timeout_s=0.05) as client:
        with pytest.raises(Timeout):
            await METHODS[name](client)


async def test_rate_headers_hold_callers_back(server, guard_of) -> None:
    limits = LimitPolicy((Window(WINDOW, 100, 1),), max_wait_s=0.5)
    server.route = lambda _: Reply(body={"id": "user_1"}, headers={"ratelimit": "limit=240; remaining=0; reset=30.5"})
    async with CloseClient(server.url, "api_secret", guard_of("close", limits=limits)) as client:
        await client.me()
        with pytest.raises(LimitReached, match="rate limit"):
            await client.me()


def test_webhooks_are_signed() -> None:
    key, stamp, body = "ab" * 32, "1780000000", json.dumps({"event": {}}).encode()
    good = hmac.new(bytes.fromhex(key), stamp.encode() + body, hashlib.sha256).hexdigest()
    assert is_signed(key, stamp, body, good)
    assert not is_signed(key, stamp, body + b" ", good)
    assert not is_signed(key, "1780000001", body, good)
    assert not is_signed("no hex", stamp, body, good)
    assert not is_signed(key, stamp, body, "é")


def test_a_delivery_is_taken_for_as_long_as_close_may_try_it() -> None:
    key, body, signed_at = "ab" * 32, b"{}", datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    stamp = str(int(signed_at.timestamp()))
    good = hmac.new(bytes.fromhex(key), stamp.encode() + body, hashlib.sha256).hexdigest()
    headers = {"close-sig-timestamp": stamp, "close-sig-hash": good}
    ages = (timedelta(0), timedelta(hours=71), timedelta(minutes=-4), timedelta(hours=73), timedelta(minutes=-6))
    taken = [is_genuine(key, headers, body, signed_at + age) for age in ages]
    assert taken == [True, True, True, False, False]
    for odd in ("", "nan", "inf", "1e400", "-1", "yesterday"):
        signed = hmac.new(bytes.fromhex(key), odd.encode() + body, hashlib.sha256).hexdigest()
        assert not is_genuine(key, {"close-sig-timestamp": odd, "close-sig-hash": signed}, body, signed_at)
