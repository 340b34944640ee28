"""Starts and stops the sandbox: one process, one event loop, a loopback port for each provider and each website.

In a test:

    with Sandbox() as sandbox:
        client = make_client(base_url=sandbox.urls["close"], api_key=sandbox.environment["CLOSE_API_KEY"])
        sandbox.fail_next("close", "status", status=429, retry_after_s=2)
        ...
        assert len(sandbox.requests("close", path="/api/v1/lead/")) == 1
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

import httpx
import uvicorn

from sandbox.control import Control
from sandbox.faults import Fault
from sandbox.provider import Provider, World
from sandbox.registry import every_provider
from sandbox.wire import Wire, Wiring

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8800


class SandboxViolation(AssertionError):
    """The real provider would have refused something that was sent to the sandbox."""


class _QuietServer(uvicorn.Server):
    """A uvicorn server that leaves signals to its owner, and says when it listens."""

    def __init__(self, config: uvicorn.Config, started: threading.Event, *, takes_signals: bool) -> None:
        super().__init__(config)
        self._listening = started
        self._takes_signals = takes_signals

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM only when the sandbox is a process of its own."""
        if self._takes_signals:
            with super().capture_signals():
                yield
        else:
            yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self._listening.set()


class Servers:
    """The sandbox's parts, bound to ports but not yet served."""

    def __init__(self, port: int = 0, names: Sequence[str] | None = None) -> None:
        self.world = World()
        providers: list[Provider] = [p for p in every_provider(self.world) if names is None or p.name in names]
        self.control = Control(self.world, {provider.name: provider for provider in providers})
        self._wiring = Wiring(self.world, self.control)
        self._server: _QuietServer | None = None
        self._sockets: list[socket.socket] = []
        try:
            for offset in range(len(providers) + 1):
                self._sockets.append(_listen(port + offset if port else 0))
        except OSError:
            self.close()
            raise
        self.control_url = _url(self._sockets[0])
        for provider, bound in zip(providers, self._sockets[1:], strict=True):
            self._wiring.by_port[bound.getsockname()[1]] = provider
            self.world.urls[provider.name] = _url(bound)

    def close(self) -> None:
        """Return the ports back, if they have not been served."""
        for bound in self._sockets:
            bound.close()

    def run(self, started: threading.Event, *, takes_signals: bool) -> None:
        """Serve until stopped; sets `started` when listening."""
        config = uvicorn.Config(
            self._wiring,
            http=Wire,
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _QuietServer(config, started, takes_signals=takes_signals)
        asyncio.run(self._serve(self._server))

    async def _serve(self, server: uvicorn.Server) -> None:
        try:
            for provider in self.control.providers.values():
                await provider.open()
            await server.serve(sockets=self._sockets)
        finally:
            for provider in self.control.providers.values():
                await provider.close()

    def stop(self) -> None:
        """Ask the server to end; connections that wait are closed."""
        if self._server is not None:
            self._server.should_exit = True
            self._server.force_exit = True


def _listen(port: int) -> socket.socket:
    # asyncio switches Nagle's delay (40 ms a call) off only where the protocol is named
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, port))
    except OSError:
        bound.close()
        raise
    return bound


def _url(bound: socket.socket) -> str:
    return f"http://{LOOPBACK}:{bound.getsockname()[1]}"


