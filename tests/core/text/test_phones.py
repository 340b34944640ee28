import re

import phonenumbers
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from core.text import phones

LONG_WAY = "\u200b"
"""Nobody sees it, and the short way does not read it."""

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
    # '00' before a calling code, wherever it is written.
    ("(001) 415 555 0003", "US", "+14155550003"),
    ("(001) 415 555 0003", None, "+14155550003"),
    ("+001 415 555 0003", None, "+14155550003"),
    ("0011 44 20 7946 0000", "AU", "+442079460000"),
    ("010 1 415 555 0003", "JP", "+14155550003"),
    ("++49 30 901820", None, "+4930901820"),
    # A trunk zero is no part of an international number, except where it is.
    ("0049 (0)30 123456", None, "+4930123456"),
    ("0049 (0)30 123456", "US", "+4930123456"),
    ("+420 (0)224 221 200", None, "+420224221200"),
    ("+34 0934 618737", "ES", "+34934618737"),
    ("+39 (0)2 12345678", None, "+390212345678"),
    ("+39 (0)333 1234567", None, "+393331234567"),
    ("+49 (0) 30", "DE", "+49 (0) 30"),
    # Punctuation, and signs of other scripts.
    ("415.555.0003", "US", "+14155550003"),
    ("030/901820", "DE", "+4930901820"),
    ("044'668'18'00", "CH", "+41446681800"),
    ("＋４９　３０　９０１８２０", None, "+4930901820"),
    ("+49\u00a030\u202f901820", None, "+4930901820"),
    ("\u202a+49 30 901820\u202c", None, "+4930901820"),
    ("+4930901820.0", None, "+4930901820"),
    ("4155550003.0", "US", "+14155550003"),
    # Words and extensions.
    ("tel: +1 415 555 0003", None, "+14155550003"),
    ("415 555 0003 ext. 7", "US", "+14155550003"),
    ("+49 30 901820x12", None, "+4930901820"),
    ("0049-30-901820 #5", None, "+4930901820"),
    ("+49 171 2345678 Büro", None, "+491712345678"),
    ("+49 30 901820 Büro", None, "+4930901820"),
    ("+49 30 1 Büro", None, "+49 30 1 Büro"),
    ("24h: 030 901820", "DE", "+4930901820"),
    ("1-800-FLOWERS", "US", "+18003569377"),
    # Several numbers.
    ("+49 171 2345678 ::: +49 30 901820", None, "+491712345678"),
    ("030 901820 oder 0171 2345678", "DE", "+4930901820"),
    ("030 1234 - 030 5678", "DE", "+49301234"),
    ("030 901820 / 0171 2345678", "DE", "+4930901820"),
    ("+49 / (0)30 / 901820", None, "+4930901820"),
    ("+49 30 901820 +49 30 901821", None, "+4930901820"),
    # No valid number is made to look like one.
    ("+1 (555) 456-7890", None, "+15554567890"),
    ("(555) 456-7890", "US", "+15554567890"),
    ("+99 123 456 789", None, "+99 123 456 789"),
    # A '+' that may have been lost.
    ("491712345678", "DE", "491712345678"),
    ("4930901820", "DE", "+4930901820"),
    ("919812345678", "IN", "+919812345678"),
    ("14155550003", "US", "+14155550003"),
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


def by_library(raw: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(raw, country)
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else None


KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan")
COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
STYLES = (
    "+{c}{n}", "+{c} {g}", "+{c}-{g}", "+{c} (0){g}", "+{c} {t}{g}", "(+{c}) {g}", "00{c} {g}", "(00{c}) {g}",
    "00{c} (0){g}", "{i}{c} {g}", "+00{c} {g}", "{t}{n}", "{t}{g}", "({t}{a}) {r}", "{t}{a}/{r}", "{n}", "{c}{n}",
    "{t}{c}{n}", "{c} {t}{g}", "{t}{t}{n}", "{i}{t}{n}", "+{c}{n}.0", "{t}{g} - {t}{g}", "{t}{g} / {t}{g}", "'+{c} {g}",
)  # fmt: skip


def examples(country: str) -> list[str]:
    plan = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    assert plan is not None
    kinds = (getattr(plan, kind) for kind in KINDS)
    return [kind.example_number for kind in kinds if kind is not None and kind.example_number]


def written(style: str, country: str, number: str, sign: str = " ") -> str:
    plan = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    assert plan is not None
    abroad = plan.international_prefix or ""
    return style.format(
        c=plan.country_code,
        n=number,
        g=sign.join(re.findall("..?.?", number)),
        a=number[:3],
        r=number[3:],
        t=plan.national_prefix or "",
        i=abroad if abroad.isdigit() else "00",
    )


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a country, and a number of it, or nearly."""
    country = draw(st.sampled_from(COUNTRIES))
    number = draw(st.sampled_from(examples(country)))
    kept = draw(st.integers(0, len(number)))
    count = len(number) - kept + draw(st.sampled_from((0, 0, 0, 1, -1)))
    rest = draw(st.text("0123456789", min_size=max(count, 0), max_size=max(count, 0)))
    number = number[:kept] + rest
    style = draw(st.sampled_from(STYLES))
    return country, written(style, country, number, draw(st.sampled_from((" ", "-", ".", " - ", ""))))


@given(number=numbers(), home=st.sampled_from([None, "US", "DE", "AU", "BR", "IT", "own"]))
@settings(max_examples=300, deadline=None)
def test_the_short_way_gives_what_the_long_way_gives(number: tuple[str, str], home: str | None) -> None:
    country, raw = number
    home = country if home == "own" else home
    found, long = phones.phone(raw, home), phones.phone(raw + LONG_WAY, home)
    assert found == (long and long.rstrip(LONG_WAY))


@given(number=numbers(), home=st.sampled_from([None, "US", "DE", "AU", "BR", "IT", "own"]))
@settings(max_examples=300, deadline=None)
def test_what_is_in_e164_is_valid_or_as_long_as_a_number_is(number: tuple[str, str], home: str | None) -> None:
    country, raw = number
    home = country if home == "own" else home
    found = phones.phone(raw, home)
    if found is not None and found not in raw and re.fullmatch(r"\+\d+", found):
        assert phonenumbers.is_possible_number(phonenumbers.parse(found, None))
    code = str(phonenumbers.country_code_for_region(home or ""))
    has_lost_sign = home is not None and raw.lstrip("(").startswith(code)
    assume(not has_lost_sign and not re.search(r"\.0$| [-/] ", raw))
    assert by_library(raw, home) in (None, found)


@pytest.mark.parametrize("style", ["+{c} {g}", "(00{c}) {g}", "+{c} {g} Büro"])
def test_every_country_is_read_however_it_is_written(style: str) -> None:
    for country in COUNTRIES:
        for number in examples(country):
            right = f"+{phonenumbers.country_code_for_region(country)}{number}"
            if by_library(right, None) == right:
                assert phones.phone(written(style, country, number)) == right
