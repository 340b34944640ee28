import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.text import phones

PHONES = [
    ("+49 30 1234567", None, "+49301234567"),
    ("'+49 30 1234567", None, "+49301234567"),
    ("0049 30 1234567", None, "+49301234567"),
    ("+49 (0)30 1234567", None, "+49301234567"),
    ("030 1234567", "DE", "+49301234567"),
    ("(212) 555-0100", "US", "+12125550100"),
    ("tel:+12125550100", None, "+12125550100"),
    ("020 7946 0000", "GB", "+442079460000"),
    ("020 7946 0000", None, "020 7946 0000"),
    ("+49 30 1234567; +49 30 7654321", None, "+49301234567"),
    ("02 12345678", "IT", "+390212345678"),
    ("4.9E+11", "DE", None),
    ("4,91512E+12", "DE", None),
    ("call me", "DE", None),
    ("N/A", "DE", None),
    ("-", None, None),
]

PIECES = [
    *("+", "49", "0", "(0)", "30 123456", "001", "415 555 2671", "4.9E+11", "tel:", "ext. 7", "/", "(", ")", "-"),
    *(" ", ";", ",", "'", '="', '"', "\n", "\r", "\u2028", ".0", "x", "٣", "é", "#N/A", "\0"),
]
TEXTS = st.text(st.characters(), max_size=20) | st.lists(st.sampled_from(PIECES), max_size=7).map("".join)


@pytest.mark.parametrize(("raw", "country", "value"), PHONES)
def test_normalizes_phones(raw: str, country: str | None, value: str | None) -> None:
    assert phones.phone(raw, country) == value


@given(raw=TEXTS, country=st.sampled_from([None, "DE", "US", "IT"]))
@example(raw="20100\r0", country="DE")
@settings(max_examples=400, deadline=None)
def test_phones_are_idempotent(raw: str, country: str | None) -> None:
    once = phones.phone(raw, country)
    if once is not None:
        assert phones.phone(once, country) == once
        once.encode()
