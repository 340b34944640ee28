import httpx
import pytest

SEARCH = {"query": {"type": "object_type", "object_type": "lead"}, "_fields": {"lead": ["id", "name"]}}


def make(close, name="Larkhill Foundry", **more):
    answer = close.post("/lead/", json={"name": name, **more})
    assert answer.status_code == 200
    return answer.json()


def events(close, **params):
    return close.get("/event/", params=params).json()


def test_a_lead_is_listed_found_and_in_the_event_log(close):
    lead = make(close, contacts=[{"name": "Ida Prosser", "emails": [{"email": "ida@larkhill.example"}]}])
    assert lead["status_label"] == "Potential"
    assert lead["contacts"][0]["emails"][0]["type"] == "office"
    listed = close.get("/lead/").json()
    assert [one["id"] for one in listed["data"]] == [lead["id"]]
    assert (listed["has_more"], listed["total_results"]) == (False, 1)
    assert close.post("/data/search/", json=SEARCH).json()["data"] == [
        {"__object_type": "lead", "id": lead["id"], "name": "Larkhill Foundry"}
    ]
    log = events(close, lead_id=lead["id"])["data"]
    assert [(one["object_type"], one["action"]) for one in log] == [("contact", "created"), ("lead", "created")]
    assert "+" not in log[0]["date_updated"]
    assert lead["date_updated"].endswith("+00:00")


def test_two_posts_make_two_leads(close):
    assert make(close)["id"] != make(close)["id"]


@pytest.mark.parametrize("key", ["", "api_wrong"])
def test_a_bad_key_gets_401_with_rate_headers(close, sandbox, plain, key):
    answer = plain.get(f"{close.base_url}me/", auth=(key, "") if key else None)
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
    assert answer.headers["ratelimit"] == "limit=100; remaining=100; reset=1"
    assert answer.headers["ratelimit-limit"] == "60"


def test_unknown_paths_and_missing_slashes_are_404_before_the_key_is_looked_at(close, sandbox, plain):
    for path in ("/nope/", "/lead"):
        answer = plain.get(str(close.base_url).rstrip("/") + path, auth=("api_wrong", ""))
        assert answer.status_code == 404
        assert answer.json()["error"].startswith("The requested URL was not found")
    assert {one["rule"] for one in sandbox.take_violations("close")} == {"unknown_path"}
    assert close.get("/lead/lead_unknown/").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/lead/", {"name": 7}, "name"),
        ("/lead/", {"name": "x", "status": "Potential", "status_id": "stat_x"}, "status"),
        ("/lead/", {"name": "x", "status_id": "stat_unknown"}, "status_id"),
        ("/lead/", {"name": "x", "custom.cf_unknown": "y"}, "custom.cf_unknown"),
        ("/lead/", {"name": "x", "contacts": "y"}, "contacts"),
        ("/contact/", {"lead_id": "lead_unknown"}, "lead_id"),
        ("/contact/", {"name": "x", "emails": [{"email": "not an address"}]}, "emails"),
        ("/activity/email/", {"lead_id": "x"}, "status"),
        ("/lead/merge/", {"source": "lead_x"}, "destination"),
    ],
)
def test_what_close_refuses_gets_400_with_field_errors(close, sandbox, path, body, field):
    answer = close.post(path, json=body)
    assert answer.status_code == 400
    assert field in answer.json()["field-errors"]
    assert [one["rule"] for one in sandbox.take_violations()] == ["invalid_request"]


def test_paging_too_far_or_too_wide_gets_the_other_400(close, sandbox):
    for params in ({"_limit": 201}, {"_skip": 10_001}):
        answer = close.get("/lead/", params=params)
        assert answer.status_code == 400
        assert "max_" in answer.json()["error"]
    assert len(sandbox.take_violations()) == 2


def test_other_content_types_get_415_and_other_verbs_405(close, sandbox):
    assert close.post("/lead/", content="name=x", headers={"content-type": "text/plain"}).status_code == 415
    assert close.delete("/me/").status_code == 405
    assert close.post("/activity/meeting/", json={}).status_code == 405
    assert len(sandbox.take_violations()) == 3


def test_pages_and_a_row_that_comes_between_them(close, sandbox):
    ids = sandbox.seed("close", count=5)["leads"]
    sandbox.fail_next("close", "row_between_pages")
    first = close.get("/lead/", params={"_limit": 4, "_fields": "id"}).json()
    rest = close.get("/lead/", params={"_limit": 4, "_skip": 4, "_fields": "id"}).json()
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert [one["id"] for one in first["data"]] == ids[:4]
    assert len(rest["data"]) == 2


def test_a_long_get_may_come_as_a_post(close, sandbox):
    sandbox.seed("close", count=3)
    headers = {"x-http-method-override": "GET"}
    assert len(close.post("/lead/", json={"_params": {"_limit": 2}}, headers=headers).json()["data"]) == 2


