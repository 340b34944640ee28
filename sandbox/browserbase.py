"""The Browserbase stand-in: sessions, and CDP to a local Chromium where one is installed.

Source: docs.browserbase.com and browserbase 1.22, checked August 2026.
"""

import asyncio
import re
import shutil
import tempfile
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import websockets
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.limits import FixedWindows
from sandbox.provider import Provider, Refusal, Settings, World, fault_kind, fault_of, json_object
from sandbox.wire import break_connection

Session = dict[str, Any]
_ENDED = frozenset({"ERROR", "TIMED_OUT", "COMPLETED"})
_REGIONS = frozenset({"us-west-2", "us-east-1", "eu-central-1", "ap-southeast-1"})
_SECRETS = ("connectUrl", "seleniumRemoteUrl", "signingKey")
_CONNECT_WITHIN_S = 300
_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests"}


class BrowserbaseSettings(Settings):
    """Browserbase's knobs.

    Attributes:
        concurrency: Sessions that may run at once.
        creates_per_minute: Sessions that may be made in a minute.
        chromium: Command of the browser to start for a session; empty: the first one found, if any.
        cdp_url: DevTools websocket of a browser that already runs, used instead of starting one.
        privacy_is_checked: Recording, logging or captcha solving left on is a violation.
    """

    keys: list[str] = ["bb_sandbox"]
    concurrency: int = 3
    creates_per_minute: int = 5
    chromium: str = ""
    cdp_url: str = ""
    privacy_is_checked: bool = True


