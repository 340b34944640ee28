"""Sends one message over SMTP, and says with certainty what can be said with certainty.

Source: RFC 5321, 4.2.5 and 4.5.3: a message is accepted by a 2yz reply to the dot that ends it, and by nothing else.
So: a failure before DATA, or a 4yz or 5yz reply to the dot, is certainly no delivery; a connection lost while the
message or its reply was under way may be one. aiosmtplib speaks each command by itself, which keeps these apart.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Literal, NoReturn

import aiosmtplib
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from core.errors import Rejected, Timeout, Transient, Unauthorized, Unavailable

# It logs whole conversations, addresses included.
logging.getLogger("aiosmtplib").setLevel(logging.WARNING)

Security = Literal["starttls", "tls", "none"]
_PROVIDER = "smtp"
_GOODBYE_S = 5.0


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


async def send(server: SmtpServer, sender: str, recipient: str, message: bytes) -> str:
    """Hand a message to the server; return its answer.

    Args:
        server: where.
        sender: bare address of the envelope.
        recipient: bare address; the only one.
        message: as rendered, in CRLF lines.

    Raises:
        Unauthorized, Rejected: it will not have it; certainly not sent.
        Unavailable, Timeout: with `was_sent` False certainly not sent; with True it may have been.
    """
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        timeout=server.timeout_s,
        local_hostname="localhost" if server.security == "none" else None,
    )
    try:
        return await _hand_over(client, server, sender, recipient, message)
    finally:
        client.close()


async def _hand_over(client: aiosmtplib.SMTP, server: SmtpServer, sender: str, recipient: str, message: bytes) -> str:
    under_way = False
    try:
        async with asyncio.timeout(server.deadline_s):
            await client.connect()
            if server.username is not None:
                await client.login(server.username, server.password or "")
            await client.mail(sender)
            await client.rcpt(recipient)
            under_way = True
            answer = (await client.data(message)).message
    except (SMTPException, OSError, TimeoutError) as error:
        _refuse(error, was_sent=under_way)
    # The message is the server's now: how the conversation ends changes nothing.
    with contextlib.suppress(SMTPException, OSError, TimeoutError):
        await client.quit(timeout=min(server.timeout_s, _GOODBYE_S))
    return answer


def _refuse(error: Exception, *, was_sent: bool) -> NoReturn:
    """Raise what a failure means. The server's words are left out: they often quote the address."""
    if isinstance(error, SMTPAuthenticationError):
        raise Unauthorized("the mail server refuses SMTP_USERNAME and SMTP_PASSWORD", provider=_PROVIDER) from None
    # A server without STARTTLS is told by the bare base class.
    if isinstance(error, SMTPNotSupported) or type(error) is SMTPException:
        raise Rejected("the mail server offers no STARTTLS or log-in: see SMTP_SECURITY", provider=_PROVIDER) from None
    code = _code(error)
    if code is not None and 400 <= code < 500:
        raise Unavailable(
            f"the mail server said {code}: later", provider=_PROVIDER, status=code, was_sent=False
        ) from None
    if code is not None and code >= 500:
        raise Rejected(f"the mail server refused the message with {code}", provider=_PROVIDER, status=code) from None
    kind: type[Transient] = Timeout if isinstance(error, TimeoutError | SMTPTimeoutError) else Unavailable
    when = "while the message was under way" if was_sent else "before the message was sent"
    raise kind(
        f"the mail server was lost {when} ({type(error).__name__})", provider=_PROVIDER, was_sent=was_sent
    ) from None


def _code(error: Exception) -> int | None:
    """Return the status of a reply that the server really gave; None where there was none."""
    if isinstance(error, SMTPServerDisconnected | SMTPTimeoutError) or not isinstance(error, SMTPResponseException):
        return None
    if isinstance(error, SMTPHeloError) and error.code < 0:
        return None
    return error.code
