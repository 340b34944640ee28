"""The client says `not sent` only where that is certain, whatever step the server breaks off at."""

import pytest

from core.errors import Rejected, Timeout, Transient, Unauthorized, Unavailable
from integrations.smtp.client import SmtpServer, send
from sandbox.server import SandboxControl

MESSAGE = b"Message-ID: <1@our-company.example>\r\nSubject: x\r\n\r\nGood morning.\r\n..\r\n.hidden\r\n"
BEFORE = ["CONNECT", "EHLO", "MAIL", "RCPT"]


def server(sandbox: SandboxControl, **more: object) -> SmtpServer:
    return SmtpServer("127.0.0.1", int(sandbox.environment["SMTP_PORT"]), "none", timeout_s=1.0, **more)


async def hand_over(sandbox: SandboxControl, **more: object) -> str:
    return await send(server(sandbox, **more), "sales@our-company.example", "ada@brightwell.example", MESSAGE)


def delivered(sandbox: SandboxControl) -> list[dict[str, object]]:
    return sandbox.state("smtp")["messages"]


async def test_a_message_arrives_as_it_was_written(sandbox: SandboxControl) -> None:
    assert await hand_over(sandbox) == "taken"
    [message] = delivered(sandbox)
    assert message["data"] == MESSAGE.decode()
    assert message["to"] == ["ada@brightwell.example"]


@pytest.mark.parametrize("step", BEFORE)
@pytest.mark.parametrize("kind", ["drop", "drop_after"])
async def test_lost_before_the_message_is_certainly_not_sent(sandbox: SandboxControl, step: str, kind: str) -> None:
    sandbox.fail_next("smtp", kind, method=step)
    with pytest.raises(Transient) as lost:
        await hand_over(sandbox)
    assert lost.value.was_sent is False
    assert delivered(sandbox) == []


@pytest.mark.parametrize(
    ("step", "kind", "count"),
    [("DATA", "drop", 0), ("BODY", "drop", 0), ("DOT", "drop", 0), ("DOT", "drop_after", 1), ("DOT", "stall_after", 1)],
)
async def test_lost_while_it_is_under_way_is_not_known(
    sandbox: SandboxControl, step: str, kind: str, count: int
) -> None:
    sandbox.fail_next("smtp", kind, method=step)
    with pytest.raises(Timeout if kind == "stall_after" else Unavailable) as lost:
        await hand_over(sandbox)
    assert lost.value.was_sent is True
    assert len(delivered(sandbox)) == count


async def test_after_the_answer_nothing_counts(sandbox: SandboxControl) -> None:
    sandbox.fail_next("smtp", "drop", method="QUIT")
    assert await hand_over(sandbox) == "taken"


@pytest.mark.parametrize("step", [*BEFORE, "DATA", "DOT"])
async def test_a_refusal_is_certain(sandbox: SandboxControl, step: str) -> None:
    sandbox.fail_next("smtp", "status", times=None, method=step, status=550)
    with pytest.raises((Rejected, Transient)) as refused:
        await hand_over(sandbox)
    assert getattr(refused.value, "was_sent", False) is False
    sandbox.clear_faults()
    sandbox.fail_next("smtp", "status", times=None, method=step, status=451)
    with pytest.raises(Unavailable, match=r"later|lost before") as later:
        await hand_over(sandbox)
    assert later.value.was_sent is False
    assert delivered(sandbox) == []


async def test_a_wrong_password_is_told(sandbox: SandboxControl) -> None:
    sandbox.settings("smtp", keys=["maud:right"])
    with pytest.raises(Unauthorized, match="SMTP_USERNAME"):
        await hand_over(sandbox, username="maud", password="wrong")
    assert await hand_over(sandbox, username="maud", password="right")
    sandbox.settings("smtp", keys=[])
    with pytest.raises(Rejected, match="SMTP_SECURITY"):
        await send(SmtpServer("127.0.0.1", server(sandbox).port, "starttls"), "a@b.example", "c@d.example", MESSAGE)


async def test_nobody_there_is_certainly_not_sent() -> None:
    with pytest.raises(Unavailable) as lost:
        await send(SmtpServer("127.0.0.1", 1, "none"), "a@b.example", "c@d.example", MESSAGE)
    assert lost.value.was_sent is False