class SandboxControl:
    """What can be asked of a running sandbox, over its control port; works from any process.

    Attributes:
        urls: Origin by provider name (`http://127.0.0.1:PORT`), without the provider's base path.
        environment: The variables that point every client at the sandbox, base paths included.
    """

    def __init__(self, control_url: str) -> None:
        self.control_url = control_url
        self._http = httpx.Client(base_url=control_url + "/_sandbox", timeout=10, trust_env=False)
        overview = self._call("GET", "/")
        self.urls: dict[str, str] = overview["urls"]
        self.environment: dict[str, str] = overview["environment"]

    def close(self) -> None:
        """Close the connection to the control port; the sandbox runs on."""
        self._http.close()

    def fail_next(self, provider: str, kind: str, times: int | None = 1, **details: Any) -> None:
        """Script a fault for the next `times` matching calls; `details` are the fields of `sandbox.faults.Fault`."""
        fault = Fault(provider=provider, kind=kind, times=times, **details)
        self._call("POST", "/faults", json=fault.model_dump(mode="json"))

    def clear_faults(self, provider: str | None = None) -> None:
        """Let nothing more go wrong."""
        self._call("DELETE", "/faults", params=_given(provider=provider))

    def requests(self, provider: str | None = None, **filters: str | int) -> list[dict[str, Any]]:
        """Return recorded requests, oldest first; filters: `path` (shell pattern), `method`, `since` (number)."""
        found: list[dict[str, Any]] = self._call("GET", "/requests", params=_given(provider=provider, **filters))
        return found

    def violations(self, provider: str | None = None) -> list[dict[str, Any]]:
        """Return what the real provider would have refused, oldest first."""
        found: list[dict[str, Any]] = self._call("GET", "/violations", params=_given(provider=provider))
        return found

    def take_violations(self, provider: str | None = None) -> list[dict[str, Any]]:
        """Return the violations a test has provoked on purpose, and take them off the record."""
        found: list[dict[str, Any]] = self._call("DELETE", "/violations", params=_given(provider=provider))
        return found

    def assert_clean(self) -> None:
        """Raise SandboxViolation if anything was sent that the real provider would refuse."""
        found = self.violations()
        if found:
            lines = [f"  {v['provider']} #{v['exchange']} {v['rule']}: {v['detail']}" for v in found]
            raise SandboxViolation("the real provider would refuse this:\n" + "\n".join(lines))

    def charges(self, provider: str | None = None) -> list[dict[str, Any]]:
        """Return what would be billed, call by call; units are decimal texts."""
        found: list[dict[str, Any]] = self._call("GET", "/charges", params=_given(provider=provider))
        return found

    def bill(self) -> dict[str, dict[str, str]]:
        """Return the bill added up: provider, unit, decimal text."""
        totals: dict[str, dict[str, str]] = self._call("GET", "/bill")
        return totals

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock: windows open anew, cursors and sessions expire."""
        self._call("POST", "/clock", json={"advance_s": seconds})

    def hold(self) -> None:
        """Let the sandbox's clock stand still until it is moved or reset."""
        self._call("POST", "/clock", json={"hold": True})

    def settings(self, provider: str, **changes: Any) -> dict[str, Any]:
        """Change some of a provider's knobs; returns all of them."""
        verb = "POST" if changes else "GET"
        knobs: dict[str, Any] = self._call(verb, f"/settings/{provider}", json=changes or None)
        return knobs

    def seed(self, provider: str, **data: Any) -> dict[str, Any]:
        """Put made-up data into a provider; returns what was made."""
        made: dict[str, Any] = self._call("POST", f"/seed/{provider}", json=data)
        return made

    def state(self, provider: str) -> dict[str, Any]:
        """Return what a provider holds."""
        held: dict[str, Any] = self._call("GET", f"/state/{provider}")
        return held

    def reset(self, provider: str | None = None) -> None:
        """Forget everything: state, settings, records, faults, and (for everyone) the moved clock."""
        self._call("POST", "/reset", params=_given(provider=provider))

    def _call(self, verb: str, path: str, **how: Any) -> Any:
        answer = self._http.request(verb, path, **how)
        if answer.is_error:
            raise ValueError(f"sandbox control {verb} {path}: {answer.status_code} {answer.text}")
        return answer.json()


def _given(**params: str | int | None) -> dict[str, str | int]:
    return {name: value for name, value in params.items() if value is not None}


class Sandbox:
    """A sandbox in a thread of this process, and its control; a context manager.

    Args:
        port: First port of a consecutive range (control first); 0 takes free ports.
        names: Serve these providers only; None serves all.
        strict: Raise `SandboxViolation` on leaving if a violation was neither provoked nor taken.
    """

    def __init__(self, port: int = 0, names: Sequence[str] | None = None, *, strict: bool = False) -> None:
        self._servers = Servers(port, names)
        self._strict = strict
        self._thread: threading.Thread | None = None
        self._control: SandboxControl | None = None

    def start(self) -> SandboxControl:
        """Start serving; returns the control once every port listens."""
        started = threading.Event()
        self._thread = threading.Thread(
            target=self._servers.run, args=(started,), kwargs={"takes_signals": False}, name="sandbox", daemon=True
        )
        self._thread.start()
        if not started.wait(timeout=10):
            raise RuntimeError("the sandbox did not start within 10 s")
        self._control = SandboxControl(self._servers.control_url)
        return self._control

    def stop(self) -> None:
        """Stop serving and wait for the end."""
        if self._control is not None:
            self._control.close()
        self._servers.stop()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def __enter__(self) -> SandboxControl:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._strict and kind is None and self._control is not None:
                self._control.assert_clean()
        finally:
            self.stop()
