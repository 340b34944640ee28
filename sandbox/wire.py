"""The layer between the socket and the providers: records each call, lets faults strike, breaks connections."""

import asyncio
import json
import weakref
from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.faults import GENERAL_FAULTS, Struck
from sandbox.provider import Provider, Refusal, World
from sandbox.recorder import Exchange

_PROXY_ERROR = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>edge</body></html>"
_transports: "weakref.WeakValueDictionary[tuple[Any, Any], asyncio.Transport]" = weakref.WeakValueDictionary()


class Wire(H11Protocol):
    """uvicorn's HTTP protocol, remembering its transport: ASGI has no word for breaking a connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP is all it is used with
        """Remember the transport under both ends of the connection."""
        super().connection_made(transport)
        _transports[self.server, self.client] = transport


async def break_connection(scope: Scope, *, flush: bool = False) -> None:
    """Close the connection without finishing the answer.

    Args:
        scope: The ASGI scope of the call (HTTP or websocket).
        flush: Send what has been written already; otherwise it is thrown away.
    """
    transport = _transports.get((scope["server"], scope["client"]))
    if transport is not None:
        if flush:
            transport.close()
        else:
            transport.abort()
    await asyncio.sleep(0.01)  # uvicorn learns of the loss on a later turn of the loop


class Captured:
    """Collects an answer instead of sending it."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def send(self, message: Message) -> None:
        """Take one ASGI message."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


class Wiring:
    """Serves every provider: one ASGI application, told apart by the port that was called."""

    def __init__(self, world: World, control: ASGIApp) -> None:
        self.world = world
        self.control = control
        self.by_port: dict[int, Provider] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        provider = self.by_port.get(scope["server"][1])
        if provider is None:
            await self.control(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(provider, scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(provider, scope, receive, send)

    def _open(self, provider: Provider, scope: Scope, body: bytes) -> tuple[Exchange, Struck | None]:
        """Record the call and see which fault strikes it; a provider finds both in its scope."""
        exchange = self.world.recorder.open(provider.name, scope, body, self.world.clock.now())
        struck = self.world.faults.take(provider.name, exchange.method, exchange.path)
        exchange.fault = struck.kind if struck else None
        scope["sandbox.exchange"] = exchange
        scope["sandbox.fault"] = struck
        return exchange, struck

    async def _http(self, provider: Provider, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            return
        exchange, struck = self._open(provider, scope, body)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                if not 100 <= message["status"] < 600:
                    await _send_odd_status(scope, message)
                    return
            await send(message)

        call = _Call(provider, scope, body, receive, noted)
        if struck is None or struck.kind not in GENERAL_FAULTS:
            await call.run()
        else:
            await call.strike(struck)

    async def _websocket(self, provider: Provider, scope: Scope, receive: Receive, send: Send) -> None:
        exchange, struck = self._open(provider, scope, b"")

        async def noted() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and message.get("text") is not None:
                exchange.body += message["text"] + "\n"
            return message

        if struck is None or struck.kind not in GENERAL_FAULTS:
            await provider.app(scope, noted, send)
        else:
            await _Line(provider, scope, noted, send).strike(struck)


class _Line:
    """One websocket to one provider, struck by a general fault; an answer here is a message."""

    def __init__(self, provider: Provider, scope: Scope, receive: Receive, send: Send) -> None:
        self.provider, self.scope, self.receive, self.send = provider, scope, receive, send
        self._sent = 0

    async def strike(self, struck: Struck) -> None:
        """Let the fault strike the handshake, or the messages after it."""
        fault = struck.fault
        match struck.kind:
            case "drop":
                await break_connection(self.scope)
            case "status" | "status_after":
                await self._deny(self.provider.error(fault.status, fault.body, fault.retry_after_s))
            case "html":
                await self._deny(HTMLResponse(_PROXY_ERROR.format(f"{fault.status} Bad Gateway"), fault.status))
            case "replace":
                await self._deny(Response(fault.body, fault.status, media_type=fault.content_type))
            case "stall":
                await self._listen_only()
            case "slow":
                await asyncio.sleep(struck.delay_s)
                await self.provider.app(self.scope, self.receive, self.send)
            case _:
                await self.provider.app(self.scope, self.receive, self._spoiling(struck))

    async def _deny(self, response: Response) -> None:
        await response(self.scope, self.receive, self.send)

    async def _listen_only(self) -> None:
        """Accept, and say nothing until the client gives up."""
        await self.send({"type": "websocket.accept"})
        while (await self.receive())["type"] != "websocket.disconnect":
            pass

    def _spoiling(self, struck: Struck) -> Send:
        """Return what sends messages on, until the fault has its turn."""
        unspoiled = struck.fault.after if struck.kind == "cut_stream" else 0

        async def send(message: Message) -> None:
            if message["type"] != "websocket.send":
                await self.send(message)
                return
            self._sent += 1
            if self._sent <= unspoiled:
                await self.send(message)
            elif struck.kind == "malformed_json":
                await self.send({**message, "text": _broken(message["text"].encode()).decode()})
            elif struck.kind != "stall_after":
                await break_connection(self.scope, flush=True)

        return send


class _Call:
    """One HTTP call to one provider, its request read completely."""

    def __init__(self, provider: Provider, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        self.provider, self.scope, self.body, self.send = provider, scope, body, send
        self._receive, self._is_read = receive, False

    async def receive(self) -> Message:
        """Hand the body out once, then wait for the client to leave."""
        if self._is_read:
            return await self._receive()
        self._is_read = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def run(self, send: Send | None = None) -> None:
        """Let the provider answer; a refusal is an answer too."""
        outlet, has_begun = send or self.send, False

        async def noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await outlet(message)

        try:
            await self.provider.app(self.scope, self.receive, noted)
        except Refusal as refusal:
            if refusal.rule is not None:
                self._violate(refusal.rule, refusal.detail)
            await refusal.response(self.scope, self.receive, outlet)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test that sent this must hear of it
            self._violate("not_understood", f"{type(error).__name__}: {error}")
            if has_begun:
                await break_connection(self.scope)
            else:
                await self.provider.error(500, "The sandbox did not understand this")(self.scope, self.receive, outlet)

    def _violate(self, rule: str, detail: str) -> None:
        self.provider.world.recorder.violate(self.scope["sandbox.exchange"], rule, detail)

    async def strike(self, struck: Struck) -> None:
        """Let a general fault strike the call."""
        fault = struck.fault
        match struck.kind:
            case "slow":
                await asyncio.sleep(struck.delay_s)
                await self.run()
            case "stall":
                await self._wait_for_leaving()
            case "drop":
                await break_connection(self.scope)
            case "status":
                await self._answer(self.provider.error(fault.status, fault.body, fault.retry_after_s))
            case "html":
                page = HTMLResponse(_PROXY_ERROR.format(f"{fault.status} Bad Gateway"), fault.status)
                await self._answer(page)
            case "replace":
                await self._answer(Response(fault.body, fault.status, media_type=fault.content_type))
            case "cut_stream":
                await self._cut_stream(fault.after)
            case _:
                await self._strike_after(struck)

    async def _strike_after(self, struck: Struck) -> None:
        """Let the provider do its work, then spoil the answer."""
        captured = Captured()
        await self.run(captured.send)
        match struck.kind:
            case "stall_after":
                await self._wait_for_leaving()
            case "drop_after":
                await break_connection(self.scope)
            case "status_after":
                await self._answer(self.provider.error(struck.fault.status, "", struck.fault.retry_after_s))
            case "malformed_json":
                headers = {"content-type": "application/json"}
                await self._answer(Response(_broken(captured.body), captured.status, headers))
            case "truncated_body":
                await self.send({"type": "http.response.start", "status": captured.status, "headers": captured.headers})
                half = captured.body[: len(captured.body) // 2]
                await self.send({"type": "http.response.body", "body": half, "more_body": True})
                await break_connection(self.scope, flush=True)

    async def _answer(self, response: Response) -> None:
        await response(self.scope, self.receive, self.send)

    async def _wait_for_leaving(self) -> None:
        """Say nothing until the client gives up."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _cut_stream(self, after: int) -> None:
        """Pass `after` pieces of the body on, then break the connection."""
        passed = 0

        async def cutting(message: Message) -> None:
            nonlocal passed
            if message["type"] != "http.response.body":
                await self.send(message)
            elif passed < after:
                passed += 1
                await self.send({**message, "more_body": True})
            elif passed == after:
                passed += 1
                await break_connection(self.scope, flush=True)

        await self.run(cutting)
        await break_connection(self.scope, flush=True)


async def _read(receive: Receive) -> bytes | None:
    """Return the request's body, or None if the client left while sending it."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _broken(body: bytes) -> bytes:
    """Return the first half of some JSON, made sure not to parse."""
    half = body[: len(body) // 2]
    try:
        json.loads(half)
    except ValueError:
        return half
    return half + b'{"'


async def _send_odd_status(scope: Scope, message: Message) -> None:
    """Write an answer with a status outside HTTP's own range (LinkedIn's 999), which uvicorn cannot."""
    transport = _transports.get((scope["server"], scope["client"]))
    if transport is not None:
        transport.write(f"HTTP/1.1 {message['status']} Request denied\r\n".encode())
        transport.write(b"content-type: text/html\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    await break_connection(scope, flush=True)
