"""A cell's text: stripped, None where it says that there is nothing, repaired where that is certain."""

import re

from core.text.spreadsheets import unguarded

MISSING = frozenset(
    {
        "", "-", "--", "---", "—", "–", ".", "?", "n/a", "n.a.", "na", "n.a", "#n/a", "#na", "#ref!", "#value!",
        "#name?", "#null!", "#div/0!", "#num!", "#error!",
        "null", "none", "nan", "nil", "undefined", "(null)", "<null>", "[null]", "not available", "k.a.", "\\n",
        "(none)", "(blank)", "<na>",
    }
)  # fmt: skip
"""Cells, stripped and in lower case, that mean: nothing here."""
_LONGEST_MISSING = max(map(len, MISSING))

_UNSTORABLE = re.compile("[\x00\u007f-\u009f\u200b\u2060\u00ad\ufeff\u200e\u200f\u202a-\u202e\ud800-\udfff]")
"""What a database cannot store, control characters, and what nobody sees: without width, or a mark of direction."""
_FROM_WINDOWS = {
    code: bytes([code]).decode("cp1252") for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
"""Control characters that came of Windows' signs: quotes, dashes, the euro."""
_NAMES = frozenset({"Null", "Nan", "Nil", "Na"})
"""Family names and given names that programs write for nothing too, but not so."""
_FORMULA_TEXT = re.compile(r'^="((?:[^"]|"")*)"$')
SCIENTIFIC = re.compile(r"^[-+]?\d(?:[.,]\d+)?E\+?\d{1,2}$", re.IGNORECASE)
WHOLE = re.compile(r"^(\d+)[.,]0$")
"""What spreadsheets make of long numbers ('4.9E+11'), and of whole ones ('78724.0')."""


def text(raw: str) -> str | None:
    """Return a cell's text without surrounding white space, or None where it says that there is nothing."""
    value = raw.strip()
    if len(value) <= _LONGEST_MISSING and value.lower() in MISSING:
        return None
    if "'" in value and (bare := unguarded(value)) != value:
        return text(bare)
    if value[0] == "=" and (match := _FORMULA_TEXT.match(value)):
        return text(match[1].replace('""', '"'))
    if not value.isprintable():
        storable_part = _UNSTORABLE.sub("", value.translate(_FROM_WINDOWS))
        return value if storable_part == value else text(storable_part)
    return value


def aside(raw: str) -> str:
    """Return a cell that no field takes as it is kept beside the lead."""
    return unguarded(raw) if raw.isprintable() else storable(unguarded(raw))


def storable(raw: str) -> str:
    """Return text without what a database cannot store, control characters and what nobody sees."""
    # What is printable holds neither; one look, and quick for letters of every script.
    return raw if raw.isprintable() else _UNSTORABLE.sub("", raw.translate(_FROM_WINDOWS))


def name(raw: str) -> str | None:
    """Return a person's name, also where it is one that programs write for nothing ('Null', but not 'NULL')."""
    value = text(raw)
    if value is None and (written := raw.strip()) in _NAMES:
        return written
    return value
