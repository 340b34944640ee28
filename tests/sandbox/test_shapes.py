"""Every answer of the stand-ins of Close and Apollo fits the shapes of their own documents."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from shape_checks import shapes_of

from sandbox.cast import COMPANIES
from scripts.provider_shapes import routes_of

PERSON = COMPANIES[0].people[0]
HOOK = {"url": "https://hooks.example.com/close", "events": [{"object_type": "lead", "action": "updated"}]}
BULK = {"s_query": {"query": {"type": "object_type", "object_type": "lead"}}, "results_limit": 10}


class Made:
    """A Close with one of each in it."""

    def __init__(self, close: httpx.Client) -> None:
        self.close = close
        self.field = self.post("/custom_field/lead/", {"name": "Score", "type": "number"})["id"]
        self.shared = self.post("/custom_field/shared/", {"name": "Owner", "type": "text"})["id"]
        self.post(f"/custom_field/shared/{self.shared}/association/", {"object_type": "lead"})
        self.contact_field = self.post("/custom_field/contact/", {"name": "Seat", "type": "text"})["id"]
        lead = {
            "name": "Larkhill Foundry",
            "url": "https://larkhill.example",
            "addresses": [{"city": "Leeds", "country": "GB"}],
            f"custom.{self.field}": 12.5,
            "contacts": [
                {
                    "name": "Ida Prosser",
                    "emails": [{"email": "ida@larkhill.example"}],
                    "phones": [{"phone": "+441130000000"}],
                    "urls": [{"url": "https://larkhill.example/ida", "type": "url"}],
                    f"custom.{self.contact_field}": "7",
                }
            ],
        }
        self.lead = self.post("/lead/", lead)["id"]
        self.contact = close.get(f"/lead/{self.lead}/").json()["contacts"][0]["id"]
        self.opportunity = self.post("/opportunity/", {"lead_id": self.lead, "value": 500})["id"]
        self.task = self.post("/task/", {"lead_id": self.lead, "text": "Call", "date": "2026-06-19"})["id"]
        self.email = self.post("/activity/email/", {"lead_id": self.lead, "status": "draft", "subject": "Hello"})["id"]
        self.note = self.post("/activity/note/", {"lead_id": self.lead, "note": "Rang"})["id"]
        self.hook = self.post("/webhook/", HOOK)["id"]
        self.event = close.get("/event/").json()["data"][0]["id"]

    def post(self, path: str, body: Any) -> Any:
        answer = self.close.post(path, json=body)
        assert answer.is_success, (path, answer.text)
        return answer.json()


Call = Callable[[Made], tuple[str, Any]]
CLOSE: dict[str, Call] = {
    "GET /me/": lambda _: ("/me/", None),
    "GET /user/{id}/": lambda _: ("/user/user_sandbox/", None),
    "GET /lead/": lambda _: ("/lead/", None),
    "POST /lead/": lambda _: ("/lead/", {"name": "Another"}),
    "POST /lead/merge/": lambda m: ("/lead/merge/", {"source": m.post("/lead/", {})["id"], "destination": m.lead}),
    "GET /lead/{id}/": lambda m: (f"/lead/{m.lead}/", None),
    "PUT /lead/{id}/": lambda m: (f"/lead/{m.lead}/", {"name": "Larkhill"}),
    "DELETE /lead/{id}/": lambda m: (f"/lead/{m.post('/lead/', {})['id']}/", None),
    "GET /contact/": lambda _: ("/contact/", None),
    "POST /contact/": lambda m: ("/contact/", {"lead_id": m.lead, "name": "Bo"}),
    "GET /contact/{id}/": lambda m: (f"/contact/{m.contact}/", None),
    "PUT /contact/{id}/": lambda m: (f"/contact/{m.contact}/", {"title": "Head"}),
    "DELETE /contact/{id}/": lambda m: (f"/contact/{m.post('/contact/', {'lead_id': m.lead})['id']}/", None),
    "GET /event/": lambda _: ("/event/", None),
    "GET /event/{id}/": lambda m: (f"/event/{m.event}/", None),
    "GET /status/lead/": lambda _: ("/status/lead/", None),
    "POST /status/lead/": lambda _: ("/status/lead/", {"label": "New"}),
    "GET /custom_field_schema/{kind}/": lambda _: ("/custom_field_schema/lead/", None),
    "GET /custom_field/shared/": lambda _: ("/custom_field/shared/", None),
    "POST /custom_field/shared/": lambda _: ("/custom_field/shared/", {"name": "Region", "type": "text"}),
    "POST /custom_field/shared/{id}/association/": lambda m: (
        f"/custom_field/shared/{m.shared}/association/",
        {"object_type": "contact"},
    ),
    "GET /custom_field/{kind}/": lambda _: ("/custom_field/lead/", None),
    "POST /custom_field/{kind}/": lambda _: ("/custom_field/contact/", {"name": "Floor", "type": "text"}),
    "GET /custom_field/{kind}/{id}/": lambda m: (f"/custom_field/lead/{m.field}/", None),
    "DELETE /custom_field/{kind}/{id}/": lambda m: (f"/custom_field/lead/{m.field}/", None),
    "GET /webhook/": lambda _: ("/webhook/", None),
    "POST /webhook/": lambda _: ("/webhook/", HOOK),
    "GET /webhook/{id}/": lambda m: (f"/webhook/{m.hook}/", None),
    "PUT /webhook/{id}/": lambda m: (f"/webhook/{m.hook}/", {"status": "active"}),
    "DELETE /webhook/{id}/": lambda m: (f"/webhook/{m.hook}/", None),
    "POST /data/search/": lambda _: (
        "/data/search/",
        {"query": BULK["s_query"]["query"], "_fields": {"lead": ["id", "name"]}, "include_counts": True},
    ),
    "GET /opportunity/": lambda _: ("/opportunity/", None),
    "POST /opportunity/": lambda m: ("/opportunity/", {"lead_id": m.lead, "value": 700}),
    "GET /opportunity/{id}/": lambda m: (f"/opportunity/{m.opportunity}/", None),
    "DELETE /opportunity/{id}/": lambda m: (f"/opportunity/{m.opportunity}/", None),
    "GET /task/": lambda _: ("/task/", None),
    "POST /task/": lambda m: ("/task/", {"lead_id": m.lead, "text": "Write"}),
    "GET /task/{id}/": lambda m: (f"/task/{m.task}/", None),
    "PUT /task/{id}/": lambda m: (f"/task/{m.task}/", {"is_complete": True}),
    "DELETE /task/{id}/": lambda m: (f"/task/{m.task}/", None),
    "GET /activity/": lambda m: (f"/activity/?lead_id={m.lead}", None),
    "GET /activity/note/": lambda m: (f"/activity/note/?lead_id={m.lead}", None),
    "POST /activity/note/": lambda m: ("/activity/note/", {"lead_id": m.lead, "note": "Rang"}),
    "GET /activity/email/": lambda m: (f"/activity/email/?lead_id={m.lead}", None),
    "POST /activity/email/": lambda m: ("/activity/email/", {"lead_id": m.lead, "status": "draft"}),
    "GET /activity/email/{id}/": lambda m: (f"/activity/email/{m.email}/", None),
    "PUT /activity/email/{id}/": lambda m: (f"/activity/email/{m.email}/", {"subject": "Again"}),
    "GET /activity/meeting/": lambda m: (f"/activity/meeting/?lead_id={m.lead}", None),
    "POST /bulk_action/{kind}/": lambda _: ("/bulk_action/edit/", BULK),
    "GET /bulk_action/{kind}/{id}/": lambda m: (f"/bulk_action/edit/{m.post('/bulk_action/edit/', BULK)['id']}/", None),
}
WHO = {"first_name": PERSON.first_name, "last_name": PERSON.last_name, "domain": COMPANIES[0].domain}
PHONE = WHO | {"reveal_phone_number": "true", "webhook_url": "https://127.0.0.1:9/"}
APOLLO: dict[str, tuple[dict[str, Any], Any]] = {
    "GET /auth/health": ({}, None),
    "GET /users/api_profile": ({"include_credit_usage": "true"}, None),
    "POST /mixed_people/api_search": ({"q_organization_domains_list[]": COMPANIES[0].domain}, None),
    "POST /people/match": (WHO, None),
    "POST /people/bulk_match": ({}, {"details": [WHO, {"email": "nobody@nowhere.example"}]}),
    "GET /organizations/enrich": ({"domain": COMPANIES[0].domain}, None),
    "POST /organizations/bulk_enrich": ({"domains[]": COMPANIES[0].domain}, None),
    "POST /mixed_companies/search": ({}, None),
    "GET /organizations/{id}/job_postings": ({}, None),
    "POST /usage_stats/api_usage_stats": ({}, None),
    "POST /usage_stats/credit_usage_stats": ({}, None),
    "GET /webhook_result/{id}": ({}, None),
    "POST /contacts": ({}, None),
    "DELETE /contacts/destroy": ({}, None),
}


def named(provider: str) -> set[str]:
    return {f"{verb} {path}" for path, verbs in routes_of(provider) for verb in verbs if verb != "HEAD"}


def test_every_route_of_the_stand_ins_is_called_here():
    assert named("close") == set(CLOSE)
    assert named("apollo") == set(APOLLO)


def without_planted(value: Any) -> Any:
    """Return an answer without the key that stands for what nobody documents."""
    if isinstance(value, list):
        return [without_planted(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: without_planted(each) for key, each in value.items() if key != "sandbox_undocumented"}


@pytest.mark.parametrize("operation", CLOSE)
def test_an_answer_of_the_stand_in_of_close_fits_the_document(close, sandbox, operation):
    sandbox.settings("close", rate_per_s=None, organization_rate_per_s=None, allows_bulk=True)
    path, body = CLOSE[operation](Made(close))
    method = operation.partition(" ")[0]
    answer = close.request(method, path, json=body)
    assert answer.is_success, answer.text
    shape = shapes_of("close").operation(method, path.partition("?")[0])
    assert shape is not None, "neither the document nor what was recorded has it"
    assert str(answer.status_code) in shape[1]["answers"]
    shown = without_planted(answer.json())
    complaints = shapes_of("close").answer(method, path.partition("?")[0], answer.status_code, shown)
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("operation", APOLLO)
def test_an_answer_of_the_stand_in_of_apollo_fits_the_document(apollo, sandbox, operation):
    sandbox.settings("apollo", forbidden=[], pending_polls=0, progress_polls=0)
    params, body = APOLLO[operation]
    method, _, path = operation.partition(" ")
    path = path.replace("/organizations/{id}", "/organizations/1")
    if "webhook_result" in path:
        asked = apollo.post("/people/match", params=PHONE).json()["request_id"]
        path = f"/webhook_result/{asked}"
    answer = apollo.request(method, path, params=params, json=body)
    sandbox.take_violations("apollo")  # writing contacts is one
    shape = shapes_of("apollo").operation(method, path)
    assert shape is not None, "neither the document nor what was recorded has it"
    complaints = shapes_of("apollo").answer(method, path, answer.status_code, answer.json())
    assert not complaints, "\n".join(complaints)
