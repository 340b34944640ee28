"""Strangers' text acts on no terminal, and nothing that is read goes missing."""

import json
import logging
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.logs import ConsoleFormatter, JsonFormatter
from core.outreach.invitations import Invitation, render
from core.outreach.meetings import Span
from core.outreach.proposals import company, greeting_name
from core.text.plain_text import escaped, exact_json, plain, plain_line

MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
ACTING = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"] + list(MARKS)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a\x1b[31;1mred\x1b[0m b", "ared b"),
        ("\x1b]0;owned\x07Acme", "Acme"),
        ("\x1b]2;owned\x1b\\Acme", "Acme"),
        ("\x9d0;owned\x9cAcme", "Acme"),
        ("\x9b2JAcme", "Acme"),
        ("\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "link"),
        ("\x1bP1$qm\x1b\\Acme", "Acme"),
        ("\x1b(0Acme\x1bc", "Acme"),
        ("\x1b]0;never ends", "0;never ends"),
        ("over\x08\x08\rwritten", "overwritten"),
        ("exe\u202etxt.gpj", "exetxt.gpj"),
        ("Ж ש ی 中 é 👩\u200d💻", "Ж ש ی 中 é 👩\u200d💻"),
    ],
)
def test_what_acts_is_gone_and_what_is_read_stays(text: str, read: str) -> None:
    assert plain(text) == plain_line(text) == read


@given(st.text(st.sampled_from([*ACTING, "\n", "\t", "a", "[", "]", ";", "0", "\\", "\ud800", "é"])))
def test_nothing_is_left_that_acts(text: str) -> None:
    assert not set(plain(text)) & {*ACTING, "\ud800"}
    assert not set(plain_line(text)) & {*ACTING, "\n", "\t"}
    assert plain(plain(text)) == plain(text)
    rendered = exact_json({"text": text})
    assert json.loads(rendered) == {"text": text}
    assert not set(rendered) & {*ACTING, "\ud800"}
    if "\ud800" not in text:
        assert json.loads(escaped(json.dumps(text, ensure_ascii=False).encode())) == text


def test_the_log_shows_it_as_read() -> None:
    record = logging.makeLogRecord({"msg": "page_read", "levelno": 20, "levelname": "INFO"})
    record.url = "https://a.example/\x1b]0;owned\x07\u202ex"
    line = ConsoleFormatter().format(record)
    assert line.endswith("url=https://a.example/x")
    as_json = JsonFormatter().format(record)
    assert as_json.isascii()
    assert json.loads(as_json)["url"] == record.url


def test_messages_and_invitations_are_without_marks() -> None:
    from datetime import UTC, datetime

    facts = {"lead.company_name": "Acme\u202e Ltd\x1b[1m", "lead.first_name": "J\u200eane\u2069"}
    assert (company(facts), greeting_name(facts)) == ("Acme Ltd", "Jane")
    now = datetime(2026, 12, 1, 9, tzinfo=UTC)
    invitation = Invitation(
        "u", 0, Span(now, now), "Call with \u202eAnn\x07", "A\u2067nn <ann@a.example>", "b@b.example", now
    )
    rendered = re.sub(r"\r\n ?", "", render(invitation).decode())
    assert "Call with Ann" in rendered
    assert not any(unicodedata.bidirectional(char) in {"RLO", "RLI", "LRI", "PDI"} for char in rendered)
