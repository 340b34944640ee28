"""Countries by their names: ISO codes, what people call them in any language, their formal and former names.

Inside the program a country is its ISO 3166-1 alpha-2 code, and compared as such; people are shown its English name,
and each system gets the spelling it wants (`docs/values.md`). What a cell says besides (a city, a flag, two names) is
read by `core.text.country_readings`.
Source: ISO 3166-1, November 2026; `countries.txt` has the names as sales teams write them, `country_names.txt` those of
the Unicode CLDR, looked at only where the first does not help.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from core.text.folding import fold
from core.text.lexicons import alternatives

_SIGNS = str.maketrans(dict.fromkeys("'’‘`´-–—‑_/(),:;[]", " ") | {".": "", "&": " and "})
_INVERTED = re.compile(r"([^,(]+?)\s*[,(]\s*([^,()]+?)\s*\)?")
"""As lists are sorted: 'Korea, Democratic People's Republic of', 'Bahamas (the)'."""


class _Table(NamedTuple):
    """What is listed: folded word -> code, code -> name, code -> all spellings, and the words that say more or less."""

    words: dict[str, str]
    names: dict[str, str]
    spellings: Mapping[str, tuple[str, ...]]
    partial: frozenset[str]


@cache
def _table() -> _Table:
    words: dict[str, str] = {}
    names: dict[str, str] = {}
    spellings: dict[str, tuple[str, ...]] = {}
    partial: set[str] = set()
    for line in _lines("countries.txt"):
        code, alpha3, name, others, *parts = (part.strip() for part in line.split("|"))
        names[code] = name
        within = _listed(parts[0], ",") if parts else ()
        spellings[code] = (code, alpha3, name, *_listed(others, ","), *within)
        for word in spellings[code]:
            words.setdefault(_key(word), code)
        partial.update(map(_key, within))
    return _Table(words, names, spellings, frozenset(partial))


@cache
def _further() -> Mapping[str, str]:
    """Return the names in other languages: folded -> code. Read once somebody needs one."""
    found: dict[str, str] = {}
    for line in _lines("country_names.txt"):
        code, _, names = line.partition("|")
        for name in _listed(names, ";"):
            found.setdefault(_key(name), code)
    return found


def _lines(name: str) -> list[str]:
    text = files("core.text").joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _listed(text: str, separator: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(separator))))


def _key(text: str) -> str:
    return " ".join(fold(text).translate(_SIGNS).split())


def country_words() -> frozenset[str]:
    """Return every code and listed name, folded."""
    return frozenset(_table().words)


@lru_cache(maxsize=8192)
def country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a country named in any way, alone; None if it is none.

    Former names count where one country goes by another name today; the Soviet Union is none of its successors.
    """
    inverted = _INVERTED.fullmatch(text.strip())
    return _named(_key(text)) or (_named(_key(f"{inverted[2]} {inverted[1]}")) if inverted else None)


@cache
def _formal() -> re.Pattern[str]:
    """Return what a formal name begins with."""
    return re.compile(f"^(?:{alternatives('addresses.formal_country')})")


def _named(key: str) -> str | None:
    return _listed_name(key) or (_listed_name(bare) if (bare := _formal().sub("", key)) != key else None)


def _listed_name(key: str) -> str | None:
    words = _table().words
    found = words.get(key) or words.get(key.removeprefix("the "))
    # Codes and single letters of another language are nobody's names.
    return found or (_further().get(key) if len(key) > 1 else None)


def is_whole_country(text: str) -> bool:
    """Return whether a country's name says just that: neither England nor East Germany, which a code does not tell."""
    partial = _table().partial
    inverted = _INVERTED.fullmatch(text.strip())
    keys = [_key(text)] + ([_key(f"{inverted[2]} {inverted[1]}")] if inverted else [])
    return country_code(text) is not None and partial.isdisjoint(keys)


def country_name(code: str) -> str:
    """Return a code's English short name."""
    return _table().names[code]


def spellings_of(code: str) -> tuple[str, ...]:
    """Return every listed way to write a country, as listed: the codes and the English name first."""
    return _table().spellings[code]
