"""When two names are one: what equal names share, and how alike two are.

Case, accents, marks, the order of the words, titles of people and legal forms of companies make no other name. Names in
different scripts are not compared: neither says that the other is wrong.
"""

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache

from core.text.folding import fold
from core.text.lexicons import words

_HONORIFICS = words("cells.honorifics")
_LEGAL_FORMS = words("companies.legal_forms") | words("companies.left_out")
_WORD = re.compile(r"[^\W_]+")
_INITIALS = re.compile(r"(?<=\b\w)\.(?=\w\b)")
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("ss", "s"))
_MAX_KEY_CHARS = 200
_CACHE = 8_192


class Likeness(IntEnum):
    """How alike two names are."""

    OTHER = 0
    """Nothing in common."""
    NEAR = 1
    """A word in common, of people the first, and words of its own on either side."""
    PART = 2
    """One is the other with less: 'J. Doe' and 'Jane Doe', 'Acme' and 'Acme Holding'."""
    SAME = 3
    """Equal but for case, accents, order, titles and legal forms."""


def company_key(name: str | None) -> str | None:
    """Return what equal names of companies share: their words, folded, in order; None without a name."""
    return _key(name, True) if name else None


def person_key(name: str | None) -> str | None:
    """Return what equal names of people share: their words, folded, in order; None without a name."""
    return _key(name, False) if name else None


@lru_cache(maxsize=_CACHE)
def _key(name: str, is_company: bool) -> str | None:
    found = sorted(_read_words(name, is_company))
    # Where nothing is left to read, the name is what it is.
    return (" ".join(found) or fold(name).strip())[:_MAX_KEY_CHARS] or None


@lru_cache(maxsize=_CACHE)
def _words(name: str, is_company: bool) -> tuple[str, ...]:
    return _read_words(name, is_company)


def _read_words(name: str, is_company: bool) -> tuple[str, ...]:
    text = fold(name.replace("'", "").replace("\u2019", "").replace("ß", "ss"))
    for long, short in _UMLAUTS:
        text = text.replace(long, short)
    # 'S.A.' and 'e.K.' are words, 'J.R.' is initials.
    if is_company and "." in text:
        text = _INITIALS.sub("", text)
    # Most names are letters and spaces: splitting them costs a tenth of searching for words.
    found = text.split() if text.replace(" ", "").isalnum() else _WORD.findall(text)
    if not is_company:
        return tuple(word for word in found if word not in _HONORIFICS) or tuple(found)
    if _LEGAL_FORMS.isdisjoint(found):
        return tuple(found)
    # A letter joins two words ('Berg e Filhos'); at an end it is a name's own ('Firm E').
    inner = range(1, len(found) - 1)
    left = [word for at, word in enumerate(found) if word not in _LEGAL_FORMS or (len(word) == 1 and at not in inner)]
    return tuple(left or found)


@lru_cache(maxsize=_CACHE)
def _scripts(name: str) -> frozenset[str]:
    return frozenset(unicodedata.name(char, "?").split()[0] for char in name if char.isalpha())


def companies_likeness(known: str | None, new: str | None) -> Likeness | None:
    """Compare two names of companies; None where one is missing or they are written in different scripts."""
    return _likeness(known, new, is_company=True)


def people_likeness(known: str | None, new: str | None) -> Likeness | None:
    """Compare two names of people; None where one is missing or they are written in different scripts."""
    return _likeness(known, new, is_company=False)


def _likeness(known: str | None, new: str | None, *, is_company: bool) -> Likeness | None:
    if not known or not new:
        return None
    if known == new:
        return Likeness.SAME
    our_words, their_words = _words(known, is_company), _words(new, is_company)
    ours, theirs = frozenset(our_words), frozenset(their_words)
    if not ours or not theirs:
        return None
    if ours == theirs or "".join(our_words) == "".join(their_words):
        return Likeness.SAME
    if not _scripts(known) & _scripts(new):
        return None
    common = ours & theirs
    fewer, more = sorted((ours - common, theirs - common), key=len)
    if not fewer or (common and _abbreviates(fewer, more)):
        return Likeness.PART
    # Who marries keeps the first name; two of one family share the other.
    is_near = common and (is_company or our_words[0] == their_words[0])
    return Likeness.NEAR if is_near else Likeness.OTHER


def _abbreviates(fewer: frozenset[str], more: frozenset[str]) -> bool:
    """Return whether every word of the one is an initial of a word of the other, or has one as its initial."""
    return all(any((len(a) == 1 or len(b) == 1) and a[0] == b[0] for b in more) for a in fewer)
