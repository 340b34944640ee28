"""Hands one message to a mail server, and says with certainty what can be said with certainty.

Source: RFC 5321, 4.2.5 and 4.5.3: a message is accepted by a 2yz reply to the dot that ends it, and by nothing else.
So until its first byte is written it is certainly not sent; from then on only the server's final answer says. Every
command is sent by itself, DATA and the message apart, so that it is known how far the conversation was. What an answer
means, `core.outreach.delivery` says.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTPException, SMTPHeloError, SMTPResponse, SMTPResponseException, SMTPServerDisconnected

from core.outreach.delivery import ACCOUNT, UNKNOWN, Delivery, ReplyMeaning, Stage, meaning_of, told

# It logs whole conversations, addresses included.
logging.getLogger("aiosmtplib").setLevel(logging.WARNING)

Security = Literal["starttls", "tls", "none"]
_GOODBYE_S = 5.0
_GO_AHEAD = 354
_FIRST_DOT = re.compile(rb"(?m)^\.")
_NO_HELLO = (500, 502, 504, 550)
"""Answers to EHLO of servers that know only HELO (RFC 5321, 3.2)."""


@dataclass(frozen=True)
class SmtpServer:
    """Where and how a server is spoken to.

    Attributes:
        security: `starttls` refuses a server that cannot; `none` is for one on this machine.
        timeout_s: seconds for each command.
        deadline_s: seconds for the whole.
    """

    host: str
    port: int
    security: Security = "starttls"
    username: str | None = None
    password: str | None = None
    timeout_s: float = 30.0
    deadline_s: float = 120.0


async def send(server: SmtpServer, sender: str, recipient: str, message: bytes) -> Delivery:
    """Hand a message to the server; say what became of it, whatever happens.

    Args:
        server: where.
        sender: bare address of the envelope, in ASCII.
        recipient: bare address, in ASCII; the only one.
        message: as rendered, in CRLF lines.
    """
    talk = _Conversation(server)
    try:
        async with asyncio.timeout(server.deadline_s):
            await talk.greet()
            await talk.log_in()
            code, text = await talk.hand_over(sender, recipient, message)
        await talk.say_goodbye()
    except _Answered as answer:
        code, text = answer.code, answer.text
    except Exception as error:  # noqa: BLE001 - whatever it was, what counts is whether a byte of the message was out
        return _lost(talk.stage, error)
    finally:
        talk.close()
    return _delivery(talk.stage, code, text, meaning_of(talk.stage, code, text))


async def look(server: SmtpServer) -> Delivery | None:
    """Greet the server and log in, and send nothing; say what is in the way, or None."""
    talk = _Conversation(server)
    try:
        async with asyncio.timeout(server.deadline_s):
            await talk.greet()
            await talk.log_in()
        await talk.say_goodbye()
    except _Answered as answer:
        return _delivery(talk.stage, answer.code, answer.text, ACCOUNT)
    except Exception as error:  # noqa: BLE001 - as in `send`
        return _lost(talk.stage, error)
    finally:
        talk.close()
    return None


class _Answered(Exception):
    """The server answered something other than go on."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


class _Missing(Exception):
    """The server lacks what the settings ask for."""


class _Conversation:
    """One connection, and how far it is."""

    def __init__(self, server: SmtpServer) -> None:
        self.stage = Stage.CONNECT
        self._server = server
        self._client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=False,
            timeout=server.timeout_s,
            local_hostname="localhost" if server.security == "none" else None,
        )

    async def greet(self) -> None:
        """Connect, say hello, and go over to TLS where that is wanted."""
        with _answers(self, Stage.GREETING):
            await self._client.connect()
        await self._hello()
        if self._server.security == "starttls":
            self.stage = Stage.STARTTLS
            if not self._client.supports_extension("starttls"):
                raise _Missing("it offers no STARTTLS")
            with _answers(self):
                await self._client.starttls()
            await self._hello()

    async def _hello(self) -> None:
        self.stage = Stage.EHLO
        with _answers(self):
            try:
                await self._client.ehlo()
            except SMTPHeloError as refused:
                if refused.code not in _NO_HELLO:
                    raise
                await self._client.helo()

    async def log_in(self) -> None:
        """Log in, where there is a user."""
        if self._server.username is None:
            return
        self.stage = Stage.AUTH
        if not self._client.supports_extension("auth") or not self._client.supported_auth_methods:
            raise _Missing("it offers no log-in that is known here")
        with _answers(self):
            await self._client.login(self._server.username, self._server.password or "")

    async def hand_over(self, sender: str, recipient: str, message: bytes) -> tuple[int, str]:
        """Send envelope and message; return the server's final answer, also where that is no."""
        self.stage = Stage.MAIL
        with _answers(self):
            await self._client.mail(sender)
            self.stage = Stage.RCPT
            await self._client.rcpt(recipient)
        self.stage = Stage.DATA
        content = _dotted(message)
        answer = await self._client.execute_command(b"DATA")
        if answer.code != _GO_AHEAD:
            raise _Answered(answer.code, answer.message)
        answer = await self._write(content)
        return answer.code, answer.message

    async def _write(self, content: bytes) -> SMTPResponse:
        protocol = self._client.protocol
        if protocol is None or not self._client.is_connected:
            raise SMTPServerDisconnected("it hung up before the message")
        self.stage = Stage.CONTENT
        protocol.write(content)
        return await protocol.read_response(timeout=self._server.timeout_s)

    async def say_goodbye(self) -> None:
        """End the conversation politely, and not for long: how it ends changes nothing any more."""
        with contextlib.suppress(SMTPException, OSError, TimeoutError):
            await self._client.quit(timeout=min(self._server.timeout_s, _GOODBYE_S))

    def close(self) -> None:
        """Hang up."""
        self._client.close()


@contextlib.contextmanager
def _answers(talk: _Conversation, stage: Stage | None = None) -> Iterator[None]:
    """Turn the library's errors about replies into `_Answered`; what is no reply stays as it is."""
    try:
        yield
    except SMTPResponseException as error:
        if error.code <= 0:
            raise
        talk.stage = stage or talk.stage
        raise _Answered(error.code, error.message) from None


def _dotted(message: bytes) -> bytes:
    """Return a message as it goes over the wire: CRLF lines, dots doubled at their start, the dot that ends it."""
    lines = b"".join(line + b"\r\n" for line in message.splitlines())
    return _FIRST_DOT.sub(b"..", lines) + b".\r\n"


def _lost(stage: Stage, error: Exception) -> Delivery:
    meaning = UNKNOWN if stage is Stage.CONTENT else ACCOUNT
    reason = str(error) if isinstance(error, _Missing) else type(error).__name__
    return Delivery(meaning.verdict, stage, told(stage, None, "", meaning, reason=reason), meaning.stops_account, None)


def _delivery(stage: Stage, code: int, text: str, meaning: ReplyMeaning) -> Delivery:
    detail = told(stage, code, text, meaning)
    return Delivery(meaning.verdict, stage, detail, meaning.stops_account, code)
