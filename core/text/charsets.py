"""Bytes of a web page to text: what the page declares, checked against what its bytes allow."""

import codecs
import re

_META = re.compile(rb"<meta[^>]{0,300}?charset\s*+=\s*+(?:[\"']\s*+)?+([\w.:-]{2,40})", re.IGNORECASE)
_HEADER = re.compile(r"charset\s*+=\s*+(?:[\"']\s*+)?+([\w.:-]{2,40})", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_OF_THE_WEB = re.compile(
    r"ascii|utf-(?:7|8|16(?:-[bl]e)?)|cp\d+|iso8859-\d+|koi8-[rtu]|mac-\w+|ptcp154|tis-620"
    r"|big5\w*|gb\w+|hz|johab|euc_\w+|shift_jis\w*|iso2022_\w+"
)
"""Encodings of text on pages. Python knows more by name, among them some that take hours (punycode)."""
_SEVEN_BIT = ("iso-2022", "utf-7", "hz")


def decode(data: bytes, content_type: str = "", *, truncated: bool = False) -> str:
    """Decode a page; never raises.

    A byte order mark decides; else bytes that are valid UTF-8 are UTF-8 whatever is declared; else what the header or
    the page declares, if it fits; else Windows-1252.

    Args:
        data: the body.
        content_type: the Content-Type header.
        truncated: the body was cut, perhaps within a character.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    declared = _declared(data, content_type)
    if declared and declared.startswith(("utf-16", *_SEVEN_BIT)) and not declared.startswith("utf-7"):
        return data.decode(declared, "replace")
    trimmed = data[: len(data) - _broken_tail(data)] if truncated else data
    for candidate in ("utf-8", declared):
        if candidate is None:
            continue
        try:
            return trimmed.decode(candidate)
        except (UnicodeDecodeError, LookupError):
            continue
    if declared in ("utf-8", "utf8") and _mostly_utf8(data):
        return data.decode("utf-8", "replace")
    return data.decode("cp1252", "replace")


def _declared(data: bytes, content_type: str) -> str | None:
    for found in (_HEADER.search(content_type), _META.search(data[:4096])):
        if found is None:
            continue
        name = found[1].decode("ascii", "ignore") if isinstance(found[1], bytes) else found[1]
        try:
            known = codecs.lookup(name).name
        except (LookupError, ValueError):
            continue
        if _OF_THE_WEB.fullmatch(known) is None:
            continue
        return "cp1252" if known in ("iso8859-1", "ascii") else known
    return None


def _mostly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "replace")
    foreign = sum(1 for char in text if char > "\x7f")
    return text.count("\ufffd") * 5 < foreign


def _broken_tail(data: bytes) -> int:
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            return back
        if byte < 0x80:
            break
    return 0
