"""The words of languages: one file a language, `core/text/lexicon/<language>.toml`, all of one shape.

Rules of reading stand in Python, words here. A reader asks for a key and is given what all languages say together, or
each language by itself. `international.toml` holds what belongs to no language: abbreviations, signs, the names of
export formats. Order: international, English, then the other languages by their codes; within a file as written.
How a language is added: `docs/adding/language.md`.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from core.errors import ConfigurationError
from core.text.folding import fold
from core.text.lexicon_keys import PATTERNS, WORDS

_FIRST = ("international", "en")
_LETTERS = str.maketrans({"ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "æ": "ae", "Æ": "ae", "đ": "d", "ı": "i", "’": "'"})
"""Letters that are no other letter with an accent."""
REPLIES = "replies"
"""The one section that has a shape of its own."""


@dataclass(frozen=True)
class Lexicon:
    """The words of all languages.

    Attributes:
        languages: code -> section -> key -> its phrases or patterns, as written and in order.
        replies: code -> what is known of replies in this language, as written.
    """

    languages: Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]]
    replies: Mapping[str, Mapping[str, Any]]

    def by_language(self, key: str) -> dict[str, tuple[str, ...]]:
        """Return what each language has under a key, `section.key`; languages that have nothing are left out."""
        section, _, name = key.partition(".")
        if name not in WORDS.get(section, {}) and name not in PATTERNS.get(section, {}):
            raise ConfigurationError(f"no lexicon has {key}; the keys stand in core/text/lexicon_keys.py")
        found = {code: sections.get(section, {}).get(name, ()) for code, sections in self.languages.items()}
        return {code: entries for code, entries in found.items() if entries}

    def entries(self, key: str) -> tuple[str, ...]:
        """Return what all languages have under a key, each entry once, in order."""
        return tuple(dict.fromkeys(entry for own in self.by_language(key).values() for entry in own))


def read_lexicon(folder: Traversable) -> Lexicon:
    """Read all languages of a folder.

    Raises:
        ConfigurationError: a file is no TOML or has another shape; names file, section and key.
    """
    found = {file.name.removesuffix(".toml"): file for file in folder.iterdir() if file.name.endswith(".toml")}
    codes = [code for code in _FIRST if code in found] + sorted(found.keys() - set(_FIRST))
    languages, replies = {}, {}
    for code in codes:
        given = _parsed(found[code])
        if REPLIES in given:
            replies[code] = given.pop(REPLIES)
        languages[code] = {
            section: {key: _entries(found[code].name, section, key, value) for key, value in own.items()}
            for section, own in given.items()
        }
    return Lexicon(languages, replies)


def _parsed(file: Traversable) -> dict[str, dict[str, Any]]:
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file.name} cannot be read: {error}") from error
    known = {*WORDS, *PATTERNS, REPLIES}
    for section, own in given.items():
        if section not in known or not isinstance(own, dict):
            raise ConfigurationError(f"{file.name}: [{section}] is no section; there are {', '.join(sorted(known))}")
    return given


def _entries(file: str, section: str, key: str, value: object) -> tuple[str, ...]:
    """Return one key's phrases or patterns."""
    place = f"{file}: {key} in [{section}]"
    if key in PATTERNS.get(section, {}):
        if not isinstance(value, list) or not all(isinstance(entry, str) and entry for entry in value):
            raise ConfigurationError(f"{place} has to be a list of patterns, each in quotation marks")
        return tuple(value)
    if key not in WORDS.get(section, {}):
        known = sorted({*WORDS.get(section, {}), *PATTERNS.get(section, {})})
        raise ConfigurationError(f"{place} is no key; there are {', '.join(known)}")
    if not isinstance(value, str):
        raise ConfigurationError(f"{place} has to be one text of phrases with commas between them")
    return tuple(phrase for phrase in (" ".join(part.split()) for part in value.split(",")) if phrase)


def check_patterns(read: Lexicon) -> None:
    """Raise `ConfigurationError` for a pattern that is none: a test asks, for to compile each takes time."""
    for code, sections in read.languages.items():
        for section, own in sections.items():
            for key in own.keys() & PATTERNS.get(section, {}).keys():
                for entry in own[key]:
                    try:
                        re.compile(entry)
                    except re.error as error:
                        place = f"{code}.toml: {key} in [{section}]"
                        raise ConfigurationError(f"{place}: {entry!r} is no pattern: {error}") from error


@cache
def lexicon() -> Lexicon:
    """Return the words of all languages; read once."""
    return read_lexicon(files("core.text").joinpath("lexicon"))


def phrases(key: str) -> tuple[str, ...]:
    """Return what all languages have under a key, in order: `phrases("headers.email")`."""
    return lexicon().entries(key)


def words(key: str) -> frozenset[str]:
    """Return the same as a set."""
    return frozenset(lexicon().entries(key))


def folded(key: str) -> frozenset[str]:
    """Return the same without case and accents, so that a file may write words as people do."""
    return frozenset(map(_fold, lexicon().entries(key)))


def _fold(phrase: str) -> str:
    return fold(phrase if phrase.isascii() else phrase.translate(_LETTERS))


def alternatives(*keys: str) -> str:
    """Return a pattern for any of the patterns under these keys, to stand in brackets."""
    return "|".join(entry for key in keys for entry in phrases(key)) or "(?!)"


def any_word(key: str) -> str:
    """Return a pattern for any of the phrases under a key, to stand in brackets: longer ones first."""
    return "|".join(re.escape(phrase) for phrase in sorted(phrases(key), key=len, reverse=True)) or "(?!)"


def by_language(key: str) -> Mapping[str, Sequence[str]]:
    """Return what each language has under a key."""
    return lexicon().by_language(key)
