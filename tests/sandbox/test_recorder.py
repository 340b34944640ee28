import json

import pytest

from sandbox.recorder import fingerprint
from sandbox.server import Sandbox, SandboxControl, SandboxViolation

SECRET = "api_planted_secret"


def test_requests_are_kept_with_their_keys_hidden(close, sandbox, plain):
    headers = {"x-api-key": SECRET, "cookie": SECRET, "authorization": f"Bearer {SECRET}"}
    plain.post(sandbox.urls["apollo"] + f"/api/v1/people/match?x=1&access_token={SECRET}", headers=headers)
    (request,) = sandbox.requests("apollo")
    assert SECRET not in json.dumps(request)
    assert request["headers"]["x-api-key"] == fingerprint(SECRET)
    assert (request["status"], request["query"]) == (401, "x=1&access_token=[redacted]")


def test_requests_are_filtered_and_numbered_over_all_providers(close, sandbox):
    close.post("/lead/", json={"name": "Larkhill"})
    close.get("/lead/")
    close.get("/me/")
    assert [one["method"] for one in sandbox.requests("close", path="*/lead/")] == ["POST", "GET"]
    assert json.loads(sandbox.requests("close", method="POST")[0]["body"]) == {"name": "Larkhill"}
    assert [one["number"] for one in sandbox.requests(since=1)] == [2, 3]


def test_binary_bodies_are_kept_as_base64(sandbox, plain):
    plain.post(sandbox.urls["cartesia"] + "/stt", content=b"\xff\x00")
    (request,) = sandbox.requests("cartesia")
    assert (request["body"], request["is_binary"]) == ("/wA=", True)


def test_a_violation_fails_the_test_that_provoked_it_unless_taken(close, sandbox):
    close.post("/lead/", json={"name": 7})
    with pytest.raises(SandboxViolation, match="close #1 invalid_request: name"):
        sandbox.assert_clean()
    assert sandbox.take_violations("apollo") == []
    assert len(sandbox.take_violations("close")) == 1
    sandbox.assert_clean()


def test_a_strict_sandbox_raises_on_leaving(plain):
    def leave_with_a_violation() -> None:
        with Sandbox(names=["langsmith"], strict=True) as sandbox:
            plain.get(sandbox.urls["langsmith"] + "/nope")

    with pytest.raises(SandboxViolation, match="unknown_path"):
        leave_with_a_violation()


def test_reset_of_one_provider_leaves_the_others(close, sandbox: SandboxControl, plain):
    close.post("/lead/", json={"name": "Larkhill"})
    plain.get(sandbox.urls["langsmith"] + "/info")
    sandbox.reset("close")
    assert sandbox.state("close")["lead"] == []
    assert [one["provider"] for one in sandbox.requests()] == ["langsmith"]
