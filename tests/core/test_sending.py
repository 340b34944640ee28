"""What goes out is what was approved: one recipient, one subject line, plain words, and the approval's id."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError, InvalidInput
from core.sending import LETTER, Letter, checked_words, message_id, render

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SENDER = "Sales Team <sales@our-company.example>"
CONTENT = {"to": "ada@brightwell.example", "subject": "Pumps", "body": "Good morning.\n"}


@given(
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=200).filter(str.strip),
    st.text(st.characters(exclude_categories=["C"]) | st.just("\n"), min_size=1, max_size=400).filter(str.strip),
)
def test_words_arrive_as_they_are(subject: str, body: str) -> None:
    letter = Letter("<1@our-company.example>", SENDER, CONTENT["to"], subject, body, NOW)
    read = message_from_bytes(render(letter), policy=default)
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
        {"body": ""},
        {"body": "a\0b"},
        {"body": 7},
    ],
)
def test_what_is_no_plain_message_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        checked_words({**CONTENT, **change})


def test_the_message_id_names_the_approval() -> None:
    approval_id = uuid4()
    assert message_id(approval_id, LETTER, SENDER) == f"<{approval_id}.letter@our-company.example>"
    with pytest.raises(ConfigurationError, match="SMTP_SENDER"):
        message_id(approval_id, LETTER, "Sales Team")
