"""The general faults, on the wire; each provider's own faults are shown with the provider."""

import json
import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.faults import Fault, FaultPlan

LEAD = {"name": "Larkhill Foundry"}


def leads(sandbox):
    return len(sandbox.state("close")["lead"])


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_a_dropped_connection_before_or_after_the_lead_was_stored(close, sandbox, kind):
    sandbox.fail_next("close", kind)
    with pytest.raises(httpx.RemoteProtocolError):
        close.post("/lead/", json=LEAD)
    assert leads(sandbox) == (kind == "drop_after")
    assert sandbox.requests("close")[0]["fault"] == kind


@pytest.mark.parametrize("kind", ["stall", "stall_after"])
def test_a_stalled_call_before_or_after_the_lead_was_stored(close, sandbox, kind):
    sandbox.fail_next("close", kind)
    with pytest.raises(httpx.ReadTimeout):
        close.post("/lead/", json=LEAD, timeout=0.2)
    assert leads(sandbox) == (kind == "stall_after")


@pytest.mark.parametrize("kind", ["status", "status_after"])
def test_a_status_before_or_after_the_lead_was_stored(close, sandbox, kind):
    sandbox.fail_next("close", kind, status=503)
    answer = close.post("/lead/", json=LEAD)
    assert (answer.status_code, answer.json()) == (503, {"error": "Error 503"})
    assert leads(sandbox) == (kind == "status_after")
    assert close.post("/lead/", json=LEAD).status_code == 200


def test_a_429_says_when_to_come_back(close, sandbox):
    sandbox.fail_next("close", "status", status=429, retry_after_s=2)
    answer = close.get("/me/")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert answer.headers["ratelimit"] == "limit=20, remaining=0, reset=2.000"


def test_a_slow_answer_is_slow(close, sandbox):
    sandbox.fail_next("close", "slow", delay_s=0.2)
    began = time.monotonic()
    assert close.get("/me/").status_code == 200
    assert time.monotonic() - began >= 0.2


def test_broken_answers(close, sandbox):
    sandbox.fail_next("close", "malformed_json")
    with pytest.raises(json.JSONDecodeError):
        close.post("/lead/", json=LEAD).json()
    sandbox.fail_next("close", "truncated_body")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        close.post("/lead/", json=LEAD)
    sandbox.fail_next("close", "html", status=502)
    page = close.post("/lead/", json=LEAD)
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html; charset=utf-8")
    sandbox.fail_next("close", "replace", status=200, body="[]")
    assert close.post("/lead/", json=LEAD).json() == []
    assert leads(sandbox) == 2


def test_faults_can_be_aimed_counted_and_cleared(close, sandbox):
    sandbox.fail_next("close", "status", times=None, method="POST", path="*/lead/", skip=1)
    statuses = [close.post("/lead/", json=LEAD).status_code, close.get("/lead/").status_code]
    statuses += [close.post("/lead/", json=LEAD).status_code for _ in range(2)]
    sandbox.clear_faults("close")
    statuses.append(close.post("/lead/", json=LEAD).status_code)
    assert statuses == [200, 200, 500, 500, 200]


def test_a_fault_for_everyone_strikes_everyone(close, sandbox, plain):
    sandbox.fail_next("*", "status", times=2, status=500)
    assert close.get("/me/").status_code == 500
    assert plain.get(sandbox.urls["langsmith"] + "/info").status_code == 500
    assert close.get("/me/").status_code == 200


@given(st.integers(0, 2**32), st.floats(0, 1))
def test_chance_is_the_same_for_the_same_seed(seed, probability):
    fault = Fault(provider="p", kind="drop", times=None, probability=probability, seed=seed)
    plans = [FaultPlan(), FaultPlan()]
    for plan in plans:
        plan.add(fault)
    strikes = [[plan.take("p", "GET", "/") is not None for _ in range(30)] for plan in plans]
    assert strikes[0] == strikes[1]
    assert probability > 0 or not any(strikes[0])
    assert probability < 1 or all(strikes[0])


@given(st.integers(1, 5), st.integers(0, 5))
def test_a_fault_strikes_exactly_as_often_as_was_said(times, skip):
    plan = FaultPlan()
    plan.add(Fault(provider="p", kind="drop", times=times, skip=skip))
    strikes = [plan.take("p", "GET", "/") is not None for _ in range(12)]
    assert strikes == [False] * skip + [True] * times + [False] * (12 - skip - times)
    assert plan.pending() == []
