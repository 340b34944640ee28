"""A mail server on loopback that keeps what it accepts: aiosmtpd, with scripted faults.

Speaks real SMTP on a port of its own (`SMTP_PORT` of the environment lines); its HTTP port only shows the mailbox. A
message counts as delivered from the moment the server takes responsibility for it, also where its answer is lost.

Scripted faults name the step as their method: CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY (its first byte has
come), DOT (all of it has), QUIT. `drop` closes the connection with nothing done, `drop_after` does what was asked and
closes it without an answer, `status` answers a code with `body` as its text, `replace` answers `body` as it stands,
`stall` and `stall_after` never answer, `slow` waits first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from email import message_from_bytes
from email.policy import default
from functools import partial
from typing import Any, NoReturn

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.faults import Struck
from sandbox.provider import Provider, Settings


class MailSettings(Settings):
    """The mail server's knobs: `keys` are "user:password" pairs; with any, a sender has to log in."""

    keys: list[str] = []
    offers: list[str] = Field([], description="further extensions, as SMTPUTF8; STARTTLS is offered and not done")
    max_bytes: int = Field(10_000_000, ge=1)


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
        self.talking: set[_Conversation] = set()
        connected = partial(_Conversation, self)
        self._server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)

    async def close(self) -> None:
        """Take no more."""
        if self._server is not None:
            self._server.close()
        for conversation in self.talking:  # while a scripted stall is on, say
            if conversation.transport is not None:
                conversation.transport.close()

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


class _Conversation(SMTP):
    """One connection: the protocol as aiosmtpd speaks it, with the faults that were scripted for its steps."""

    def __init__(self, mail: Mail) -> None:
        super().__init__(
            _Hooks(mail),
            data_size_limit=mail.settings.max_bytes,
            enable_SMTPUTF8="SMTPUTF8" in mail.settings.offers,
            hostname="mail.sandbox.example",
            ident="ESMTP",
            auth_require_tls=False,
            auth_exclude_mechanism=["LOGIN"],
            authenticator=self._log_in,
            loop=asyncio.get_running_loop(),
        )
        self._mail = mail
        self._step = "CONNECT"
        self._came = asyncio.Event()
        self.after: Struck | None = None
        """A fault that strikes the next answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._mail.connections += 1
        self._mail.talking.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._mail.talking.discard(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        self._came.set()
        super().data_received(data)

    async def push(self, status: str | bytes) -> None:
        """Answer, or do what a fault does instead."""
        answer = status if isinstance(status, str) else status.decode("ascii", "replace")
        if self._step == "CONNECT":
            self._step = ""
            answer = await self.scripted("CONNECT") or answer
        if self.after is not None:
            if self.after.kind == "stall_after":
                await asyncio.sleep(3600)
            self._hang_up()
        self._came.clear()
        await super().push(answer)
        if answer[:3] == "354":
            await self._came.wait()
            scripted = await self.scripted("BODY")
            if scripted is not None:
                await super().push(scripted)
                self._hang_up()

    async def scripted(self, step: str, rest: str = "") -> str | None:
        """Let the fault of a step strike; return what it answers instead of doing the step, or None."""
        struck = self._mail.world.faults.take(self._mail.name, step, rest)
        if struck is None:
            return None
        if struck.kind == "slow":
            await asyncio.sleep(struck.delay_s)
            return None
        if struck.kind == "status":
            return f"{struck.fault.status} {struck.fault.body or 'as scripted'}"
        if struck.kind == "replace":
            return struck.fault.body
        if struck.kind == "drop":
            self._hang_up()
        if struck.kind == "stall":
            await asyncio.sleep(3600)
        self.after = struck
        return None

    def _hang_up(self) -> NoReturn:
        if self.transport is not None:
            self.transport.close()
        raise asyncio.CancelledError  # ends the conversation's task, as a client that is gone does

    async def _take(self, step: str, arg: str | None, obey: Callable[[Any], Awaitable[None]]) -> None:
        answer = await self.scripted(step, arg or "")
        await (obey(arg) if answer is None else self.push(answer))

    async def check_auth_needed(self, caller_method: str) -> bool:
        """Want a log-in where there are users."""
        del caller_method
        if not self._mail.settings.keys or (self.session is not None and self.session.authenticated):
            return False
        await self.push("530 5.7.0 Authentication required")
        return True

    def _log_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        del server, session, envelope, mechanism
        user, password = (part.decode("utf-8", "replace") for part in (data.login, data.password))
        return AuthResult(success=f"{user}:{password}" in self._mail.settings.keys, handled=False)

    async def smtp_HELO(self, hostname: str) -> None:
        await self._take("EHLO", hostname, super().smtp_HELO)

    async def smtp_EHLO(self, hostname: str) -> None:
        await self._take("EHLO", hostname, super().smtp_EHLO)

    async def smtp_STARTTLS(self, arg: str) -> None:
        await self._take("STARTTLS", arg, super().smtp_STARTTLS)

    async def smtp_AUTH(self, arg: str) -> None:
        await self._take("AUTH", arg, super().smtp_AUTH)

    async def smtp_MAIL(self, arg: str | None) -> None:
        await self._take("MAIL", arg, super().smtp_MAIL)

    async def smtp_RCPT(self, arg: str | None) -> None:
        await self._take("RCPT", arg, super().smtp_RCPT)

    async def smtp_DATA(self, arg: str) -> None:
        await self._take("DATA", arg, super().smtp_DATA)

    async def smtp_QUIT(self, arg: str) -> None:
        await self._take("QUIT", arg, super().smtp_QUIT)


class _Hooks:
    """What aiosmtpd asks on the way: which extensions there are, and whether a message is taken."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer what the settings say, and a log-in where there are users."""
        del server, envelope
        session.host_name = hostname
        has_users = bool(self._mail.settings.keys)
        *offered, last = [line for line in responses if has_users or not line.startswith("250-AUTH")]
        more = (f"250-{offer}" for offer in ("PIPELINING", *self._mail.settings.offers))
        return [*offered, *(line for line in more if line not in offered), last]

    async def handle_DATA(self, server: _Conversation, session: Session, envelope: Envelope) -> str:
        """Take a message, unless a fault refuses it once all of it has come."""
        del session
        scripted = await server.scripted("DOT")
        if scripted is None:
            content = envelope.original_content or b""
            self._mail.deliver(envelope.mail_from or "", envelope.rcpt_tos, content)
        return scripted or "250 taken"
