"""A mail server on loopback that keeps what it accepts. Source: RFC 5321.

Speaks real SMTP on a port of its own (`SMTP_PORT` of the environment lines); its HTTP port only shows the mailbox. A
message counts as delivered from the moment the server takes responsibility for it, also where its answer is lost.

Scripted faults name the step as their method: CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY (its first byte has
come), DOT (all of it has), QUIT. `drop` closes the connection with nothing done, `drop_after` does what was asked and
closes it without an answer, `status` answers a code with `body` as its text, `replace` answers `body` as it stands,
`stall` and `stall_after` never answer, `slow` waits first.
"""

import asyncio
import base64
import contextlib
from collections.abc import Sequence
from email import message_from_bytes
from email.policy import default
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.faults import Struck
from sandbox.provider import Provider, Settings

_LONGEST_LINE = 2048
_STEPS = {"HELO": "EHLO"}


class MailSettings(Settings):
    """The mail server's knobs: `keys` are "user:password" pairs; with any, a sender has to log in."""

    keys: list[str] = []
    offers: list[str] = Field([], description="further extensions, as STARTTLS, which is offered and not done")
    max_bytes: int = Field(10_000_000, ge=1)


class _Hangup(Exception):
    """Ends a conversation."""


class Mail(Provider):
    """The mail server and its mailbox."""

    name = "smtp"
    settings: MailSettings
    _server: asyncio.Server | None = None

    def reset(self) -> None:
        """Empty the mailbox."""
        super().reset()
        self.settings = MailSettings()
        self.delivered: list[dict[str, Any]] = []
        self.connections = 0

    def routes(self) -> Sequence[BaseRoute]:
        """Return the route that shows the mailbox."""
        return [Route("/", self.mailbox, methods=["GET"])]

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:  # noqa: ARG002 - as HTTP's
        """Return an error of the HTTP side."""
        return JSONResponse({"error": message or str(status)}, status)

    def environment(self, url: str) -> dict[str, str]:  # noqa: ARG002 - as HTTP's - its HTTP address is for looking only
        """Return where mail is taken, and a sender."""
        port = self._server.sockets[0].getsockname()[1] if self._server else 0
        place = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_SECURITY": "none"}
        return {**place, "SMTP_SENDER": "Sales Team <sales@our-company.example>"}

    def state(self) -> dict[str, Any]:
        """Show the mailbox."""
        return {"messages": self.delivered, "connections": self.connections}

    async def mailbox(self, _request: Request) -> Response:
        """Show the mailbox."""
        return JSONResponse(self.state())

    async def open(self) -> None:
        """Start taking mail, on a free port."""
        self._server = await asyncio.start_server(self._converse, "127.0.0.1", 0, limit=self.settings.max_bytes)

    async def close(self) -> None:
        """Take no more."""
        if self._server is not None:
            self._server.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        # Cancelled: the sandbox ends while a scripted stall is on.
        broken = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError)
        with contextlib.suppress(_Hangup, *broken):
            await _Conversation(self, reader, writer).run()
        writer.close()

    def deliver(self, sender: str, recipients: list[str], data: bytes) -> None:
        """Take responsibility for a message."""
        message = message_from_bytes(data, policy=default)
        self.delivered.append(
            {
                "from": sender,
                "to": recipients,
                "message_id": str(message["Message-ID"] or ""),
                "subject": str(message["Subject"] or ""),
                "data": data.decode("utf-8", "replace"),
            }
        )


