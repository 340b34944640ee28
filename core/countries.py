"""Countries as people write them: ISO codes, and names in several languages.

A country is stored as its English short name as sales teams write it ('United States', 'Germany'): readable in a
list and in
a CRM, one spelling for grouping and for the dedupe key. What is no country by any listed name is kept as it stands.
Source: ISO 3166-1, November 2026; names in German, French, Spanish, Portuguese, Italian, Dutch, Polish as commonly
written.
"""

from functools import cache, lru_cache
from importlib.resources import files

from core.lead import fold


@cache
def _table() -> tuple[dict[str, str], dict[str, str]]:
    """Give (folded word -> ISO alpha-2 code, code -> English name)."""
    words: dict[str, str] = {}
    names: dict[str, str] = {}
    for line in files("core").joinpath("countries.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        code, alpha3, name, *others = (part.strip() for part in line.split("|"))
        names[code] = name
        for word in (code, alpha3, name, *(alias for part in others for alias in part.split(","))):
            if word.strip():
                words.setdefault(_key(word), code)
    return words, names


def _key(text: str) -> str:
    return " ".join(fold(text).replace(".", "").replace("'", " ").replace("-", " ").split())


def country_words() -> frozenset[str]:
    """Give every known code and name, folded."""
    return frozenset(_table()[0])


@lru_cache(maxsize=8192)
def country_code(text: str) -> str | None:
    """Give the ISO 3166-1 alpha-2 code of a country written in any listed way; None if it is none."""
    key = _key(text)
    return _table()[0].get(key) or _table()[0].get(key.removeprefix("the "))


def country_name(code: str) -> str:
    """Give a code's English short name."""
    return _table()[1][code]
