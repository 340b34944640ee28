"""Names that are written in capitals, wholly or in part."""

import re

from core.text.name_words import PARTICLES
from core.text.titles import fold

INITIAL = re.compile(r"^(?:[^\W\d_]\.?|(?:[^\W\d_]\.){2,3}|[^\W\d_]\.-[^\W\d_]\.)$")
"""An initial, or several."""


def shouts(words: list[str]) -> bool:
    """Return whether a name is written in capitals throughout."""
    return all(word.isupper() for word in words if len(word) > 2 and fold(word) not in PARTICLES)


def calm(words: list[str]) -> list[str]:
    """Return a name with its family name, where that is in capitals, written as names are, and last.

    "Élise BARRAULT" and "BARRAULT Élise" are Élise Barrault.
    """
    loud = [len(word) > 2 and word.isupper() and not INITIAL.match(word) for word in words]
    if len(words[0]) > 2 and are_initials(words[0]):
        loud[0] = False
    if any(loud) and loud[0] and not loud[-1]:
        split = loud.index(False)
        words = words[split:] + words[:split]
        loud = loud[split:] + loud[:split]
    return [cased(word) if shout else word for word, shout in zip(words, loud, strict=True)]


def are_initials(word: str) -> bool:
    """Return whether capitals cannot be spoken and stand for given names: "ABM Karim Hasan", but "KIM Jae Won"."""
    return word.isupper() and 2 <= len(word) <= 3 and not any(char in "AEIOUY" for char in fold(word).upper()[1:])


def cased(word: str) -> str:
    """Return a word of a name in capitals as names are written: 'MCDONALD' -> 'McDonald'."""
    if INITIAL.match(word) and (len(word) <= 2 or "." in word):
        return word
    if word.isascii() and fold(word) in PARTICLES and len(word) <= 3:
        return word.lower()
    cased = re.sub(r"[^\W\d_]+", lambda part: part[0].capitalize(), word.lower())
    cased = re.sub(r"^(Mc)([a-z])", lambda part: part[1] + part[2].upper(), cased)
    return re.sub(r"(?<=^[OD])(['’])([a-z])", lambda part: part[1] + part[2].upper(), cased)
