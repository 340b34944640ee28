"""Countries as people write them: ISO codes, and names in several languages.

A country is stored as its English short name as sales teams write it ('United States', 'Germany'): readable in a list,
one spelling for grouping and for the dedupe key. It is compared by its code (`country_key`), whoever wrote it, and
written as each system wants it. What is no country by any listed name is kept as it stands.
Source: ISO 3166-1, November 2026; names in German, French, Spanish, Portuguese, Italian, Dutch, Polish as commonly
written, of most countries in their own language.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

from core.text.folding import fold


@cache
def _table() -> tuple[dict[str, str], dict[str, str], Mapping[str, tuple[str, ...]]]:
    """Return (folded word -> ISO alpha-2 code, code -> English name, code -> all its spellings)."""
    words: dict[str, str] = {}
    names: dict[str, str] = {}
    spellings: dict[str, tuple[str, ...]] = {}
    for line in files("core.text").joinpath("countries.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        code, alpha3, name, *others = (part.strip() for part in line.split("|"))
        names[code] = name
        aliases = (alias.strip() for part in others for alias in part.split(","))
        spellings[code] = tuple(filter(None, (code, alpha3, name, *aliases)))
        for word in spellings[code]:
            words.setdefault(_key(word), code)
    return words, names, spellings


def _key(text: str) -> str:
    return " ".join(fold(text).replace(".", "").replace("'", " ").replace("’", " ").replace("-", " ").split())


def country_words() -> frozenset[str]:
    """Return every known code and name, folded."""
    return frozenset(_table()[0])


@lru_cache(maxsize=8192)
def country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a country written in any listed way; None if it is none."""
    key = _key(text)
    return _table()[0].get(key) or _table()[0].get(key.removeprefix("the "))


def country_name(code: str) -> str:
    """Return a code's English short name."""
    return _table()[1][code]


def country_key(text: str) -> str:
    """Return what compares countries: the code, whatever the language it is written in; else the folded text."""
    return country_code(text) or fold(text)


def spellings_of(code: str) -> tuple[str, ...]:
    """Return every listed way to write a country, as listed: the codes and the English name first."""
    return _table()[2][code]
