import http.server
import json
import threading
import time

import httpx
import pytest

KNOWN = {"first_name": "Maud", "last_name": "Tillerby", "domain": "brackwater-pumps.example"}
RATE_HEADERS = {
    f"x-{name}"
    for name in (
        *("rate-limit-minute", "minute-usage", "minute-requests-left"),
        *("rate-limit-hourly", "hourly-usage", "hourly-requests-left"),
        *("rate-limit-24-hour", "24-hour-usage", "24-hour-requests-left"),
    )
}


def rules(sandbox):
    return [one["rule"] for one in sandbox.take_violations("apollo")]


def test_no_key_wrong_key_wrong_scope_and_no_route_each_answer_in_their_own_way(apollo, sandbox, plain):
    url = str(apollo.base_url)
    none = plain.post(f"{url}people/match")
    assert (none.status_code, none.json()) == (422, {"error": "Api key required"})
    wrong = plain.post(f"{url}people/match", headers={"x-api-key": "x"})
    assert (wrong.status_code, wrong.json()["error"].startswith("Invalid API key")) == (401, True)
    sandbox.settings("apollo", text_errors=True)
    bare = plain.post(f"{url}people/match", headers={"x-api-key": "x"})
    assert bare.headers["content-type"].startswith("text/plain")
    scope = apollo.delete("/contacts/destroy")
    assert (scope.status_code, scope.json()["error_code"]) == (403, "API_INACCESSIBLE")
    page = plain.get(f"{url}people/match")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert rules(sandbox) == ["unknown_path"]
    assert all(not RATE_HEADERS & set(answer.headers) for answer in (none, wrong, bare, scope, page))


def test_search_is_free_and_tells_little(apollo, sandbox):
    query = {"q_organization_domains_list[]": "brackwater-pumps.example", "person_titles[]": ["ceo", "vp finance"]}
    answer = apollo.post("/mixed_people/api_search", params=query)
    assert set(answer.headers) >= RATE_HEADERS
    (row,) = answer.json()["people"]
    assert row["first_name"] == "Oren"
    assert row["last_name_obfuscated"] == "Ca***h"
    assert not {"email", "linkedin_url", "last_name"} & set(row)
    assert "pagination" not in answer.json()
    assert sandbox.charges("apollo") == []


def test_search_takes_a_json_body_and_keeps_its_bounds(apollo, sandbox):
    body = {"q_organization_domains_list": ["ostraline-freight.example"], "per_page": 2, "page": 2}
    assert [one["first_name"] for one in apollo.post("/mixed_people/api_search", json=body).json()["people"]] == [
        "Dana"
    ]
    for wrong in ({"per_page": 101}, {"page": 501}, {"person_seniorities": ["boss"]}, {"per_page": "many"}):
        assert apollo.post("/mixed_people/api_search", json=wrong).status_code == 422
    assert len(rules(sandbox)) == 4


def test_match_pays_for_a_person_once_asked_and_nothing_for_a_stub(apollo, sandbox):
    answer = apollo.post("/people/match", params=KNOWN).json()
    assert answer["person"]["organization"]["estimated_num_employees"] == 84
    assert answer["person"]["email"] == "maud@brackwater-pumps.example"
    assert answer["request_id"] < -(2**53)
    stub = apollo.post("/people/match", params={"email": "nobody@larkhill.example"}).json()["person"]
    assert (stub["name"], stub["email"], stub["email_status"]) == ("", "nobody@larkhill.example", None)
    assert "organization" not in stub
    assert sandbox.bill()["apollo"] == {"credits": "1"}
    assert sandbox.state("apollo")["calls_a_person"] == {answer["person"]["id"]: 1}