def test_put_changes_only_what_is_sent_and_custom_fields_can_be_edited(close):
    fields = {one["name"]: one["id"] for one in close.get("/custom_field/lead/").json()["data"]}
    source, tags = f"custom.{fields['Source']}", f"custom.{fields['Tags']}"
    lead = make(close, description="kept", **{source: "Inbound", tags: ["a"]})
    path = f"/lead/{lead['id']}/"
    changed = close.put(path, json={"name": "Larkhill", f"{tags}.add": "b", f"{tags}.remove": "a"}).json()
    assert (changed["name"], changed["description"], changed[tags]) == ("Larkhill", "kept", ["b"])
    assert source not in close.put(path, json={source: None}).json()
    assert changed["custom"]["Source"] == "Inbound"


def test_contacts_cannot_be_changed_through_a_lead(close, sandbox):
    lead = make(close, contacts=[{"name": "Ida Prosser"}])
    changed = close.put(f"/lead/{lead['id']}/", json={"contacts": [{"name": "Someone Else"}]}).json()
    assert [one["name"] for one in changed["contacts"]] == ["Ida Prosser"]
    assert [one["rule"] for one in sandbox.take_violations()] == ["unknown_key"]


def test_a_contact_without_a_lead_makes_one_and_lists_are_replaced(close):
    contact = close.post("/contact/", json={"name": "Ida Prosser", "emails": [{"email": "a@larkhill.example"}]}).json()
    assert close.get(f"/lead/{contact['lead_id']}/").json()["contacts"][0]["id"] == contact["id"]
    changed = close.put(f"/contact/{contact['id']}/", json={"emails": [{"email": "b@larkhill.example"}]}).json()
    assert [one["email"] for one in changed["emails"]] == ["b@larkhill.example"]


def test_search_without_fields_gives_ids_and_its_cursor_dies_after_thirty_seconds(close, sandbox):
    sandbox.seed("close", count=3)
    body = {"query": SEARCH["query"], "_limit": 2, "include_counts": True}
    first = close.post("/data/search/", json=body).json()
    assert set(first["data"][0]) == {"__object_type", "id"}
    assert first["count"] == {"limited": 3, "total": 3}
    second = close.post("/data/search/", json={**body, "cursor": first["cursor"]}).json()
    assert (len(second["data"]), second["cursor"]) == (1, None)
    late = close.post("/data/search/", json=body).json()["cursor"]
    sandbox.advance(31)
    assert close.post("/data/search/", json={**body, "cursor": late}).status_code == 400
    sandbox.take_violations()


@pytest.mark.parametrize(
    ("condition", "field", "found"),
    [
        ({"type": "text", "mode": "phrase", "value": "hill"}, "name", 1),
        ({"type": "text", "mode": "full_words", "value": "hill"}, "name", 0),
        ({"type": "exists"}, "url", 0),
        ({"type": "term", "values": ["Larkhill Foundry"]}, "name", 1),
        (
            {"type": "moment_range", "on_or_after": {"type": "fixed_local_date", "value": "2020-01-01"}},
            "date_created",
            1,
        ),
        ({"type": "moment_range", "before": {"type": "fixed_local_date", "value": "2020-01-01"}}, "date_created", 0),
    ],
)
def test_search_conditions_and_their_negation(close, condition, field, found):
    make(close)
    node = {"type": "field_condition", "condition": condition}
    node["field"] = {"type": "regular_field", "object_type": "lead", "field_name": field}
    for negate, expected in ((False, found), (True, 1 - found)):
        query = {"type": "and", "queries": [SEARCH["query"], {**node, "negate": negate}]}
        assert len(close.post("/data/search/", json={"query": query}).json()["data"]) == expected


def test_search_by_a_custom_field_finds_what_a_lost_answer_made(close, sandbox):
    field = close.post("/custom_field/lead/", json={"name": "Our id", "type": "text"}).json()["id"]
    sandbox.fail_next("close", "drop_after", method="POST", path="/api/v1/lead/")
    with pytest.raises(httpx.RemoteProtocolError):
        close.post("/lead/", json={"name": "Larkhill", f"custom.{field}": "our-1"})
    condition = {"type": "term", "values": ["our-1"]}
    node = {
        "type": "field_condition",
        "field": {"type": "custom_field", "custom_field_id": field},
        "condition": condition,
    }
    assert len(close.post("/data/search/", json={"query": node}).json()["data"]) == 1


def test_a_new_lead_can_be_hidden_from_search_for_a_while(close, sandbox):
    sandbox.settings("close", search_lag_s=5)
    make(close)
    assert close.post("/data/search/", json=SEARCH).json()["data"] == []
    sandbox.advance(6)
    assert len(close.post("/data/search/", json=SEARCH).json()["data"]) == 1


