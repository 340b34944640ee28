import json
import uuid
from datetime import UTC, datetime

import langsmith
import pytest

KEY = "lsv2_sandbox"


def run(**more):
    run_id = str(uuid.uuid4())
    stamp = datetime.now(UTC).isoformat()
    found = {"id": run_id, "trace_id": run_id, "dotted_order": f"20260601T000000000000Z{run_id}", "name": "step"}
    return {**found, "run_type": "chain", "start_time": stamp, "session_name": "dev", **more}


@pytest.mark.parametrize("use_multipart", [True, False])
def test_the_sdk_delivers_a_run_and_its_update(sandbox, use_multipart):
    sandbox.settings("langsmith", use_multipart=use_multipart)
    client = langsmith.Client(api_url=sandbox.environment["LANGSMITH_ENDPOINT"], api_key=KEY)
    run_id = uuid.uuid4()
    order = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ") + str(run_id)
    facts = {"id": run_id, "trace_id": run_id, "dotted_order": order}
    client.create_run("step", {"question": "why"}, "chain", **facts, start_time=datetime.now(UTC))
    client.flush()
    client.update_run(run_id, trace_id=run_id, dotted_order=order, outputs={"answer": "so"}, end_time=datetime.now(UTC))
    client.flush()
    client.cleanup()
    stored = sandbox.state("langsmith")["runs"][str(run_id)]
    assert (stored["name"], stored["inputs"], stored["outputs"]) == ("step", {"question": "why"}, {"answer": "so"})
    assert KEY not in json.dumps(sandbox.requests("langsmith"))


def test_batches_merge_updates_whichever_comes_first(sandbox, plain):
    url, headers = sandbox.urls["langsmith"], {"x-api-key": KEY}
    first = run(inputs={"q": 1})
    change = {key: first[key] for key in ("id", "trace_id", "dotted_order")} | {"outputs": {"a": 2}}
    for body in ({"patch": [change]}, {"post": [first]}):
        assert plain.post(f"{url}/runs/batch", json=body, headers=headers).status_code == 202
    stored = sandbox.state("langsmith")["runs"][first["id"]]
    assert (stored["inputs"], stored["outputs"]) == ({"q": 1}, {"a": 2})


def test_single_runs_and_info(sandbox, plain):
    url, headers = sandbox.urls["langsmith"], {"x-api-key": KEY}
    assert plain.get(f"{url}/info").json()["batch_ingest_config"]["use_multipart_endpoint"] is True
    one = run()
    assert plain.post(f"{url}/runs", json=one, headers=headers).status_code == 202
    assert plain.patch(f"{url}/runs/{one['id']}", json={"end_time": "x"}, headers=headers).status_code == 202
    assert sandbox.state("langsmith")["runs"][one["id"]]["end_time"] == "x"


def test_no_key_is_a_violation_a_wrong_one_is_refused_and_nonsense_is_422(sandbox, plain):
    url = sandbox.urls["langsmith"]
    assert plain.post(f"{url}/runs", json=run()).status_code == 401
    assert plain.post(f"{url}/runs", json=run(), headers={"x-api-key": "x"}).status_code == 401
    assert plain.post(f"{url}/runs/multipart", content=b"x", headers={"x-api-key": KEY}).status_code == 422
    assert plain.post(f"{url}/runs/batch", json={"post": [{"id": "x"}]}, headers={"x-api-key": KEY}).status_code == 202
    assert [one["rule"] for one in sandbox.take_violations()] == ["no_key", "bad_multipart", "incomplete_run"]


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_failures_stay_inside_the_client(sandbox, plain, status):
    sandbox.fail_next("langsmith", "status", status=status)
    answer = plain.post(sandbox.urls["langsmith"] + "/runs", json=run(), headers={"x-api-key": KEY})
    assert (answer.status_code, "detail" in answer.json()) == (status, True)
    assert sandbox.state("langsmith")["runs"] == {}
