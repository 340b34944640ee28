"""Phone numbers in E.164 where that is certain: where the phonenumbers library finds a valid number.

Digits with the usual punctuation are read by `core.text.phone_plans`, everything else by the library: several numbers
in a cell, words around one, extensions, signs of other scripts. Both give the same.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType, ValidationResult

from core.text import phone_plans
from core.text.cell_text import SCIENTIFIC, text

_CACHE = 16_384
_MAX_NUMBERS = 20
"""Numbers of one cell that are tried."""
_MAX_CHARS = 250
"""Characters of a text that may be a number; the library's own limit."""

_SHORTEST = 7
"""Digits that a number has at least that no plan knows, its first not counted."""

_NOISE = b" ()-./'"
_FLOAT = re.compile(r"(\+?\d+)[.,]0+")
_BEFORE = re.compile(r"^(?:tel:|['\u2019`=\"\s])+", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
# Full-width signs as the plain ones; what is invisible, or groups digits as the Swiss do, is left out.
_PLAIN = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "'\u2019`\u00b4\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2061\ufeff")),
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A))),
    ord("\u2010"): "-", ord("\u2011"): "-", ord("\u2012"): "-", ord("\u2013"): "-", ord("\u2014"): "-",
}  # fmt: skip
_NUMBERS = re.compile(r"[;|\n:]|(?=\+)")
"""Stands between two numbers, whatever they are."""
_MAYBE_NUMBERS = re.compile(r"(?:,|/|\s-\s)\s?(?=[+0(])")
"""Stands between two numbers, or between the parts of one."""
# A number among words: one that a letter follows at once is none, except before an extension ('x123').
_AMONG_WORDS = re.compile(r"(?<!\d)(?:[+(][\s(+]*)?\d(?:[^\w]*+\d)*+(?!(?!x\.?\s?\d|ext)[^\W\d_])", re.IGNORECASE)
_ADDRESS = re.compile(r"@|//|www\.", re.IGNORECASE)
_TWO_ZEROS = re.compile(r"[^\w+]*\+?\W*0\W*0(?=\W*[1-9])")
_SPELLED = frozenset(
    {PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN}
)
"""Kinds of numbers that are written in letters ('0800 REIFEN 24')."""


def phone(raw: str, country: str | None = None) -> str | None:
    """Return a number in E.164 where that is certain.

    A number that has no country code, with no country known, stays as it is written: it can still be dialled. So does
    one that cannot be one, or that can be read in two ways. What spreadsheets have destroyed ('4.9E+11') is
    refused.

    Args:
        raw: A cell; the first of several numbers counts.
        country: ISO alpha-2 code of the row or the setting.
    """
    number = raw.encode("ascii", "replace").translate(None, _NOISE).decode()
    if number[:1] == "+":
        found = phone_plans.international(number)
    else:
        found = phone_plans.as_dialled(number, country) if number.isdigit() else None
    if found and not (("/" in raw or " - " in raw or raw[-2:] == ".0") and _is_doubtful(raw)):
        return found
    return _phone(raw, country)


def _is_doubtful(raw: str) -> bool:
    """Return whether digits and punctuation may be more than one number, or one with a spreadsheet's '.0'."""
    return raw.endswith(".0") or _MAYBE_NUMBERS.search(raw) is not None


@lru_cache(maxsize=_CACHE)
def _phone(raw: str, country: str | None) -> str | None:
    lines = (" ".join(line.split()) for line in (text(raw) or "").splitlines())
    value = _BEFORE.sub("", "\n".join(filter(None, lines))).rstrip('"\n ')
    plain = value.translate(_PLAIN)
    if SCIENTIFIC.match(plain):
        return None
    if whole := _FLOAT.fullmatch(plain):
        value = plain = whole[1]
    for part in _NUMBERS.split(plain, _MAX_NUMBERS)[:_MAX_NUMBERS]:
        if len(part) <= _MAX_CHARS and (found := _first(part, country)):
            return found
    if possible := _possible(plain, country):
        return possible
    digits = sum(char.isdigit() for char in value)
    if 5 <= digits <= 40 and len(_LETTER.findall(value)) <= 12:
        # Parted as they were read, so that reading them again finds the same.
        return value.replace("\n", "; ")
    return None


def _possible(plain: str, country: str | None) -> str | None:
    """Return a number that no plan has assigned, but that is written as one and is as long as one.

    Plans grow, and numbers for films and examples ('+44 7700 900…', '(555) …') are left out of them.
    """
    if _LETTER.search(plain) or _MAYBE_NUMBERS.search(plain) or len(plain) > _MAX_CHARS:
        return None
    try:
        number = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return None
    digits = phonenumbers.normalize_digits_only(plain)
    is_whole = "+" in plain or not country or not digits.startswith(str(number.country_code))
    is_written_out = is_whole and number.national_number >= 10**_SHORTEST and not number.italian_leading_zero
    if not is_written_out or phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _first(part: str, country: str | None) -> str | None:
    """Return the first number of a text; a word is no part of one that is whole without it."""
    if not _LETTER.search(part):
        return _one_of(part, country)
    runs = () if _ADDRESS.search(part) else (match[0] for match in _AMONG_WORDS.finditer(part))
    return next(filter(None, (_one_of(run, country) for run in runs)), None) or _spelled(part, country)


def _one_of(part: str, country: str | None) -> str | None:
    """Return the number, or the first of several where more than one is whole."""
    parts = _MAYBE_NUMBERS.split(part, _MAX_NUMBERS)[:_MAX_NUMBERS]
    found = [number for each in parts if (number := _read(each, country))] if len(parts) > 1 else []
    if len(found) > 1:
        return found[0]
    return _read(part, country) or (found[0] if found else None)


def _read(part: str, country: str | None) -> str | None:
    """Return a number as the library reads it, or reads it written with care."""
    found = _parsed(part, country)
    if found is None:
        return next(filter(None, (_parsed(careful, country) for careful in _careful(part))), None)
    digits = phonenumbers.normalize_digits_only(part)
    if "+" in part or not country:
        return found
    # Digits that begin with the country's own calling code may have lost their '+', or may not.
    code = str(phonenumbers.country_code_for_region(country))
    other = _parsed("+" + part.lstrip(), None) if digits.startswith(code) else None
    return found if other is None or other == found else None


def _careful(part: str) -> Iterator[str]:
    """Write an international number as it is meant: '00' is '+', and no trunk zero follows the calling code."""
    sign = _TWO_ZEROS.match(part)
    written = "+" + part[sign.end() :] if sign else part.lstrip(" ([")
    if sign:
        yield written
    if written[:1] == "+" and (code := phone_plans.calling_code(phonenumbers.normalize_digits_only(written))):
        signs = r"\W*".join(["", *code, "0", r"(?=\d)"])
        if trunk := re.match(signs, written):
            yield f"+{code} {written[trunk.end() :]}"


def _parsed(part: str, country: str | None) -> str | None:
    number = _number(part, country)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if number else None


def _number(part: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(part, country)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _spelled(part: str, country: str | None) -> str | None:
    """Return a number with letters in it where it cannot be longer or shorter, or where such numbers are spelled."""
    number = _number(part, country)
    if number is None:
        return None
    region = phonenumbers.region_code_for_number(number)
    data = PhoneMetadata.metadata_for_region(region, None) if region else None
    is_certain = data and data.general_desc and len(data.general_desc.possible_length) == 1
    if not is_certain and phonenumbers.number_type(number) not in _SPELLED:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