def test_limits_are_kept_for_each_group_and_both_spellings_are_told(close, sandbox):
    sandbox.hold()
    sandbox.settings("close", rate_per_s=3, organization_rate_per_s=None)
    assert [close.get("/lead/").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert close.get("/contact/").status_code == 200
    answer = close.get("/lead/")
    assert int(answer.headers["retry-after"]) == 1
    assert answer.headers["ratelimit"].startswith("limit=3, remaining=0, reset=")
    sandbox.settings("close", header_style="recorded")
    assert "; remaining=0; reset=" in close.get("/lead/").headers["ratelimit"]
    sandbox.advance(1)
    assert close.get("/lead/").status_code == 200


def test_the_organisation_total_strikes_over_all_groups(close, sandbox):
    sandbox.hold()
    sandbox.settings("close", rate_per_s=None, organization_rate_per_s=2)
    statuses = [close.get(path).status_code for path in ("/lead/", "/contact/", "/task/")]
    assert statuses == [200, 200, 429]


def test_me_tells_all_ids(close):
    answer = close.get("/me/")
    organization = answer.json()["organizations"][0]
    assert organization["lead_statuses"][0]["label"] == "Potential"
    assert {"lead_custom_fields", "pipelines", "opportunity_statuses"} <= set(organization)
    assert answer.headers["ratelimit"] == "limit=240; remaining=239; reset=2"


def test_optional_keys_come_and_go_but_stay_the_same_for_one_lead(close, sandbox):
    sandbox.seed("close", count=30)
    rows = close.get("/lead/").json()["data"]
    assert len({frozenset(row) for row in rows}) > 1
    assert close.get(f"/lead/{rows[0]['id']}/").json().keys() == rows[0].keys()


def test_opportunities_are_in_cents_and_add_up(close, sandbox):
    lead = make(close)
    close.post("/opportunity/", json={"lead_id": lead["id"], "value": 25_000, "value_period": "monthly"})
    listed = close.get("/opportunity/").json()
    assert (listed["total_value_monthly"], listed["total_value_monthly_formatted"]) == (25_000, "$250")
    assert listed["total_value_one_time_formatted"] is None
    assert close.post("/opportunity/", json={"lead_id": lead["id"], "value": 250.5}).status_code == 400
    sandbox.take_violations()


def test_tasks_notes_and_drafts_live_on_a_lead(close):
    lead = make(close)
    task = close.post("/task/", json={"lead_id": lead["id"], "text": "Call"}).json()
    assert close.put(f"/task/{task['id']}/", json={"is_complete": True}).json()["is_complete"] is True
    close.post("/activity/note/", json={"lead_id": lead["id"], "note": "Met"})
    draft = close.post("/activity/email/", json={"lead_id": lead["id"], "status": "draft", "subject": "Hi"}).json()
    assert close.put(f"/activity/email/{draft['id']}/", json={"subject": "Hello"}).json()["subject"] == "Hello"
    assert len(close.get("/activity/", params={"lead_id": lead["id"], "user_id": "user_sandbox"}).json()["data"]) == 2


def test_lists_are_filtered_by_date_view_and_type_and_unknown_filters_are_told(close, sandbox):
    lead = make(close)
    body = {"lead_id": lead["id"]}
    old = close.post("/task/", json={**body, "text": "old"}).json()
    sandbox.advance(100)
    new = close.post("/task/", json={**body, "text": "new", "date": "2999-01-01"}).json()
    since = {"date_updated__gte": new["date_updated"]}
    assert [one["id"] for one in close.get("/task/", params=since).json()["data"]] == [new["id"]]
    assert [one["id"] for one in close.get("/task/", params={"view": "future"}).json()["data"]] == [new["id"]]
    assert [one["id"] for one in close.get("/task/", params={"view": "inbox"}).json()["data"]] == [old["id"]]
    newest_first = close.get("/task/", params={"_order_by": "-date_updated"}).json()["data"]
    assert [one["id"] for one in newest_first] == [new["id"], old["id"]]
    close.post("/activity/note/", json={**body, "note": "x"})
    assert close.get("/activity/", params={"lead_id": lead["id"], "_type__in": "Email"}).json()["data"] == []
    assert close.get("/activity/", params={"date_created__lt": "2020-01-01"}).json()["data"] == []
    assert close.get("/activity/", params={"date_created__lt": "soon"}).status_code == 400
    close.get("/lead/", params={"made_up": 1})
    assert [one["rule"] for one in sandbox.take_violations()] == ["invalid_request", "unknown_parameter"]


def test_really_sending_and_bulk_actions_are_violations_unless_asked_for(close, sandbox):
    lead = make(close)
    mail = {"lead_id": lead["id"], "status": "outbox", "sender": "sales@sandbox.example"}
    bulk = {"s_query": {}, "results_limit": 1}
    assert close.post("/activity/email/", json=mail).status_code == 200
    job = close.post("/bulk_action/delete/", json=bulk).json()
    polls = [close.get(f"/bulk_action/delete/{job['id']}/").json()["status"] for _ in range(3)]
    assert (job["status"], polls) == ("created", ["processing", "done", "done"])
    assert [one["rule"] for one in sandbox.take_violations()] == ["email_really_sent", "bulk_action"]
    sandbox.settings("close", allows_outbox=True, allows_bulk=True)
    close.post("/activity/email/", json=mail)
    close.post("/bulk_action/delete/", json=bulk)
    sandbox.assert_clean()
