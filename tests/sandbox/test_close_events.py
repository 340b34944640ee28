import hashlib
import hmac
import http.server
import json
import threading
import time
from typing import ClassVar

import pytest

SEARCH = {"query": {"type": "object_type", "object_type": "lead"}, "_fields": {"lead": ["id", "name"]}}


def make(close, name="Larkhill Foundry", **more):
    answer = close.post("/lead/", json={"name": name, **more})
    assert answer.status_code == 200
    return answer.json()


def events(close, **params):
    return close.get("/event/", params=params).json()


def test_editing_a_contact_moves_the_lead_but_logs_no_lead_event(close):
    lead = make(close, contacts=[{"name": "Ida Prosser"}])
    before = events(close, object_type="lead", action="updated")["data"]
    close.put(f"/contact/{lead['contacts'][0]['id']}/", json={"title": "Head of Works"})
    assert before == events(close, object_type="lead", action="updated")["data"] == []
    assert close.get(f"/lead/{lead['id']}/").json()["date_updated"] > lead["date_updated"]


def test_updates_in_a_short_time_become_one_event(close, sandbox):
    lead = make(close)
    path = f"/lead/{lead['id']}/"
    close.put(path, json={"name": "One"})
    first = events(close, object_type="lead", action="updated")["data"][0]
    close.put(path, json={"description": "Two"})
    (again,) = events(close, object_type="lead", action="updated")["data"]
    assert again["id"] == first["id"]
    assert again["changed_fields"] == ["description", "name"]
    assert again["previous_data"] == {"name": "Larkhill Foundry", "description": ""}
    assert (again["date_created"], again["date_updated"] > first["date_updated"]) == (first["date_created"], True)
    sandbox.advance(61)
    close.put(path, json={"name": "Three"})
    assert len(events(close, object_type="lead", action="updated")["data"]) == 2


def test_the_event_log_pages_both_ways_newest_first(close, sandbox):
    sandbox.seed("close", count=120)
    pages, cursor = [], None
    while True:
        page = events(close, object_type="lead", action="created", **({"_cursor": cursor} if cursor else {}))
        pages.append(page)
        cursor = page["cursor_next"]
        if cursor is None:
            break
    ids = [one["id"] for page in pages for one in page["data"]]
    stamps = [one["date_updated"] for page in pages for one in page["data"]]
    assert [len(page["data"]) for page in pages] == [50, 50, 20]
    assert len(set(ids)) == 120
    assert stamps == sorted(stamps, reverse=True)
    back = events(close, object_type="lead", action="created", _cursor=pages[2]["cursor_previous"])
    assert back["data"] == pages[1]["data"]
    assert pages[0]["cursor_previous"] is None


def test_events_are_lost_after_thirty_days_and_hidden_from_others_after_an_hour(close, sandbox):
    make(close)
    sandbox.settings("close", is_admin=False)
    sandbox.advance(3_700)
    assert events(close)["data"][0]["data"] is None
    sandbox.advance(30 * 86_400)
    assert events(close)["data"] == []


def test_other_combinations_of_event_filters_are_refused(close, sandbox):
    alone = ({"object_type": "lead"}, {"object_id": "lead_1"}, {"action": "created"})
    for params in (*alone, {"lead_id": "lead_1", "action": "created"}, {"_skip": 1}, {"_limit": 51}):
        assert close.get("/event/", params=params).status_code == 400, params
    assert len(sandbox.take_violations()) == 6


def test_deletions_and_merges_are_seen_only_in_the_event_log(close):
    kept, lost = make(close, "Kept"), make(close, "Lost", contacts=[{"name": "Ida Prosser"}])
    assert close.post("/lead/merge/", json={"source": lost["id"], "destination": kept["id"]}).json() == {}
    assert close.get(f"/lead/{lost['id']}/").status_code == 404
    merged = events(close, object_type="lead", action="merged")["data"][0]
    assert merged["meta"]["merge_source_lead_id"] == lost["id"]
    assert close.delete(f"/lead/{kept['id']}/").json() == {}
    deleted = events(close, lead_id=kept["id"])["data"]
    assert {(one["object_type"], one["action"]) for one in deleted} >= {("lead", "deleted"), ("contact", "deleted")}


@pytest.fixture
def hook():
    """A receiver of webhooks: what it got, and the statuses it answers first."""

    class Hook(http.server.BaseHTTPRequestHandler):
        got: ClassVar[list] = []
        answers: ClassVar[list] = []

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            Hook.got.append((dict(self.headers), body))
            self.send_response(Hook.answers.pop(0) if Hook.answers else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Hook.url = f"http://127.0.0.1:{server.server_port}/close"
    yield Hook
    server.shutdown()
    server.server_close()
    thread.join()


def wait_for(hook, count):
    deadline = time.monotonic() + 5
    while len(hook.got) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(hook.got) == count


def test_webhooks_are_signed_repeated_and_out_of_order(close, sandbox, hook):
    events_wanted = [{"object_type": "lead", "action": "created"}]
    subscription = close.post("/webhook/", json={"url": hook.url, "events": events_wanted}).json()
    assert len(subscription["signature_key"]) == 64
    hook.answers = [503]
    make(close)
    wait_for(hook, 2)
    for headers, body in hook.got:
        lower = {name.lower(): value for name, value in headers.items()}
        key = bytes.fromhex(subscription["signature_key"])
        digest = hmac.new(key, (lower["close-sig-timestamp"] + body).encode(), hashlib.sha256).hexdigest()
        assert hmac.compare_digest(digest, lower["close-sig-hash"])
        assert json.loads(body)["subscription_id"] == subscription["id"]
    hook.got.clear()
    sandbox.seed("close", misdeeds=["hold", "duplicate"])
    first, second = make(close, "First"), make(close, "Second")
    wait_for(hook, 3)
    assert [json.loads(body)["event"]["object_id"] for _, body in hook.got] == [second["id"], second["id"], first["id"]]
