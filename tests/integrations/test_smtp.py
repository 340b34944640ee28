"""The client says `not sent` only where that is certain, whatever step the server breaks off at."""

import pytest

from core.outreach.delivery import Delivery, DeliveryStatus, Stage
from integrations.smtp.client import SmtpServer, look, send
from sandbox.server import SandboxControl

MESSAGE = b"Message-ID: <1@our-company.example>\r\nSubject: x\r\n\r\nGood morning.\r\n..\r\n.hidden\r\n"
BEFORE = ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"]


def server(sandbox: SandboxControl, **more: object) -> SmtpServer:
    place = {"security": "none", "timeout_s": 1.0, **more}
    return SmtpServer("127.0.0.1", int(sandbox.environment["SMTP_PORT"]), **place)


async def hand_over(sandbox: SandboxControl, **more: object) -> Delivery:
    return await send(server(sandbox, **more), "sales@our-company.example", "ada@brightwell.example", MESSAGE)


def delivered(sandbox: SandboxControl) -> list[dict[str, object]]:
    return sandbox.state("smtp")["messages"]


async def test_a_message_arrives_as_it_was_written(sandbox: SandboxControl) -> None:
    assert await hand_over(sandbox) == Delivery(DeliveryStatus.SENT, Stage.CONTENT, code=250)
    [message] = delivered(sandbox)
    assert message["data"] == MESSAGE.decode()
    assert message["to"] == ["ada@brightwell.example"]


@pytest.mark.parametrize("step", BEFORE)
@pytest.mark.parametrize("kind", ["drop", "drop_after", "replace"])
async def test_lost_before_the_message_is_certainly_not_sent(sandbox: SandboxControl, step: str, kind: str) -> None:
    sandbox.fail_next("smtp", kind, times=None, method=step, body="what is this?")
    lost = await hand_over(sandbox)
    assert (lost.verdict, lost.stops_account) == (DeliveryStatus.LATER, True)
    assert delivered(sandbox) == []


@pytest.mark.parametrize("step", ["CONNECT", "DATA"])
async def test_a_server_that_never_answers_before_the_message_has_not_got_it(
    sandbox: SandboxControl, step: str
) -> None:
    sandbox.fail_next("smtp", "stall", method=step)
    lost = await hand_over(sandbox, timeout_s=0.2)
    assert (lost.verdict, lost.stops_account) == (DeliveryStatus.LATER, True)


@pytest.mark.parametrize(
    ("step", "kind", "count"),
    [
        *(("BODY", "drop", 0), ("DOT", "drop", 0), ("DOT", "replace", 0)),
        *(("DOT", "drop_after", 1), ("DOT", "stall_after", 1), ("BODY", "stall", 0)),
    ],
)
async def test_lost_while_it_is_under_way_is_not_known(
    sandbox: SandboxControl, step: str, kind: str, count: int
) -> None:
    sandbox.fail_next("smtp", kind, method=step, body="354 again")
    lost = await hand_over(sandbox, timeout_s=0.5)
    assert (lost.verdict, lost.stops_account, lost.stage) == (DeliveryStatus.UNKNOWN, False, Stage.CONTENT)
    assert len(delivered(sandbox)) == count


async def test_the_time_for_the_whole_ends_it(sandbox: SandboxControl) -> None:
    sandbox.fail_next("smtp", "stall", method="RCPT")
    assert (await hand_over(sandbox, timeout_s=60.0, deadline_s=1.5)).verdict is DeliveryStatus.LATER
    sandbox.fail_next("smtp", "stall_after", method="DOT")
    assert (await hand_over(sandbox, timeout_s=60.0, deadline_s=1.5)).verdict is DeliveryStatus.UNKNOWN


@pytest.mark.parametrize("kind", ["drop", "stall", "status"])
async def test_after_the_answer_nothing_counts(sandbox: SandboxControl, kind: str) -> None:
    sandbox.fail_next("smtp", kind, method="QUIT", status=550)
    assert (await hand_over(sandbox, timeout_s=3.0, deadline_s=2.0)).verdict is DeliveryStatus.SENT