@pytest.mark.parametrize(
    ("person", "fault", "check"),
    [
        ({"name": "Priya Lundmark", "domain": "brackwater-pumps.example"}, None, lambda one: one["email"] is None),
        (
            {"name": "Bo Emtrask", "domain": "lindmoor-instrument.example"},
            None,
            lambda one: one["email"] == "email_not_unlocked@domain.com",
        ),
        ({"email": "halina@ostraline-freight.example"}, None, lambda one: one["email_domain_catchall"]),
        (KNOWN, "other_organization", lambda one: one["organization"]["primary_domain"] != "brackwater-pumps.example"),
        (KNOWN, "placeholder_email", lambda one: one["email"].endswith("@domain.com")),
        (KNOWN, "null_person", lambda one: one is None),
    ],
)
def test_match_has_its_odd_people(apollo, sandbox, person, fault, check):
    if fault:
        sandbox.fail_next("apollo", fault)
    assert check(apollo.post("/people/match", params=person).json()["person"])


def test_bulk_match_has_nulls_and_charges_one_person_once(apollo, sandbox):
    sandbox.settings("apollo", credits_a_match=0.5)
    details = [KNOWN, {"email": "nobody@larkhill.example"}, {"email": "maud@brackwater-pumps.example"}]
    answer = apollo.post("/people/bulk_match", json={"details": details}).json()
    assert [one and one["first_name"] for one in answer["matches"]] == ["Maud", None, "Maud"]
    assert (answer["status"], answer["unique_enriched_records"], answer["missing_records"]) == ("success", 1, 1)
    assert answer["credits_consumed"] == 0.5
    assert sandbox.bill()["apollo"] == {"credits": "0.5"}


@pytest.mark.parametrize(("count", "code"), [(0, "INVALID_REQUEST"), (11, "RECORD_LIMIT_EXCEEDED")])
def test_bulk_match_takes_one_to_ten(apollo, sandbox, count, code):
    answer = apollo.post("/people/bulk_match", json={"details": [KNOWN] * count})
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)
    assert rules(sandbox) == ["invalid_parameters"]


def test_an_empty_account_answers_422_in_the_middle_of_a_run(apollo, sandbox):
    sandbox.settings("apollo", credits=1)
    assert apollo.post("/people/match", params=KNOWN).status_code == 200
    answer = apollo.post("/people/match", params=KNOWN)
    assert answer.status_code == 422
    assert answer.json()["error_details"]["code"] == "BILLING.LIMIT.CREDITS_EXHAUSTED"
    assert apollo.post("/mixed_people/api_search", json={}).status_code == 200


def test_windows_are_fixed_open_at_the_first_call_and_end(apollo, sandbox):
    sandbox.hold()
    sandbox.settings("apollo", limits={"minute": 2, "hourly": 3, "24-hour": None})
    first = apollo.get("/auth/health")
    assert (first.headers["x-rate-limit-24-hour"], "x-24-hour-usage" in first.headers) == ("", False)
    assert apollo.get("/auth/health").headers["x-minute-requests-left"] == "0"
    minute = apollo.get("/auth/health")
    assert minute.status_code == 429
    assert "2 times per minute" in minute.json()["message"]
    assert 0 < int(minute.headers["retry-after"]) <= 60
    sandbox.advance(61)
    assert apollo.get("/auth/health").status_code == 200
    hour = apollo.get("/auth/health")
    assert (hour.status_code, int(hour.headers["retry-after"]) > 3_000) == (429, True)
    assert apollo.post("/mixed_people/api_search", json={}).status_code == 200


def test_organisations_alone_and_in_bulk(apollo, sandbox):
    one = apollo.get("/organizations/enrich", params={"domain": "https://www.verdelin.example/contact"}).json()
    assert one["organization"]["name"] == "Maison Verdelin"
    assert apollo.get("/organizations/enrich", params={"domain": "larkhill.example"}).json() == {"organization": None}
    query = {"domains[]": ["verdelin.example", "larkhill.example"]}
    bulk = apollo.post("/organizations/bulk_enrich", params=query).json()
    assert (bulk["unique_enriched_records"], bulk["missing_records"]) == (1, 1)
    assert sandbox.bill()["apollo"] == {"credits": "2"}
    assert apollo.get("/organizations/enrich").status_code == 422
    missing = apollo.post("/organizations/bulk_enrich")
    assert (missing.status_code, missing.headers["content-type"].partition(";")[0]) == (400, "text/plain")
    assert json.loads(missing.text)["status"] == "failed"
    assert len(rules(sandbox)) == 2


