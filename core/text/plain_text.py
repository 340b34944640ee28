"""Strangers' text without what acts instead of being read: control characters, escape sequences, marks of direction.

A cell, a header, a file's name or a page may hold what moves a terminal's cursor, sets its title or turns the order of
what is shown. Such text is stored as it stood; whatever shows it, or writes it to people, takes it through here.
"""

import json
import re
from typing import Any

DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Marks that change the direction of text, as the inside of a character class."""
# Whole sequences (ECMA-48): CSI with its parameters, strings (OSC, DCS, SOS, PM, APC) up to their end, and those of two
# characters. A string without an end loses its beginning only: nothing that follows shall be hidden.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])(?:[^\x07\x1b\x90\x98\x9b-\x9f]*+(?:\x07|\x1b\\|\x9c))?"
    r"|\x1b[ -/]*+[0-Z\\`-~]?"
)
_ACTING = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f{DIRECTION}\u2028\u2029\ud800-\udfff]")
_UNESCAPED = re.compile(rf"[\x7f-\x9f{DIRECTION}\u2028\u2029\ud800-\udfff]")


def plain(text: str) -> str:
    """Return text of several lines as it is read: line ends and tabs stay."""
    if text.isprintable():  # no control character and no mark; the common case
        return text
    text = _SEQUENCE.sub("", text.replace("\r\n", "\n"))
    return _ACTING.sub(lambda found: "\n" if found[0] in "\u2028\u2029" else "", text)


def plain_line(text: str) -> str:
    """Return text as it is read, on one line."""
    return text if text.isprintable() else " ".join(plain(text).split("\n")).replace("\t", " ")


def exact_json(value: Any, *, indent: int | None = None) -> str:
    """Return a value as JSON that loses nothing and acts on no terminal: such characters are escaped."""
    return _escaped(json.dumps(value, indent=indent, ensure_ascii=False, default=str))


def escaped(rendered: bytes) -> bytes:
    """Return JSON that something else rendered with such characters escaped."""
    if rendered.isascii() and b"\x7f" not in rendered:
        return rendered
    return _escaped(rendered.decode()).encode()


def _escaped(text: str) -> str:
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
