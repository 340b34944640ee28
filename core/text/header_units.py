"""Units in names of columns of amounts: 'Umsatz (Mio. €)', 'Revenue in thousands', 'TEUR', 'USD m', '百万円'."""

import re
from decimal import Decimal

from core.text.folding import fold
from core.text.lexicons import folded, phrases

_WORDS = re.compile(r"[^\W\d_]+|[€$£¥]")
_CURRENCIES = frozenset({"eur", "usd", "gbp", "chf", "euro", "euros", "dollar", "dollars", "inr", "jpy", "kr", "kc",
                         "czk", "pln", "zl", "huf", "ft", "ron", "lei", "sek", "nok", "dkk", "rub", "try", "tl", "brl",
                         "us", "€", "$", "£", "¥", "cad", "aud", "mxn", "km", "din", "rsd", "hrk", "bam"})  # fmt: skip
_SHORT = {"t": 1_000, "k": 1_000, "m": 1_000_000, "mm": 1_000_000, "b": 1_000_000_000, "bn": 1_000_000_000}
_ONE_WORD = re.compile(r"(t|k|m|md)(eur|usd|gbp|chf|kr|sek|nok|dkk|czk|huf|pln)")
_GLUED_WORD = re.compile(rf"0{{3}}s?|{_ONE_WORD.pattern}")
_GLUED = {"t": 1_000, "k": 1_000, "m": 1_000_000, "md": 1_000_000_000}
_FACTORS = {
    **dict.fromkeys(folded("numbers.thousand") | folded("numbers.thousand_in_names"), 1_000),
    **dict.fromkeys(folded("numbers.million") | folded("numbers.million_in_names"), 1_000_000),
    **dict.fromkeys(folded("numbers.billion") | folded("numbers.billion_in_names"), 1_000_000_000),
}
_EAST = {
    **dict.fromkeys(phrases("numbers.unspaced_thousand"), 1_000),
    **dict.fromkeys(phrases("numbers.unspaced_ten_thousand"), 10_000),
    **dict.fromkeys(phrases("numbers.unspaced_million"), 1_000_000),
    **dict.fromkeys(phrases("numbers.unspaced_hundred_million"), 100_000_000),
}


def factor_of(label: str) -> int:
    """Return by how much the amounts of a column are to be multiplied, as its name says; 1 where it says nothing."""
    for word, factor in sorted(_EAST.items(), key=lambda pair: -len(pair[0])):
        if word in label:
            return factor
    if re.search(r"(?<!\d)'?000'?s?\b", label):
        return 1_000
    words = _WORDS.findall(fold(label.replace("_", " ")))
    for index, word in enumerate(words):
        if glued := _ONE_WORD.fullmatch(word):
            return _GLUED[glued[1]]
        if len(word) > 2 and word in _FACTORS and word != "mil":
            return _FACTORS[word]
        beside = {*words[max(0, index - 1) : index], *words[index + 1 : index + 2]}
        if word in _SHORT and beside & _CURRENCIES:
            return _SHORT[word]
    return 1


def is_unit(word: str) -> bool:
    """Return whether a word of a column's name only says in what its amounts are."""
    return word in _CURRENCIES or word in _SHORT or word in _FACTORS or _GLUED_WORD.fullmatch(word) is not None


def multiplied(value: str | None, factor: int) -> str | None:
    """Multiply a number or a range in plain digits; what is neither stays as it is."""
    if value is None or factor == 1 or not re.fullmatch(r"[\d.]+(?:-[\d.]+)?\+?", value):
        return value
    return re.sub(r"\d+(?:\.\d+)?", lambda found: f"{(Decimal(found[0]) * factor).normalize():f}", value)
