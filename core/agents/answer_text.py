"""What a model's text holds: the objects outside its thinking, and the words outside it.

The text is a stranger's. Thinking in tags is left out, closed or not, because drafts of the answer stand in it. What is
left is searched brace by brace; an object is taken whole, and behind one that breaks off the search goes on. Every step
takes time in proportion to the text's length, whatever the text is.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

LONGEST = 1_000_000
"""Characters that are looked at; an answer is a thousandth of it."""
_DEEPEST = 64
_MOST_TRIED = 1_000

_OPENS, _CLOSES = "<＜◁", ">＞▷"
_STEMS = "think|thought|reason|reflect|scratch|monolog|deliberat|ponder|ruminat|analys|analyz|draft"
_TAG = rf"""
    (?:[{_OPENS}]|&lt;) \s{{0,8}}+ \|?+ (?P<slash>/?+) \s{{0,8}}+
    (?P<name>[\w:.\-]{{0,40}}? (?:{_STEMS}) [\w:.\-]{{0,40}}+)
    (?P<rest>(?:[\s/|] [^{_OPENS}{_CLOSES}&]{{0,400}}+)?+)
    (?:[{_CLOSES}]|&gt;)
    | \[ (?P<mark>/?+think(?:ing)?+) \]                         # Mistral's
    | <\|channel\|> \s{{0,8}}+ (?P<channel>\w{{1,20}}+)(?=[\s<])   # gpt-oss's, where a server hands them on
"""
_FLAGS = re.IGNORECASE | re.VERBOSE
_THINKING = re.compile(_TAG, _FLAGS)
_PLACES = re.compile(rf"{_TAG} | (?P<brace>[{{\[])", _FLAGS)
_OF_THE_ANSWER = re.compile("answer|final|output|result|response", re.IGNORECASE)
"""Words in a tag's name that make it the answer's, as in `<final_analysis>`."""
_BEGINNING = re.compile(
    rf"""(?:
        (?:[{_OPENS}]|&(?:l(?:t;?)?)?) \s{{0,8}}+ \|?+ /?+ \s{{0,8}}+
            (?:
                [\w:.\-]{{0,90}}
                | [\w:.\-]{{0,40}}? (?:{_STEMS}) [\w:.\-]{{0,40}}+ [\s/|&] [^{_OPENS}{_CLOSES}]{{0,400}}+
            )
        | \[ /?+ \w{{0,8}} | <\|channel\| (?:> \s{{0,8}}+ \w{{0,20}})?
    ) \Z""",
    _FLAGS,
)
"""The end of a piece of text in which a tag may have begun."""

_TOKEN = re.compile(
    r"""[ \t\r\n]*+ (?:
        (?P<sign>[{}\[\],:])
        | (?P<string>" (?:[^"\\]++|\\.)*+ ")
        | (?:-?+\d++(?:\.\d++)?+(?:e[+-]?+\d++)?+ | true | false | null) (?![\w.])
    )""",
    re.VERBOSE | re.DOTALL,
)
_VALUE = '{["0'


def objects_in(text: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a model's text, the last one first: then those inside of others, in the same order.

    A list of one object stands for it; other lists are no answer, and neither is what stands in them.
    """
    found = list(_decoded(text, _outermost(text[:LONGEST])[-_MOST_TRIED:]))
    yield from found
    left = _MOST_TRIED
    for whole in found:
        for inner in reversed(list(_within(whole))):
            if not left:
                return
            left -= 1
            yield inner


