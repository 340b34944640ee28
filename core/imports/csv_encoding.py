"""Which encoding a file has that is not UTF-8: the letters decide, and where they do not, a person is asked.

Every code page turns every byte into something; only the right one makes words. Of each candidate it is measured how
much of what is not ASCII are letters that one language has (Latin scripts), letters of one script in the usual order of
capitals (other alphabets), or common characters (scripts of East Asia). Where two come out equal, the verdict of
`charset_normalizer` decides between them, and where none comes out well, nobody knows.
"""

import codecs
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from core.text.lexicons import by_language

_ENOUGH, _CLOSE = 0.8, 0.02
_EVIDENCE_BYTES = 512 * 1024
_DAMAGED_SHARE = 0.1
"""Of the lines with letters beyond ASCII: so many may be no UTF-8 in a file that is."""
_MOST_DAMAGED = 1000
_SINGLE = (
    "cp1252", "cp1250", "cp1254", "cp1257", "mac_roman", "cp850", "cp437", "cp852", "iso8859-2", "iso8859-15",
    "cp1251", "koi8-r", "koi8-u", "cp866", "mac_cyrillic", "iso8859-5", "cp1253", "cp1255", "cp1256",
    "cp874", "mac_latin2", "cp857",
)  # fmt: skip
_EAST = ("cp932", "euc_jp", "cp949", "gb18030", "big5")
_NEUTRAL = frozenset("\u00a0«»„“”‚‘’´`–—…•·€£¥©®™°§¿¡ºª²³½¼¾×±№")
"""Signs that text of any language may hold."""
_WEST = ("de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "fi")
_WESTERN_MIX = 0.97
"""A list of companies of all of western Europe fits no single language, and hardly anything else."""
_SCRIPTS = {
    "cp1251": (0x400, 0x460), "koi8-r": (0x400, 0x460), "koi8-u": (0x400, 0x4A0), "cp866": (0x400, 0x460),
    "mac_cyrillic": (0x400, 0x460), "iso8859-5": (0x400, 0x460), "cp1253": (0x370, 0x400),
    "cp1255": (0x5D0, 0x5EB), "cp1256": (0x600, 0x700), "cp874": (0xE00, 0xE60),
}  # fmt: skip
_COMMON = frozenset("оеаинтсрвлкмαοιετσνηυρπκλάόίέ")
"""Letters that make up most of a Cyrillic or Greek text."""


@dataclass(frozen=True)
class Verdict:
    """What a file's bytes are.

    Attributes:
        encoding: The encoding; None where nobody knows.
        damaged: Lines whose bytes are none of that encoding, 1-based.
        candidates: What it may be, where nobody knows.
    """

    encoding: str | None
    damaged: tuple[int, ...] = ()
    candidates: tuple[str, ...] = ()


def find_encoding(lines: Callable[[], Iterable[bytes]]) -> Verdict:
    """Find out which encoding a file has that is not UTF-8.

    Args:
        lines: Gives its lines, from the first, as often as it is asked.
    """
    evidence: list[bytes] = []
    size = of_utf8 = others = 0
    for line in lines():
        if line.isascii():
            continue
        is_utf8 = _is_in(line, "utf-8")
        of_utf8, others = of_utf8 + is_utf8, others + (not is_utf8)
        size += len(line)
        if size < _EVIDENCE_BYTES or not evidence:
            evidence.append(line)
    if of_utf8 and others <= max(1, _DAMAGED_SHARE * (of_utf8 + others)):
        return Verdict("utf-8", damaged_lines(lines(), "utf-8"))
    found = _by_letters(b"\n".join(evidence))
    return replace(found, damaged=damaged_lines(lines(), found.encoding)) if found.encoding else found


def damaged_lines(lines: Iterable[bytes], encoding: str) -> tuple[int, ...]:
    """Return the first of the lines whose bytes are none of an encoding, 1-based."""
    wrong = (number for number, line in enumerate(lines, 1) if not line.isascii() and not _is_in(line, encoding))
    return tuple(islice(wrong, _MOST_DAMAGED))


def _is_in(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _by_letters(data: bytes) -> Verdict:
    scores = sorted(((_score(data, name), -at, name) for at, name in enumerate((*_SINGLE, *_EAST))), reverse=True)
    best, _, name = scores[0]
    close = [other for score, _, other in scores if score >= best - _CLOSE]
    if best < _ENOUGH:
        return Verdict(None, candidates=tuple(other for score, _, other in scores[:3] if score > 0))
    texts = {data.decode(other, "replace") for other in close}
    if len(texts) == 1 or name == "cp1252":  # the same letters by all, or what most files are
        return Verdict(name)
    said = _said_by_library(data)
    return Verdict(said if said in close else name)


def _said_by_library(data: bytes) -> str | None:
    from charset_normalizer import from_bytes  # takes longer to import than most files to read

    found = from_bytes(data[:64_000], cp_isolation=[*_SINGLE, *_EAST]).best()
    return None if found is None else codecs.lookup(found.encoding).name


def _score(data: bytes, encoding: str) -> float:
    """Return how much of what is not ASCII reads like somebody's language in this encoding, 0-1."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        # Windows leaves a few bytes open; one that slipped in decides nothing where there are many others.
        text = data.decode(encoding, "replace")
        foreign = sum(char > "\x7f" for char in text)
        if encoding in _EAST or text.count("\ufffd") * 50 > foreign or error.end - error.start > 4:
            return 0.0
    if encoding in _EAST:
        return _east(text, encoding)
    foreign_chars = [char for char in text if char > "\x7f"]
    counted = [char for char in foreign_chars if char not in _NEUTRAL]
    if encoding in _SCRIPTS:
        return _alphabet(text, counted, *_SCRIPTS[encoding])
    return _latin(text, foreign_chars, counted)


def _latin(text: str, foreign: Sequence[str], counted: Sequence[str]) -> float:
    letters = {language: set("".join(given)) for language, given in by_language("cells.letters").items()}
    west = set().union(*(letters[language] for language in _WEST if language in letters))
    if not foreign:
        return 1.0
    amiss = sum(_is_amiss(left, char, right) for left, char, right in zip(text, text[1:], text[2:], strict=False))
    folded = [char.lower()[0] for char in counted]
    if not counted:
        return max(0.0, 0.9 - 2 * amiss / len(foreign))
    best = max((sum(char in own or char in "iı" for char in folded) for own in letters.values()), default=0)
    mixed = _WESTERN_MIX * sum(char in west for char in folded)
    return max(0.0, (max(best, mixed) / len(counted)) - amiss / len(foreign))


def _is_amiss(left: str, char: str, right: str) -> bool:
    """Return whether a sign stands inside a word, or a capital among small letters: 'JÃ¶rg', '£ód'."""
    if char <= "\x7f":
        return False
    if not char.isalpha():
        return char not in "’‘´`·" and left.isalpha() and right.isalpha() and char != "\u00a0"
    # No Latin word is of foreign letters alone: 'çáøä' is Hebrew.
    return (char.isupper() and left.islower()) or (min(left, right) > "\x7f" and left.isalpha() and right.isalpha())


def _alphabet(text: str, counted: Sequence[str], first: int, end: int) -> float:
    if not counted:
        return 0.0
    own = [char for char in counted if first <= ord(char) < end]
    share = len(own) / len(counted)
    # A word is of one script, and capitals stand in front.
    amiss = sum(
        left.isalpha() and right.isalpha() and (left > "\x7f") != (right > "\x7f") for left, right in pairwise(text)
    )
    cased = [char for char in own if char.lower() != char.upper()]
    if not cased:
        return max(0.0, 0.95 * share - amiss / len(counted))
    amiss += sum(right.isupper() and left.islower() and right > "\x7f" for left, right in pairwise(text))
    common = sum(char.lower() in _COMMON for char in cased) / len(cased)
    capitals = 1.0 if any(map(str.isupper, cased)) else 0.9
    return max(0.0, share * min(1.0, common / 0.6) * capitals - 2 * amiss / len(counted))


def _east(text: str, encoding: str) -> float:
    foreign = [char for char in text if char > "\x7f"]
    if not foreign:
        return 0.0
    common = sum(_is_common(char, encoding) for char in foreign) / len(foreign)
    kana = sum("\u3041" <= char <= "\u30ff" for char in foreign) / len(foreign)
    if encoding in ("gb18030", "big5") and kana > 0.1:
        return 0.5 * common
    return common


_COMMON_LEADS = {
    "cp932": (0x81, 0x98), "euc_jp": (0xA1, 0xD0), "cp949": (0xA1, 0xC9), "gb18030": (0xA1, 0xD8), "big5": (0xA1, 0xC7)
}  # fmt: skip
"""First bytes under which each encoding keeps its common characters."""


def _is_common(char: str, encoding: str) -> bool:
    """Return whether a character is common where an encoding is used: it stands in front in its table."""
    written = char.encode(encoding, "replace")
    first, end = _COMMON_LEADS[encoding]
    if len(written) != 2 or not first <= written[0] < end:
        return False
    return not (encoding in ("gb18030", "cp949", "euc_jp") and written[1] < 0xA1)