class Browserbase(Provider):
    """Sessions that run, end, expire, and are billed by the minute."""

    name = "browserbase"
    faults = frozenset({"session_error", "close_1011", "close_1006"})
    settings: BrowserbaseSettings

    def __init__(self, world: World) -> None:
        self._browsers: dict[str, _Chromium] = {}
        super().__init__(world)

    def reset(self) -> None:
        """Forget every session."""
        super().reset()
        self.settings = BrowserbaseSettings()
        self.sessions: dict[str, Session] = {}
        self._creates = FixedWindows()

    def routes(self) -> list[BaseRoute]:
        """Return the session API and the DevTools websocket."""
        return [
            Route("/v1/sessions", self.list_sessions, methods=["GET"]),
            Route("/v1/sessions", self.create, methods=["POST"]),
            Route("/v1/sessions/{id}", self.get, methods=["GET"]),
            Route("/v1/sessions/{id}", self.update, methods=["POST"]),
            Route("/v1/sessions/{id}/debug", self.debug, methods=["GET"]),
            Route("/v1/sessions/{id}/logs", self.logs, methods=["GET"]),
            Route("/v1/sessions/{id}/recording", self.logs, methods=["GET"]),
            Route("/v1/contexts", self.create_context, methods=["POST"]),
            Route("/v1/projects/{id}", self.project, methods=["GET"]),
            Route("/v1/projects/{id}/usage", self.usage, methods=["GET"]),
            WebSocketRoute("/devtools/browser/{id}", self.connect),
        ]

    def environment(self, url: str) -> dict[str, str]:
        """Return the variables, the project's id included."""
        return super().environment(url) | {"BROWSERBASE_PROJECT_ID": "prj_sandbox"}

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return `{statusCode, error, message}`."""
        title = _TITLES.get(status, "Internal Server Error")
        headers = {} if retry_after_s is None else {"retry-after": str(int(retry_after_s))}
        return JSONResponse({"statusCode": status, "error": title, "message": message or title}, status, headers)

    async def unknown(self, request: Request) -> Response:
        """Answer an unknown path, its keys in another order."""
        path = request.url.path
        self.violate(request, "unknown_path", f"{request.method} {path}")
        body = {"message": f"Route {request.method}:{path} not found", "error": "Not Found", "statusCode": 404}
        return JSONResponse(body, 404)

    def state(self) -> dict[str, Any]:
        """Show every session, without its secrets, as it is now."""
        return {"sessions": [self._shown(session) for session in self.sessions.values()]}

    async def close(self) -> None:
        """Stop every browser that was started."""
        for browser in self._browsers.values():
            await browser.stop()
        self._browsers.clear()

    def _authenticate(self, request: Request) -> None:
        key = request.headers.get("x-bb-api-key")
        if key is None:
            raise Refusal(self.error(401, "Missing x-bb-api-key header"))
        if key not in self.settings.keys:
            raise Refusal(self.error(401, "Unauthorized"))

    def _stamp(self, at: float) -> str:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _shown(self, session: Session) -> Session:
        """Return a session as every call but its creation shows it."""
        self._expire(session)
        hidden = {"at", "connected_at", "expires", *_SECRETS}
        return {k: v for k, v in session.items() if k not in hidden and not (k == "endedAt" and v is None)}

    def _expire(self, session: Session) -> None:
        """End a session whose time is up, or that nobody connected to."""
        now = self.world.clock.now()
        idle = session["connected_at"] is None and now > session["at"] + _CONNECT_WITHIN_S
        if session["status"] == "RUNNING" and (now > session["expires"] or idle):
            self._end(session, "TIMED_OUT")

    def _end(self, session: Session, status: str) -> None:
        stamp = self._stamp(self.world.clock.now())
        session |= {"status": status, "endedAt": stamp, "updatedAt": stamp}

    def _running(self) -> int:
        for session in self.sessions.values():
            self._expire(session)
        return sum(session["status"] == "RUNNING" for session in self.sessions.values())

    async def create(self, request: Request) -> Response:
        """Start a session; only this answer carries its secrets."""
        self._authenticate(request)
        body = await json_object(request, Refusal(self.error(400, "Invalid JSON"), "not_json"))
        self._check(request, body)
        running, limit = self._running(), self.settings.concurrency
        if running >= limit:
            counts = f"(limit {limit}, currently {running})"
            message = f"You've exceeded your max concurrent sessions limit {counts}. Please contact support."
            raise Refusal(self.error(429, message))
        window = self._creates.look("creates", 60, self.world.clock.now())
        if window.used >= self.settings.creates_per_minute:
            raise Refusal(self.error(429, "Too many sessions created in the last minute"))
        window.used += 1
        session = self._new(body)
        self.sessions[session["id"]] = session
        if fault_kind(request) == "session_error":
            self._end(session, "ERROR")
        self.charge(request, {"browser_minutes": 1}, session=session["id"])
        hidden = {"at", "connected_at", "expires"}
        return JSONResponse({k: v for k, v in session.items() if k not in hidden}, 201)

    def _check(self, request: Request, body: dict[str, Any]) -> None:
        timeout = body.get("timeout", 300)
        if not isinstance(timeout, int) or not 60 <= timeout <= 21_600:
            raise Refusal(self.error(400, "timeout must be between 60 and 21600"), "bad_timeout", str(timeout))
        if body.get("region", "us-west-2") not in _REGIONS:
            raise Refusal(self.error(400, "unknown region"), "bad_region", str(body["region"]))
        if body.get("projectId", "prj_sandbox") != "prj_sandbox":
            raise Refusal(self.error(403, "Project not accessible"))
        wanted = body.get("browserSettings") or {}
        left_on = [name for name in ("recordSession", "logSession", "solveCaptchas") if wanted.get(name, True)]
        forced = [name for name in ("advancedStealth",) if wanted.get(name)] + (
            ["proxies"] if body.get("proxies") else []
        )
        if self.settings.privacy_is_checked and (left_on or forced):
            self.violate(request, "privacy", f"left on: {', '.join(left_on + forced)}")

    def _new(self, body: dict[str, Any]) -> Session:
        now = self.world.clock.now()
        session_id = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        key = f"signing-{self.random.getrandbits(64):016x}"
        socket_url = self.world.urls[self.name].replace("http://", "ws://")
        expires = now + body.get("timeout", 300)
        return {
            "id": session_id,
            "projectId": "prj_sandbox",
            "status": "RUNNING",
            "region": body.get("region", "us-west-2"),
            "keepAlive": bool(body.get("keepAlive", False)),
            "createdAt": self._stamp(now),
            "updatedAt": self._stamp(now),
            "startedAt": self._stamp(now),
            "expiresAt": self._stamp(expires),
            "endedAt": None,
            "proxyBytes": 0,
            "contextId": None,
            "userMetadata": body.get("userMetadata") or {},
            "connectUrl": f"{socket_url}/devtools/browser/{session_id}?signingKey={key}",
            "seleniumRemoteUrl": f"{self.world.urls[self.name]}/webdriver",
            "signingKey": key,
            "at": now,
            "expires": expires,
            "connected_at": None,
        }

    def _session(self, request: Request) -> Session:
        self._authenticate(request)
        session = self.sessions.get(request.path_params["id"])
        if session is None:
            raise Refusal(self.error(404, "Session not found"))
        return session

    async def list_sessions(self, request: Request) -> Response:
        """List sessions: a bare array, by `status` and by `q` over the metadata."""
        self._authenticate(request)
        shown = [self._shown(session) for session in self.sessions.values()]
        status, query = request.query_params.get("status"), request.query_params.get("q")
        shown = [one for one in shown if status in (None, one["status"])]
        pairs = re.findall(r"user_metadata\['(.+?)'\]:'(.+?)'", query or "")
        return JSONResponse([one for one in shown if all(one["userMetadata"].get(k) == v for k, v in pairs)])

    async def get(self, request: Request) -> Response:
        """Show a session."""
        return JSONResponse(self._shown(self._session(request)))

    async def update(self, request: Request) -> Response:
        """Release a session."""
        session = self._session(request)
        body = await json_object(request, Refusal(self.error(400, "Invalid JSON"), "not_json"))
        if body.get("status") != "REQUEST_RELEASE":
            raise Refusal(self.error(400, "status must be REQUEST_RELEASE"), "bad_status", str(body.get("status")))
        if session["status"] not in _ENDED:
            self._end(session, "COMPLETED")
        return JSONResponse(self._shown(session))

    async def debug(self, request: Request) -> Response:
        """Show the live view's addresses."""
        session, origin = self._session(request), self.world.urls[self.name]
        viewer = f"{origin}/devtools-fullscreen/inspector.html"
        facts = {"debuggerFullscreenUrl": viewer, "debuggerUrl": viewer, "wsUrl": session["connectUrl"], "pages": []}
        return JSONResponse(facts)

    async def logs(self, request: Request) -> Response:
        """Show logs or a recording: there are none."""
        self._session(request)
        return JSONResponse([])

    async def create_context(self, request: Request) -> Response:
        """Make a browser context; a violation, because it would keep cookies."""
        self._authenticate(request)
        self.violate(request, "keeps_cookies", "POST /v1/contexts")
        facts = {"publicKey": "", "cipherAlgorithm": "AES-256-CBC", "initializationVectorSize": 16, "uploadUrl": ""}
        return JSONResponse({"id": f"ctx_{self.random.getrandbits(32):x}", **facts}, 201)

    async def project(self, request: Request) -> Response:
        """Show the project's limits."""
        self._authenticate(request)
        facts = {
            "name": "Sandbox",
            "defaultTimeout": 300,
            "concurrency": self.settings.concurrency,
            "ownerId": "user_sandbox",
        }
        stamps = {"createdAt": self._stamp(0), "updatedAt": self._stamp(0)}
        return JSONResponse({"id": request.path_params["id"], **facts, **stamps})

    async def usage(self, request: Request) -> Response:
        """Show what was used: a minute at least for each session."""
        self._authenticate(request)
        return JSONResponse({"browserMinutes": len(self.sessions), "proxyBytes": 0})

    async def connect(self, socket: WebSocket) -> None:
        """Pass DevTools messages between the client and the local browser until either leaves."""
        session = self.sessions.get(socket.path_params["id"])
        if session is None or socket.query_params.get("signingKey") != session["signingKey"]:
            await socket.send_denial_response(self.error(401, "Unauthorized"))
            return
        self._expire(session)
        address = "" if session["status"] in _ENDED else await self._browser_for(session["id"])
        if not address:
            why = "the session has ended" if session["status"] in _ENDED else "no Chromium on this machine"
            await socket.send_denial_response(self.error(410 if session["status"] in _ENDED else 501, why))
            return
        session["connected_at"] = self.world.clock.now()
        await socket.accept()
        try:
            async with websockets.connect(address, max_size=None, proxy=None) as browser:
                await self._pump(socket, browser)
        finally:
            if not session["keepAlive"] and session["status"] == "RUNNING":
                self._end(session, "COMPLETED")
            if session["id"] in self._browsers:
                await self._browsers.pop(session["id"]).stop()

    async def _browser_for(self, session_id: str) -> str:
        """Return the DevTools address for a session, starting a browser if need be; empty without one."""
        if self.settings.cdp_url:
            return self.settings.cdp_url
        command = self.settings.chromium or next(filter(None, map(shutil.which, _CHROMIUMS)), "")
        if not command:
            return ""
        browser = self._browsers.get(session_id)
        if browser is None:
            browser = self._browsers[session_id] = _Chromium(command)
        return await browser.address()

    async def _pump(self, socket: WebSocket, browser: websockets.ClientConnection) -> None:
        async def outward() -> None:
            try:
                while True:
                    await browser.send(await socket.receive_text())
            except WebSocketDisconnect:
                return

        async def inward() -> None:
            struck, passed = fault_of(socket), 0
            async for message in browser:
                if struck is not None and passed >= struck.fault.after:
                    if struck.kind == "close_1006":
                        await break_connection(socket.scope)
                    else:
                        await socket.close(1011)
                    return
                await socket.send_text(message if isinstance(message, str) else message.decode())
                passed += 1

        sides = [asyncio.create_task(outward()), asyncio.create_task(inward())]
        await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
        for side in sides:
            side.cancel()
        await asyncio.gather(*sides, return_exceptions=True)


class _Chromium:
    """A headless Chromium with an empty profile of its own."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._profile = Path(tempfile.mkdtemp(prefix="sandbox-chromium-"))
        self._process: asyncio.subprocess.Process | None = None

    async def address(self) -> str:
        """Return its DevTools websocket, starting it first; empty if it does not come up within 10 s."""
        port_file = self._profile / "DevToolsActivePort"
        if self._process is None:
            flags = ("--headless=new", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0")
            self._process = await asyncio.create_subprocess_exec(
                self._command,
                *flags,
                f"--user-data-dir={self._profile}",
                "about:blank",
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        for _ in range(200):
            if port_file.exists() and len(lines := port_file.read_text().split()) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            await asyncio.sleep(0.05)
        return ""

    async def stop(self) -> None:
        """End the browser and remove its profile."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)
