"""What goes out is what was approved: one recipient, one subject line, plain words, and the approval's id."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError, InvalidInput
from core.outreach.sending import (
    APPROVED_MESSAGE,
    OutgoingMessage,
    checked_words,
    message_id,
    next_try,
    render,
    wire_address,
)
from core.outreach.suppression import address_key

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SENDER = "Sales Team <sales@our-company.example>"
CONTENT = {"to": "ada@brightwell.example", "subject": "Pumps", "body": "Good morning.\n"}


@given(
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=200).filter(str.strip),
    st.text(st.characters(exclude_categories=["C"]) | st.just("\n"), min_size=1, max_size=400).filter(str.strip),
)
def test_words_arrive_as_they_are(subject: str, body: str) -> None:
    message = OutgoingMessage("<1@our-company.example>", SENDER, CONTENT["to"], subject, body, NOW)
    read = message_from_bytes(render(message), policy=default)
    assert read["To"] == CONTENT["to"]
    assert [name for name in read if name.lower() in ("to", "cc", "bcc")] == ["To"]
    assert "".join(read["Subject"].split()) == "".join(subject.split())
    found = read.get_content().replace("\r\n", "\n").rstrip("\n")
    assert found.splitlines() == body.rstrip("\n").splitlines()


@pytest.mark.parametrize(
    "change",
    [
        {"to": "ada@brightwell.example, eve@elsewhere.example"},
        {"to": "Ada <ada@brightwell.example>"},
        {"to": "ada@brightwell.example\nBcc: eve@elsewhere.example"},
        {"to": None},
        {"subject": "Pumps\nBcc: eve@elsewhere.example"},
        {"subject": "Pumps\r\nBcc: eve@elsewhere.example"},
        {"subject": " "},
        {"subject": "x" * 501},
        *({"subject": f"Pum{char}ps"} for char in "\0\x0b\x0c\x1c\x1e\x7f\x85\x9f\u2028\u2029\ud800\udfff"),
        *({"body": f"Pum{char}ps"} for char in "\x0c\x1b\ud800"),
        {"to": "jürgen@brightwell.example"},
        {"to": "ада@brightwell.example"},
        {"to": f"ada@{'ü' * 62}.example"},
        {"body": ""},
        {"body": "a\0b"},
        {"body": 7},
    ],
)
def test_what_is_no_plain_message_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        checked_words({**CONTENT, **change})


@pytest.mark.parametrize(
    ("domain", "on_the_wire"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("例え.example", "xn--r8jz45g.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("brightwell.example", "brightwell.example"),
    ],
)
def test_a_domain_goes_out_in_its_ascii_form(domain: str, on_the_wire: str) -> None:
    recipient, _, _ = checked_words({**CONTENT, "to": address_key(f"ada@{domain}")})
    assert wire_address(recipient) == f"ada@{on_the_wire}"
    message = OutgoingMessage("<1@x.example>", f"Bücher <sales@{domain}>", recipient, "Pumps", "Good morning.\n", NOW)
    written = render(message)
    assert f"To: ada@{on_the_wire}\r\n".encode() in written
    assert f"<mailto:sales@{on_the_wire}?subject=unsubscribe>".encode() in written


@given(st.text(max_size=80), st.text(max_size=400), st.sampled_from(["", "x", "ü", " "]), st.integers(0, 3000))
def test_what_passes_as_a_draft_can_be_written(subject: str, body: str, filler: str, length: int) -> None:
    content = {**CONTENT, "subject": (subject + filler * length)[:500], "body": body + filler * length}
    try:
        recipient, subject, body = checked_words(content)
    except InvalidInput:
        return
    written = render(OutgoingMessage("<1@our-company.example>", "Zoë <a@b.example>", recipient, subject, body, NOW))
    assert written.isascii()
    assert all(len(line) <= 998 for line in written.split(b"\r\n"))
    assert b"\n" not in written.replace(b"\r\n", b"")
    assert b"\r" not in written.replace(b"\r\n", b"")


def test_it_is_tried_again_ever_later_and_within_hours() -> None:
    rests = [next_try(attempts, NOW) - NOW for attempts in range(1, 40)]
    assert rests[:3] == [timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40)]
    assert rests == sorted(rests)
    assert rests[-1] == timedelta(hours=4)


def test_the_message_id_names_the_approval() -> None:
    approval_id = uuid4()
    assert message_id(approval_id, APPROVED_MESSAGE, SENDER) == f"<{approval_id}.letter@our-company.example>"
    with pytest.raises(ConfigurationError, match="SMTP_SENDER"):
        message_id(approval_id, APPROVED_MESSAGE, "Sales Team")
