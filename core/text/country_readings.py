"""Which country a cell, a page or an answer names, where it says it with more than a name.

'Germany (DE)', 'DE-BY', '🇩🇪', 'Berlin, Germany', 'en-GB', 'Hong Kong, China', 'California'. Two countries are none:
nobody knows which one is meant, and what stood there is kept beside the value.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from core.text.cell_text import text
from core.text.countries import country_code, country_name, is_whole_country
from core.text.folding import fold
from core.text.regions import country_of_state

_NAMIBIA = "NA"
"""The one code that is also how people write that there is nothing."""
_LETTER_A = 0x1F1E6
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_SUBDIVISION = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")
"""ISO 3166-2: 'DE-BY', 'GB-ENG', 'FR-75'."""
_LOCALE = re.compile(r"[a-z]{2,3}[-_](?:[A-Z][a-z]{3}[-_])?([A-Z]{2})")
"""A language with its country: 'en-GB', 'zh_Hant_TW'."""
_SEPARATORS = re.compile(r"[()\[\],;/|·•\n]|\s[-–—:]\s")
_SHORT_FIRST = re.compile(r"([A-Za-z]{1,3})\s*[-–:]?\s*\b(\w.*)", re.DOTALL)
_SHORT_LAST = re.compile(r"(.*\w)\s*[-–:]?\s+([A-Za-z]{2,3})", re.DOTALL)
_LONGEST = 120
"""Characters of a text that can be somebody's country."""
_ROAD_SIGNS = {"B": "BE", "H": "HU", "L": "LU", "N": "NO", "P": "PT", "S": "SE"}
"""Countries as on cars and envelopes, beside those that are listed; in a cell of its own only."""
_WITHIN = {
    part: whole
    for whole, parts in {
        "AU": "CC CX HM NF", "CN": "HK MO TW", "DK": "FO GL", "FI": "AX",
        "FR": "BL GF GP MF MQ NC PF PM RE TF WF YT", "GB": "AI BM FK GG GI GS IM IO JE KY MS PN SH TC VG",
        "NL": "AW BQ CW SX", "NO": "BV SJ", "NZ": "CK NU TK", "US": "AS GU MP PR UM VI",
    }.items()
    for part in parts.split()
}  # fmt: skip
"""Codes of their own that addresses write with another country behind them: 'Hong Kong, China', 'Jersey, UK'."""


class CountryReading(NamedTuple):
    """What was read.

    Attributes:
        code: ISO 3166-1 alpha-2; None where the text names no country, or several.
        is_all: whether the text says nothing else, so that the code can stand for it.
    """

    code: str | None
    is_all: bool


_NOTHING = CountryReading(None, False)


@lru_cache(maxsize=8192)
def read_country(raw: str) -> CountryReading:
    """Read which country a text names. 'NA' is Namibia: whether a column means nothing by it, its other cells tell."""
    if raw.strip() == _NAMIBIA:
        return CountryReading(_NAMIBIA, True)
    written = text(raw) if len(raw) <= _LONGEST else None
    if written is None:
        return _NOTHING
    whole = _one(written)
    if whole.code is None:
        whole = _of_flag(written)
    return whole if whole.code else _of_parts(written)


def country(raw: str) -> str | None:
    """Return the alpha-2 code of the country that a text names; None where it names none, or several."""
    return read_country(raw).code


def country_key(raw: str) -> str:
    """Return what compares countries: the code, however it is written; of what is none, the folded text."""
    return country(raw) or fold(raw)


def shown_country(raw: str) -> str:
    """Return a country as people read it: its English name; what is none as it stands."""
    code = country(raw)
    return country_name(code) if code else raw


def known_code(raw: str) -> str:
    """Return the alpha-2 code of a country that somebody configured. Raises ValueError where it is none we know."""
    code = country(raw)
    if code is None:
        raise ValueError(f"{raw!r} is no country we know: give its ISO 3166 code, as DE, or its name")
    return code


def migrated_country(stored: str) -> str | None:
    """Return the code that replaces a country stored as text by an earlier version; None: it goes to `original`."""
    return country(stored)


def _one(part: str) -> CountryReading:
    """Read what is one name, code or sign."""
    if code := country_code(part):
        return CountryReading(code, is_whole_country(part))
    if code := _ROAD_SIGNS.get(part):
        return CountryReading(code, True)
    for pattern, is_all in ((_SUBDIVISION, False), (_LOCALE, True)):
        if (match := pattern.fullmatch(part)) and (code := country_code(match[1])):
            return CountryReading(code, is_all)
    return CountryReading(country_of_state(part), False)


def _of_flag(written: str) -> CountryReading:
    """Read a flag, alone or beside the name of the same country."""
    flags = {"".join(chr(ord(sign) - _LETTER_A + ord("A")) for sign in flag) for flag in _FLAG.findall(written)}
    codes = {code for flag in flags if (code := country_code(flag))}
    if len(codes) != 1:
        return _NOTHING
    (code,) = codes
    rest = _FLAG.sub(" ", written).strip()
    if not rest:
        return CountryReading(code, True)
    named = read_country(rest)
    return _NOTHING if named.code not in (None, code) else CountryReading(code, named.code == code and named.is_all)


def _of_parts(written: str) -> CountryReading:
    """Read a name among others: twice the same country, a place before it, a territory before whom it belongs to."""
    parts = [part for piece in _SEPARATORS.split(written) if (part := piece.strip(" .-–"))]
    if len(parts) < 2:
        return _of_pair(written)
    read = [(part, _one(part)) for part in parts]
    named = [(part, reading.code) for part, reading in read if reading.code]
    # 'Georgia, USA' and 'Austin, TX, US' name the state of the country that follows.
    last = named[-1][1] if named else None
    codes: set[str | None] = {code for part, code in named if country_of_state(part, by_code=True) != last} or {last}
    has_others = len(named) < len(parts)
    has_states = len({code for _, code in named}) > len(codes)
    if has_others and all(_is_perhaps_state(part, code) for part, code in named):
        return _NOTHING
    found = {code for code in codes if code}
    found -= {_WITHIN[code] for code in found if code in _WITHIN}
    is_all = not (has_others or has_states) and all(reading.is_all for _, reading in read)
    return CountryReading(found.pop(), is_all) if len(found) == 1 else _NOTHING


def _is_perhaps_state(part: str, code: str) -> bool:
    """Return whether a country's name or code is that of a state of another one: 'Atlanta, Georgia', 'Boston, MA'."""
    return country_of_state(part, by_code=True) not in (None, code)


def _of_pair(written: str) -> CountryReading:
    """Read a code with the name of the same country: 'DE Germany', 'D-Deutschland', 'Germany DE'."""
    for pattern in (_SHORT_FIRST, _SHORT_LAST):
        if match := pattern.fullmatch(written):
            one, other = (_one(part.strip()) for part in match.groups())
            if one.code and one.code == other.code:
                return CountryReading(one.code, one.is_all and other.is_all)
    return _NOTHING
