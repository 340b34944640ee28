"""Phone numbers in E.164 where that is certain. Patterns decide nearly all; the library sees only what they cannot."""

import re
from collections.abc import Callable
from functools import lru_cache

import phonenumbers

from core.text.cell_text import SCIENTIFIC, WHOLE, text

_CACHE = 16_384
_MAX_NUMBERS = 20
"""Numbers of one cell that are tried."""

_PHONE_NOISE = str.maketrans("", "", " ()-./\u00a0\u202f\u2011\u2013\t")
_BEFORE_PHONE = re.compile(r"^(?:tel:|['\u2019`=\"\s])+", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]")
_SPLIT_PHONES = re.compile(r"\s*(?:[;|\n]|,(?=\s*[+0(])|\s/\s(?=[+0(]))\s*")

# Numbers that need no library. Source: ITU E.164 national numbering plans, November 2026.
_PLUS = re.compile(r"\+(?:1[2-9]\d\d[2-9]\d{6}|(?!(?:49|33|44|31|41|43|32|46|61)0)[2-9]\d{8,14})", re.ASCII).fullmatch
# Country -> (national numbers as dialled there, calling code, digits of the trunk prefix to cut).
_NATIONAL: dict[str, tuple[Callable[[str], object], str, int]] = {
    country: (re.compile(pattern, re.ASCII).fullmatch, code, cut)
    for country, (pattern, code, cut) in {
        "US": ("[2-9]\\d\\d[2-9]\\d{6}", "+1", 0), "CA": ("[2-9]\\d\\d[2-9]\\d{6}", "+1", 0),
        "DE": ("0[1-9]\\d{8,10}", "+49", 1), "FR": ("0[1-9]\\d{8}", "+33", 1), "GB": ("0[1-9]\\d{9}", "+44", 1),
        "NL": ("0[1-9]\\d{8}", "+31", 1),
        "CH": ("0[1-9]\\d{8}", "+41", 1), "ES": ("[6-9]\\d{8}", "+34", 0), "PT": ("[29]\\d{8}", "+351", 0),
        "PL": ("[1-9]\\d{8}", "+48", 0), "DK": ("[2-9]\\d{7}", "+45", 0), "NO": ("[2-9]\\d{7}", "+47", 0),
        "AU": ("0[2-478]\\d{8}", "+61", 1), "IN": ("[6-9]\\d{9}", "+91", 0),
    }.items()
}  # fmt: skip


def phone(raw: str, country: str | None = None) -> str | None:
    """Return a number in E.164 where that is certain.

    A number that has no country code, with no country known, stays as it is written: it can still be dialled. What
    spreadsheets have destroyed ('4.9E+11') is refused.

    Args:
        raw: A cell; the first of several numbers counts.
        country: ISO alpha-2 code of the row or the setting.
    """
    # Exports protect a plus from spreadsheets with an apostrophe.
    return _quick_phone(raw[1:] if raw.startswith("'+") else raw, country) or _phone(raw, country)


@lru_cache(maxsize=_CACHE)
def _phone(raw: str, country: str | None) -> str | None:
    lines = (" ".join(line.split()) for line in (text(raw) or "").splitlines())
    value = _BEFORE_PHONE.sub("", "\n".join(filter(None, lines))).rstrip('"\n ')
    if SCIENTIFIC.match(value):
        return None
    if whole := WHOLE.match(value):
        value = whole[1]
    quick = _quick_phone(value, country)
    if quick:
        return quick
    for part in _SPLIT_PHONES.split(value, _MAX_NUMBERS)[:_MAX_NUMBERS]:
        found = _quick_phone(part, country) or _parsed_phone(part, country)
        if found:
            return found
    digits = sum(char.isdigit() for char in value)
    if 5 <= digits <= 40 and len(_LETTERS.findall(value)) <= 12:
        # Parted as they were read, so that reading them again finds the same.
        return value.replace("\n", "; ")
    return None


def _quick_phone(value: str, country: str | None) -> str | None:
    """Decide what cannot be anything else; trunk zeros, extensions and short numbers are left to the library."""
    bare = value.replace(" ", "")
    if not bare[1:].isdigit():
        # A call of replace() takes a tenth of the time of translate(), which is left what is rare.
        bare = bare.replace("-", "")
        if not bare.removeprefix("+").isdigit():
            bare = bare.replace("(", "").replace(")", "").replace(".", "").replace("/", "")
            if not bare.removeprefix("+").isdigit():
                bare = bare.translate(_PHONE_NOISE)
    if _PLUS(bare):
        return None if "(0" in value else bare
    if bare[:2] == "00" and _PLUS("+" + bare[2:]) and "(0" not in value:
        return "+" + bare[2:]
    rule = _NATIONAL.get(country) if country else None
    return rule[1] + bare[rule[2] :] if rule and rule[0](bare) else None


def _parsed_phone(value: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
