"""The words of replies that accept a time, by language: a closed vocabulary, so that whatever else is said is a doubt.

A reply is read in one language at a time, wholly or not at all. So no word needs to be known for what it denies: `not`,
`unless`, `other` and all that no one has thought of are simply not here. A word goes in only if, together with any
others of its language, it cannot turn a yes into something else. The words stand in the lexicon, `replies` of each
language.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from core.errors import ConfigurationError
from core.text.lexicons import lexicon, phrases, words

_NEEDED = frozenset({"nouns", "articles", "ordinals", "numbers", "weekdays", "months", "at", "known", "phrases"})


@dataclass(frozen=True)
class Language:
    """What is known of a language.

    Attributes:
        nouns: what a number or an ordinal may name: slot, option.
        articles: what may stand before an ordinal that stands for a slot.
        ordinals, numbers: word to number; numbers only count behind a noun.
        weekdays, months: word to 0 (Monday) to 6, and 1 to 12.
        at: what makes the number behind it an hour.
        hours: what makes the number in front of it an hour.
        known: all other words.
        phrases: what is said only together.
        vetoes: what known words mean together that each alone does not.
        asks: words that, opening a sentence, make a question of it.
    """

    nouns: frozenset[str]
    articles: frozenset[str]
    ordinals: Mapping[str, int]
    numbers: Mapping[str, int]
    weekdays: Mapping[str, int]
    months: Mapping[str, int]
    at: frozenset[str]
    hours: frozenset[str]
    known: frozenset[str]
    phrases: re.Pattern[str]
    vetoes: re.Pattern[str]
    asks: frozenset[str]


def _spellings(word: str) -> set[str]:
    """Return a word as it is also typed: without accents, with German digraphs. An accent may be all that tells yes."""
    if word in ("sí", "sì"):
        return {word}
    bare = "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))
    digraphs = word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return {word, bare.replace("ł", "l").replace("ø", "o"), digraphs, word.replace("ß", "ss")}


def spelt(*given: Iterable[str]) -> frozenset[str]:
    """Return words, each in the spellings that people type."""
    return frozenset(spelling for some in given for word in some for spelling in _spellings(word))


def _numbered(text: str, first: int) -> dict[str, int]:
    """Read `one/uno two/dos`: groups of words that mean the same, counted from `first`."""
    groups = enumerate(text.split(), first)
    return {spelling: number for number, group in groups for word in group.split("/") for spelling in _spellings(word)}


def _pattern(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns) or '(?!)'})(?!\w)")


def _read(code: str, given: Mapping[str, Any]) -> Language:
    missing = sorted(_NEEDED - given.keys())
    if missing:
        raise ConfigurationError(f"{code}.toml: [replies] lacks {', '.join(missing)}; or leave the section out")
    return Language(
        nouns=spelt(phrases("letters.nouns"), given["nouns"].split()),
        articles=spelt(given["articles"].split()),
        ordinals=_numbered(given["ordinals"], 1),
        numbers=_numbered(given["numbers"], 1),
        weekdays=_numbered(given["weekdays"], 0),
        months=_numbered(given["months"], 1),
        at=spelt(given["at"].split()),
        hours=spelt(phrases("letters.hours"), given.get("hours", "").split()),
        known=spelt(phrases("letters.known"), given["known"].split()),
        phrases=_pattern(given["phrases"]),
        vetoes=_pattern(given.get("vetoes", [])),
        asks=spelt(given.get("asks", "").split()),
    )


@cache
def languages() -> Mapping[str, Language]:
    """Return the languages that replies are understood in, by code: those whose lexicon has `replies`."""
    return {code: _read(code, given) for code, given in sorted(lexicon().replies.items())}


INDEFINITE = words("letters.indefinite")
"""In front of what may be named, these say that there are others: `slot 2 is an option`."""
BESIDES = phrases("letters.besides")
"""How words begin that name an offered time only with its number beside them, and else some other time."""
