import threading

import browserbase as sdk
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import serve

PRIVATE = {"recordSession": False, "logSession": False, "solveCaptchas": False}


@pytest.fixture(scope="session")
def browserbase_client(serving):
    key, url = serving.environment["BROWSERBASE_API_KEY"], serving.environment["BROWSERBASE_BASE_URL"]
    with sdk.Browserbase(api_key=key, base_url=url, max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture
def bb(sandbox, browserbase_client):
    return browserbase_client


@pytest.fixture
def browser(sandbox):
    """A websocket that answers like an echo, in the place of a browser's DevTools."""

    def echo(socket):
        for message in socket:
            socket.send(f"browser: {message}")

    server = serve(echo, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    sandbox.settings("browserbase", cdp_url=f"ws://127.0.0.1:{server.socket.getsockname()[1]}/")
    yield
    server.shutdown()
    thread.join()


def start(bb, **more):
    return bb.sessions.create(project_id="prj_sandbox", browser_settings=PRIVATE, **more)


def test_a_session_runs_until_it_is_released_and_tells_its_secrets_once(bb, sandbox, plain):
    session = start(bb, user_metadata={"job": "company-facts"})
    assert session.status == "RUNNING"
    assert session.connect_url.startswith("ws://127.0.0.1:")
    key = {"x-bb-api-key": sandbox.environment["BROWSERBASE_API_KEY"]}
    shown = plain.get(f"{sandbox.urls['browserbase']}/v1/sessions/{session.id}", headers=key).json()
    assert not {"connectUrl", "seleniumRemoteUrl", "signingKey", "endedAt"} & set(shown)
    running = bb.sessions.list(status="RUNNING", q="user_metadata['job']:'company-facts'")
    assert [one.id for one in running] == [session.id]
    assert bb.sessions.list(q="user_metadata['job']:'other'") == []
    assert bb.sessions.update(session.id, status="REQUEST_RELEASE", project_id="prj_sandbox").status == "COMPLETED"
    assert bb.sessions.list(status="RUNNING") == []
    assert sandbox.bill()["browserbase"] == {"browser_minutes": "1"}


def test_keys_ids_and_paths_are_refused_in_their_own_words(bb, sandbox, plain):
    url = sandbox.urls["browserbase"] + "/v1"
    assert plain.get(f"{url}/sessions").json() == {
        "statusCode": 401,
        "error": "Unauthorized",
        "message": "Missing x-bb-api-key header",
    }
    wrong = plain.get(f"{url}/sessions", headers={"x-bb-api-key": "x"}).json()
    assert wrong["message"] == "Unauthorized"
    nope = plain.get(f"{url}/nope")
    assert nope.text == '{"message":"Route GET:/v1/nope not found","error":"Not Found","statusCode":404}'
    with pytest.raises(sdk.NotFoundError):
        bb.sessions.retrieve("made-up")
    with pytest.raises(sdk.BadRequestError):
        start(bb, api_timeout=10)
    assert [one["rule"] for one in sandbox.take_violations()] == ["unknown_path", "bad_timeout"]


def test_too_many_sessions_at_once_or_in_a_minute_get_429(bb, sandbox):
    sandbox.hold()
    sandbox.settings("browserbase", concurrency=1, creates_per_minute=2)
    first = start(bb)
    with pytest.raises(sdk.RateLimitError, match="max concurrent sessions"):
        start(bb)
    bb.sessions.update(first.id, status="REQUEST_RELEASE")
    bb.sessions.update(start(bb).id, status="REQUEST_RELEASE")
    with pytest.raises(sdk.RateLimitError, match="last minute"):
        start(bb)
    sandbox.advance(61)
    assert start(bb).id


def test_sessions_end_when_nobody_connects_when_time_is_up_and_by_error(bb, sandbox):
    idle, short = start(bb, api_timeout=600), start(bb, api_timeout=60)
    sandbox.advance(61)
    assert bb.sessions.retrieve(short.id).status == "TIMED_OUT"
    assert bb.sessions.retrieve(idle.id).status == "RUNNING"
    sandbox.advance(300)
    assert bb.sessions.retrieve(idle.id).status == "TIMED_OUT"
    sandbox.fail_next("browserbase", "session_error")
    assert start(bb).status == "ERROR"


def test_recording_left_on_and_contexts_are_violations(bb, sandbox):
    bb.sessions.create(project_id="prj_sandbox")
    bb.contexts.create(project_id="prj_sandbox")
    assert [one["rule"] for one in sandbox.take_violations()] == ["privacy", "keeps_cookies"]


def test_a_connection_is_passed_on_and_ends_the_session(bb, browser):
    session = start(bb)
    with connect(session.connect_url, proxy=None) as socket:
        socket.send('{"id": 1}')
        assert socket.recv(timeout=5) == 'browser: {"id": 1}'
    for _ in range(100):
        if bb.sessions.retrieve(session.id).status == "COMPLETED":
            break
    assert bb.sessions.retrieve(session.id).status == "COMPLETED"
    with pytest.raises(InvalidStatus):
        connect(session.connect_url, proxy=None)


def test_a_kept_session_survives_its_connection(bb, browser):
    session = start(bb, keep_alive=True)
    for _ in range(2):
        with connect(session.connect_url, proxy=None) as socket:
            socket.send("hello")
            assert socket.recv(timeout=5) == "browser: hello"
    assert bb.sessions.retrieve(session.id).status == "RUNNING"


@pytest.mark.parametrize(("kind", "code"), [("close_1011", 1011), ("close_1006", None)])
def test_the_browser_can_be_lost_in_the_middle(bb, browser, sandbox, kind, code):
    session = start(bb)
    sandbox.fail_next("browserbase", kind, method="WEBSOCKET", after=1)
    with connect(session.connect_url, proxy=None) as socket:
        socket.send("one")
        assert socket.recv(timeout=5) == "browser: one"
        socket.send("two")
        with pytest.raises(ConnectionClosedError) as caught:
            socket.recv(timeout=5)
    assert (caught.value.rcvd.code if caught.value.rcvd else None) == code


def test_a_wrong_signing_key_is_refused(bb):
    session = start(bb)
    with pytest.raises(InvalidStatus) as caught:
        connect(session.connect_url + "x", proxy=None)
    assert caught.value.response.status_code == 401