def _decoded(text: str, places: list[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    for start, end in reversed(places):
        try:
            value = json.loads(text[start:end], strict=False)
        except ValueError:  # a number of thousands of digits
            continue
        if isinstance(value, list) and len(value) == 1:
            (value,) = value
        if isinstance(value, dict):
            yield value


def _within(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for inner in value.values():
        if isinstance(inner, list) and len(inner) == 1:
            (inner,) = inner
        if isinstance(inner, dict):
            yield inner
            yield from _within(inner)


def _outermost(text: str) -> list[tuple[int, int]]:
    """Return where the objects and lists outside of thinking begin and end.

    A tag that closes what was never opened ends thinking too: some models' templates open it for them.
    """
    found: list[tuple[int, int]] = []
    ends: dict[int, int] = {}
    is_thinking, opened, before, place = False, 0, 0, 0
    while (mark := _PLACES.search(text, place)) is not None:
        start, place = mark.span()
        if mark["brace"]:
            if not is_thinking:
                if start not in ends:
                    _follow(text, start, ends)
                if ends[start]:
                    place = ends[start]
                    found.append((start, place))
            continue
        step = _step(mark)
        if step > 0:
            before = before if opened else len(found)
            opened, is_thinking = opened + 1, True
        elif step < 0:
            # Of nested tags the first that closes may be a word about tags: what follows counts until the next closes.
            del found[before if opened else 0 :]
            opened, is_thinking = max(opened - 1, 0), False
    return found


def _step(mark: re.Match[str]) -> int:
    """Return whether a mark begins thinking (1), ends it (-1) or neither (0)."""
    if mark["channel"]:
        return -1 if mark["channel"].lower() == "final" else 1
    if mark["mark"]:
        return -1 if mark["mark"].startswith("/") else 1
    name, rest = mark["name"], mark["rest"].rstrip("| \t\r\n")
    if _OF_THE_ANSWER.search(name) or (rest.endswith("/") and not mark["slash"]):
        return 0
    return -1 if mark["slash"] or name.lower().startswith("end") else 1


def _follow(text: str, start: int, ends: dict[int, int]) -> None:
    """Follow JSON from a brace on; note for it and each brace within it where it ends, 0 where it breaks off.

    What was followed once is not followed again, so that a text full of beginnings costs no more than another.
    """
    stack: list[int] = []
    is_key, expected, place = False, _VALUE, start
    while (token := _TOKEN.match(text, place)) is not None:
        sign = _sign_of(token)
        if sign not in expected:
            break
        place = token.end()
        if sign in "{[":
            stack.append(place - 1)
            known = ends.get(place - 1)
            if known is None and len(stack) <= _DEEPEST:
                is_key, expected = (True, '"}') if sign == "{" else (False, _VALUE + "]")
                continue
            if not known:
                break
            stack.pop()
            place = known
        elif sign in "}]":
            ends[stack.pop()] = place
        if not stack:
            return
        is_key, expected = _after(sign, text[stack[-1]], is_key=is_key)
    ends.update(dict.fromkeys(stack or [start], 0))


def _sign_of(token: re.Match[str]) -> str:
    """Return a token's sign; a quotation mark stands for any string, "0" for any other value."""
    return token["sign"] or ('"' if token["string"] else "0")


def _after(sign: str, container: str, *, is_key: bool) -> tuple[bool, str]:
    """Return what may follow in an object ("{") or a list ("["): whether it is a key, and the signs it begins with.

    Args:
        sign: what stood last; a brace or a bracket for a whole value.
        container: the sign that opened what it stands in.
        is_key: it was a key.
    """
    if sign == ",":
        return (True, '"') if container == "{" else (False, _VALUE)
    if sign == ":":
        return False, _VALUE
    if sign == '"' and is_key:
        return False, ":"
    return False, ",}" if container == "{" else ",]"


class Aloud:
    """Leaves thinking out of a text that comes in pieces; `of` gives what may be said of each, `rest` the end."""

    def __init__(self) -> None:
        self._held = ""
        self._is_thinking = False

    def of(self, piece: str) -> str:
        """Return what is to be said once this piece has come; the beginning of a tag is held back."""
        text, said = self._held + piece, []
        place = 0
        for mark in _THINKING.finditer(text):
            step = _step(mark)
            if step and not self._is_thinking:
                said.append(text[place : mark.start()])
            if step:
                self._is_thinking, place = step > 0, mark.end()
        begun = _BEGINNING.search(text, place)
        end = len(text) if begun is None else begun.start()
        if not self._is_thinking:
            said.append(text[place:end])
        self._held = text[end:]
        return "".join(said)

    def rest(self) -> str:
        """Return what was held back and is no tag after all."""
        held, self._held = self._held, ""
        return "" if self._is_thinking else held