class _Conversation:
    """One connection: what was said so far, and the answers."""

    def __init__(self, mail: Mail, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._mail = mail
        self._reader = reader
        self._writer = writer
        self._is_known = False
        self._greeted = False
        self._sender: str | None = None
        self._recipients: list[str] = []

    async def run(self) -> None:
        """Converse until one side hangs up."""
        struck = await self._strike("CONNECT")
        await self._answer("220 mail.sandbox.example ESMTP", struck)
        while True:
            line = await self._reader.readuntil(b"\n")
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if len(line) > _LONGEST_LINE:
                await self._answer("500 line too long")
                continue
            verb, _, rest = text.partition(" ")
            verb = verb.upper()
            struck = await self._strike(_STEPS.get(verb, verb), rest)
            await self._obey(verb, rest.strip(), struck)

    async def _obey(self, verb: str, rest: str, struck: Struck | None) -> None:
        match verb:
            case "EHLO" | "HELO":
                self._greeted = True
                offers = ["PIPELINING", "8BITMIME", *(["AUTH PLAIN"] if self._mail.settings.keys else [])]
                offers += self._mail.settings.offers
                await self._answer("250-mail.sandbox.example\r\n" + "\r\n".join(_listed(offers)), struck)
            case "STARTTLS":
                await self._answer("454 4.7.0 TLS not available due to temporary reason", struck)
            case "AUTH":
                await self._answer(self._log_in(rest), struck)
            case "MAIL":
                await self._answer(self._take_sender(rest), struck)
            case "RCPT":
                await self._answer(self._take_recipient(rest), struck)
            case "DATA":
                await self._take_message(struck)
            case "RSET":
                self._sender, self._recipients = None, []
                await self._answer("250 ok", struck)
            case "NOOP":
                await self._answer("250 ok", struck)
            case "QUIT":
                await self._answer("221 bye", struck)
                raise _Hangup
            case _:
                await self._answer("500 what?", struck)

    def _log_in(self, rest: str) -> str:
        with contextlib.suppress(ValueError, UnicodeDecodeError):
            _, user, password = base64.b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")
            self._is_known = f"{user}:{password}" in self._mail.settings.keys
        return "235 welcome" if self._is_known else "535 wrong user or password"

    def _take_sender(self, rest: str) -> str:
        if not self._greeted or self._sender is not None:
            return "503 bad sequence of commands"
        if self._mail.settings.keys and not self._is_known:
            return "530 log in first"
        self._sender = _path(rest, "FROM:")
        return "250 ok" if self._sender is not None else "501 MAIL FROM:<address>"

    def _take_recipient(self, rest: str) -> str:
        recipient = _path(rest, "TO:")
        if self._sender is None:
            return "503 bad sequence of commands"
        if not recipient:
            return "501 RCPT TO:<address>"
        self._recipients.append(recipient)
        return "250 ok"

    async def _take_message(self, struck: Struck | None) -> None:
        if self._sender is None or not self._recipients:
            await self._answer("503 bad sequence of commands", struck)
            return
        await self._answer("354 go ahead", struck)
        begun = await self._reader.readexactly(1)
        body = await self._strike("BODY")
        if body is not None:
            await self._reader.read(64)
            await self._answer("451 no", body)
        data = begun + (await self._reader.readuntil(b"\r\n.\r\n"))[:-3]
        dot = await self._strike("DOT")
        if dot is None or dot.kind not in ("status", "replace"):
            unstuffed = data.replace(b"\r\n..", b"\r\n.").removeprefix(b".")
            self._mail.deliver(self._sender, self._recipients, unstuffed)
        self._sender, self._recipients = None, []
        await self._answer("250 taken", dot)

    async def _strike(self, step: str, rest: str = "") -> Struck | None:
        """Return the fault that strikes a step, after those that strike before anything is done."""
        struck = self._mail.world.faults.take(self._mail.name, step, rest)
        if struck is None:
            return None
        if struck.kind == "slow":
            await asyncio.sleep(struck.delay_s)
            return None
        if struck.kind == "drop":
            raise _Hangup
        if struck.kind == "stall":
            await asyncio.sleep(3600)
        return struck

    async def _answer(self, text: str, struck: Struck | None = None) -> None:
        if struck is not None and struck.kind == "stall_after":
            await asyncio.sleep(3600)
        if struck is not None and struck.kind == "status":
            text = f"{struck.fault.status} {struck.fault.body or 'as scripted'}"
        elif struck is not None and struck.kind == "replace":
            text = struck.fault.body
        elif struck is not None:
            raise _Hangup
        self._writer.write(f"{text}\r\n".encode())
        await self._writer.drain()


def _listed(offers: list[str]) -> list[str]:
    return [f"250{' ' if offer == offers[-1] else '-'}{offer}" for offer in offers]


def _path(rest: str, keyword: str) -> str | None:
    """Return the address of `FROM:<address> parameters`; None where it is none."""
    if not rest.upper().startswith(keyword):
        return None
    path = rest[len(keyword) :].strip().split(" ")[0]
    return path[1:-1] if path.startswith("<") and path.endswith(">") else None