@pytest.mark.parametrize(
    ("step", "status", "text", "verdict", "stops_account"),
    [
        ("CONNECT", 554, "5.3.2 no service here", DeliveryStatus.LATER, True),
        ("EHLO", 550, "5.7.1 who are you", DeliveryStatus.LATER, True),
        ("AUTH", 454, "4.7.0 too many log-ins", DeliveryStatus.LATER, True),
        ("AUTH", 432, "4.7.12 a password transition is needed", DeliveryStatus.LATER, True),
        ("AUTH", 535, "5.7.8 wrong", DeliveryStatus.LATER, True),
        ("MAIL", 550, "5.7.1 not yours", DeliveryStatus.LATER, True),
        ("MAIL", 554, "", DeliveryStatus.LATER, True),
        ("MAIL", 552, "5.3.4 too big", DeliveryStatus.REFUSED, False),
        ("RCPT", 550, "5.1.1 no such user", DeliveryStatus.REFUSED, False),
        ("RCPT", 550, "", DeliveryStatus.REFUSED, False),
        ("RCPT", 451, "4.7.1 greylisted", DeliveryStatus.LATER, False),
        ("RCPT", 550, "5.4.5 Daily sending quota exceeded", DeliveryStatus.LATER, True),
        ("DATA", 554, "", DeliveryStatus.REFUSED, False),
        ("DATA", 451, "", DeliveryStatus.LATER, False),
        ("DOT", 554, "5.7.1 spam", DeliveryStatus.REFUSED, False),
        ("DOT", 452, "4.3.1 full", DeliveryStatus.LATER, True),
        ("DOT", 450, "", DeliveryStatus.LATER, False),
    ],
)
async def test_each_stage_is_answered_by_a_real_server(
    sandbox: SandboxControl, step: str, status: int, text: str, verdict: DeliveryStatus, stops_account: bool
) -> None:
    sandbox.settings("smtp", keys=["maud:right"])
    sandbox.fail_next("smtp", "status", times=None, method=step, status=status, body=text)
    answer = await hand_over(sandbox, username="maud", password="right")
    assert (answer.verdict, answer.stops_account, answer.code) == (verdict, stops_account, status)
    assert delivered(sandbox) == []
    assert text[6:] not in answer.detail or not text


async def test_what_the_settings_ask_for_and_the_server_lacks_is_the_accounts(sandbox: SandboxControl) -> None:
    wrong = await hand_over(sandbox, username="maud", password="right")
    assert (wrong.verdict, wrong.stage, wrong.stops_account) == (DeliveryStatus.LATER, Stage.AUTH, True)
    plain = await hand_over(sandbox, security="starttls")
    assert (plain.verdict, plain.stage, plain.stops_account) == (DeliveryStatus.LATER, Stage.STARTTLS, True)
    assert "SMTP_SECURITY" in plain.detail
    sandbox.settings("smtp", offers=["STARTTLS"])
    assert (await hand_over(sandbox, security="starttls")).code == 454
    sandbox.fail_next("smtp", "replace", method="STARTTLS", body="220 go ahead")
    assert (await hand_over(sandbox, security="starttls", timeout_s=2.0)).stage is Stage.STARTTLS
    assert (await hand_over(sandbox, security="tls", timeout_s=2.0)).stops_account


async def test_nobody_there_is_certainly_not_sent() -> None:
    lost = await send(SmtpServer("127.0.0.1", 1, "none"), "a@b.example", "c@d.example", MESSAGE)
    assert (lost.verdict, lost.stops_account) == (DeliveryStatus.LATER, True)


async def test_what_the_client_cannot_write_is_not_sent(sandbox: SandboxControl) -> None:
    lost = await send(server(sandbox), "sales@our-company.example", "ada@bücher.example", MESSAGE)
    assert (lost.verdict, lost.stage) == (DeliveryStatus.LATER, Stage.RCPT)


async def test_a_look_sends_nothing_and_says_what_is_in_the_way(sandbox: SandboxControl) -> None:
    sandbox.settings("smtp", keys=["maud:right"])
    assert await look(server(sandbox, username="maud", password="right")) is None
    found = await look(server(sandbox, username="maud", password="wrong"))
    assert found is not None
    assert (found.stage, found.code) == (Stage.AUTH, 535)
    assert "SMTP_PASSWORD" in found.detail
    assert delivered(sandbox) == []