def test_company_search_costs_a_credit_a_page_and_splits_accounts_from_organisations(apollo, sandbox):
    answer = apollo.post("/mixed_companies/search", json={"per_page": 3}).json()
    assert (len(answer["accounts"]), len(answer["organizations"]), answer["partial_results_only"]) == (1, 2, True)
    assert answer["accounts"][0]["organization_id"] == answer["model_ids"][0] != answer["accounts"][0]["id"]
    assert "industry" not in answer["organizations"][0]
    assert sandbox.bill()["apollo"] == {"credits": "1"}


def test_the_key_belongs_in_the_header_and_contacts_are_never_written(apollo, sandbox):
    assert apollo.post("/people/match", json={**KNOWN, "api_key": "sandbox-apollo"}).status_code == 422
    apollo.post("/contacts", json={"first_name": "x"})
    assert rules(sandbox) == ["invalid_parameters", "writes_contacts"]


def test_phones_come_late_by_repeated_callback_and_by_polling(apollo, sandbox):
    got = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        query = {**KNOWN, "reveal_phone_number": "true", "webhook_url": f"http://127.0.0.1:{server.server_port}/"}
        request_id = apollo.post("/people/match", params=query).json()["request_id"]
        deadline = time.monotonic() + 5
        while len(got) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        server.shutdown()
        thread.join()
    assert [one["request_id"] for one in got] == [request_id] * 2
    polls = [apollo.get(f"/webhook_result/{request_id}") for _ in range(4)]
    assert [one.status_code for one in polls] == [404, 404, 200, 200]
    assert polls[0].json()["error_code"] == "result_pending"
    assert [one.json()["webhook_status"] for one in polls[2:]] == ["in_progress", "success"]
    assert [one.json()["webhook_result"] for one in polls[2:]] == [None, got[0]]
    sandbox.advance(31 * 86_400)
    assert apollo.get(f"/webhook_result/{request_id}").status_code == 410
    assert apollo.get("/webhook_result/abc").status_code == 400
    assert sandbox.bill()["apollo"] == {"credits": "9"}


def test_a_slow_call_over_the_timeout_still_charges(apollo, sandbox):
    sandbox.fail_next("apollo", "stall_after")
    with pytest.raises(httpx.ReadTimeout):
        apollo.post("/people/match", params=KNOWN, timeout=0.3)
    assert sandbox.bill()["apollo"] == {"credits": "1"}


def test_usage_keys_are_json_arrays_printed_as_texts(apollo):
    apollo.post("/people/match", params=KNOWN)
    figures = apollo.post("/usage_stats/api_usage_stats").json()
    assert figures['["api/v1/people", "match"]']["minute"]["consumed"] == 1
    left = apollo.get("/users/api_profile", params={"include_credit_usage": "true"}).json()
    assert left["effective_num_lead_credits"] - left["total_unified_credits_used"] == 999


def test_lists_can_be_null_and_people_come_twice(apollo, sandbox):
    sandbox.fail_next("apollo", "null_list")
    assert apollo.post("/mixed_people/api_search", json={}).json()["people"] is None
    first = apollo.post("/mixed_people/api_search", json={"per_page": 2}).json()["people"]
    sandbox.fail_next("apollo", "same_person_again")
    second = apollo.post("/mixed_people/api_search", json={"per_page": 2, "page": 2}).json()["people"]
    assert first[-1]["id"] == second[0]["id"]


def test_seeded_companies_are_known(apollo, sandbox):
    person = {"first_name": "Ida", "last_name": "Prosser", "title": "CEO", "email": "ida@larkhill.example"}
    sandbox.seed("apollo", companies=[{"name": "Larkhill", "domain": "larkhill.example", "people": [person]}])
    assert apollo.post("/people/match", params={"email": "ida@larkhill.example"}).json()["person"]["title"] == "CEO"
