"""The mail server answers as RFC 5321 has it, and goes wrong where it is told to."""

import base64
import smtplib

import pytest

MESSAGE = b"Message-ID: <1@our-company.example>\r\nSubject: Pumps\r\n\r\nHello\r\n.\r\n..two\r\n"
SENDER, RECIPIENT = "sales@our-company.example", "ada@brightwell.example"
STEPS = ["EHLO", "MAIL", "RCPT", "DATA", "DOT"]


@pytest.fixture
def connect(sandbox):
    opened = []

    def connected():
        client = smtplib.SMTP("127.0.0.1", int(sandbox.environment["SMTP_PORT"]), timeout=10)
        opened.append(client)
        return client

    yield connected
    for client in opened:
        client.close()


def delivered(sandbox):
    return sandbox.state("smtp")["messages"]


def code_at(step, client):
    """Say what is answered at a step, after those before it."""
    calls = {
        "EHLO": lambda: client.docmd("EHLO", "here.example"),
        "MAIL": lambda: client.docmd("MAIL", f"FROM:<{SENDER}>"),
        "RCPT": lambda: client.docmd("RCPT", f"TO:<{RECIPIENT}>"),
        "DATA": lambda: client.docmd("DATA"),
        "DOT": lambda: (client.send(MESSAGE.replace(b"\r\n.", b"\r\n..") + b".\r\n"), client.getreply())[1],
    }
    for each in STEPS[: STEPS.index(step)]:
        assert calls[each]()[0] in (250, 354)
    return calls[step]()


def test_a_message_is_kept_as_it_was_written(connect, sandbox):
    connect().sendmail(SENDER, [RECIPIENT, "second@brightwell.example"], MESSAGE)
    (message,) = delivered(sandbox)
    assert message["data"] == MESSAGE.decode()
    assert message["to"] == [RECIPIENT, "second@brightwell.example"]
    assert (message["from"], message["subject"], message["message_id"]) == (SENDER, "Pumps", "<1@our-company.example>")
    assert sandbox.state("smtp")["connections"] == 1


def test_what_is_offered_is_what_the_settings_say(connect, sandbox):
    client = connect()
    client.ehlo()
    assert set(client.esmtp_features) == {"pipelining", "8bitmime", "size", "help"}
    sandbox.settings("smtp", keys=["maud:right"], offers=["SMTPUTF8", "STARTTLS"])
    client = connect()
    client.ehlo()
    assert client.esmtp_features["auth"].split() == ["PLAIN"]
    assert {"smtputf8", "starttls"} <= set(client.esmtp_features)
    assert client.docmd("STARTTLS")[0] == 454


@pytest.mark.parametrize(("offers", "code"), [([], 501), (["SMTPUTF8"], 250)])
def test_addresses_in_other_letters_only_where_they_are_offered(connect, sandbox, offers, code):
    sandbox.settings("smtp", offers=offers)
    client = connect()
    client.ehlo()
    assert client.docmd("MAIL", f"FROM:<{SENDER}> SMTPUTF8")[0] == code
    if offers:
        client.command_encoding = "utf-8"
        assert client.docmd("RCPT", "TO:<ada@bücher.example>")[0] == 250


def test_only_users_may_send_where_there_are_users(connect, sandbox):
    sandbox.settings("smtp", keys=["maud:right"])
    client = connect()
    client.ehlo()
    assert client.docmd("MAIL", f"FROM:<{SENDER}>")[0] == 530
    for password, code in (("wrong", 535), ("right", 235)):
        word = base64.b64encode(f"\0maud\0{password}".encode()).decode()
        assert client.docmd("AUTH", f"PLAIN {word}")[0] == code
    client.sendmail(SENDER, [RECIPIENT], MESSAGE)
    assert len(delivered(sandbox)) == 1


def test_commands_out_of_order_are_refused(connect, sandbox):
    client = connect()
    assert client.docmd("MAIL", f"FROM:<{SENDER}>")[0] == 503
    client.ehlo()
    assert client.docmd("DATA")[0] == 503
    assert client.docmd("RCPT", f"TO:<{RECIPIENT}>")[0] == 503
    assert client.docmd("MAIL", f"FROM:<{SENDER}>")[0] == 250
    assert client.docmd("MAIL", f"FROM:<{SENDER}>")[0] == 503
    assert client.rset()[0] == 250
    assert client.docmd("MAIL", f"TO:<{SENDER}>")[0] == 501
    assert client.docmd("JUMP")[0] == 500
    assert delivered(sandbox) == []


def test_a_message_that_is_too_large_is_refused(connect, sandbox):
    sandbox.settings("smtp", max_bytes=1_000)
    client = connect()
    client.ehlo()
    assert client.docmd("MAIL", f"FROM:<{SENDER}> SIZE=5000")[0] == 552
    assert code_at("DATA", client)[0] == 354
    client.send(b"x\r\n" * 1_000 + b".\r\n")
    assert client.getreply()[0] == 552
    assert delivered(sandbox) == []


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("status", "text"), [(421, "4.3.2 going down"), (451, ""), (550, "5.7.1 no")])
def test_a_step_is_refused_as_scripted_and_not_done(connect, sandbox, step, status, text):
    sandbox.fail_next("smtp", "status", method=step, status=status, body=text)
    code, said = code_at(step, connect())
    assert (code, said.decode()) == (status, text or "as scripted")
    assert delivered(sandbox) == []
    connect().sendmail(SENDER, [RECIPIENT], MESSAGE)  # it struck once
    assert len(delivered(sandbox)) == 1


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_the_line_is_dropped_at_a_step(connect, sandbox, step, kind):
    sandbox.fail_next("smtp", kind, method=step)
    client = connect()
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        code_at(step, client)
    assert len(delivered(sandbox)) == (step == "DOT" and kind == "drop_after")


@pytest.mark.parametrize("kind", ["drop", "drop_after", "status", "replace"])
def test_a_line_that_is_refused_from_its_beginning(connect, sandbox, kind):
    sandbox.fail_next("smtp", kind, method="CONNECT", status=554, body="554 no")
    with pytest.raises((smtplib.SMTPConnectError, smtplib.SMTPServerDisconnected)):
        connect()
    connect().noop()


def test_the_line_may_go_while_the_message_is_under_way(connect, sandbox):
    sandbox.fail_next("smtp", "drop", method="BODY")
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        connect().sendmail(SENDER, [RECIPIENT], MESSAGE)
    assert delivered(sandbox) == []


def test_the_mailbox_is_shown_and_emptied(connect, sandbox):
    connect().sendmail(SENDER, [RECIPIENT], MESSAGE)
    sandbox.reset("smtp")
    assert sandbox.state("smtp") == {"messages": [], "connections": 0}
