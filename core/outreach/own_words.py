"""What somebody wrote themselves in a reply: without the message that they quote, however their mail program marks it.

Programs differ in three things: whether quoted lines carry a mark (`>`), what stands in front of them (a line with
whom and when, a block of headers, a ruler), and in which language. So what counts is form: a line that ends in a colon
and holds an address or a date, headers in a row, a ruler with words in it; and, where our message is at hand, its very
lines. What is not recognised stays in, which can only raise a doubt.
"""

import re
import unicodedata

from core.text.lexicons import alternatives

LONGEST_REPLY = 20_000
_MARKED = re.compile(r"\s{0,8}[>|»]")
_RULER = re.compile(r"\s{0,8}(?:-{2,}\s?[^\W\d][^-]{2,60}-{2,}|_{10,}|-{10,}|={10,})\s*$")
_ENDS_IN_COLON = re.compile(r"[:：]\s*$")
_VERB = re.compile(rf"\b(?:{alternatives('quotes.wrote')})\b|{alternatives('quotes.wrote_unspaced')}", re.IGNORECASE)
_DATED = re.compile(r"\d{4}|\d{1,2}[:.]\d{2}|年")
_OPENS = re.compile(rf"\s{{0,8}}(?:{alternatives('quotes.opens')})\b", re.IGNORECASE)
_FROM = re.compile(rf"[\s*]{{0,8}}(?:{alternatives('quotes.from')})\s?\*?[:：]\*?\s*\S", re.IGNORECASE)
_PLAIN_FROM = re.compile(r"\s{0,8}(?:From|Von):\s", re.IGNORECASE)
_HEADER = re.compile(r"[\s*]{0,8}[^\W\d_][\w '’.-]{0,24}\*?[:：]")
_LONGEST_HEAD = 300
_SHORTEST_OF_OURS = 8


def own_words(reply: str, ours: str = "") -> str:
    """Return what somebody wrote themselves: above, between and below what they quote.

    Args:
        reply: the whole reply.
        ours: the message it answers, where it is at hand.
    """
    lines = reply[:LONGEST_REPLY].splitlines()
    known = {_squeezed(line) for line in ours.splitlines()} - {""}
    quoted = [line for line in {_squeezed(line) for line in lines} & known if len(line) >= _SHORTEST_OF_OURS]
    if len(quoted) < 2:
        known = set()  # one line of ours alone is a choice that was copied
    kept: list[str] = []
    number = 0
    while number < len(lines):
        line, head = lines[number], _head_at(lines, number)
        if _ends_their_words(lines, number) or (head and not _is_marked_below(lines, number)):
            break
        if not head and not _MARKED.match(line) and _squeezed(line) not in known:
            kept.append(line)
        number += head or 1
    return "\n".join(kept).strip()


def _squeezed(line: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", line).split())


def _is_head(line: str) -> bool:
    """Return whether a line says whom and when a quotation is from."""
    if len(line) > _LONGEST_HEAD or not _ENDS_IN_COLON.search(line):
        return False
    has_verb = _VERB.search(line) is not None
    return ("@" in line and (has_verb or _DATED.search(line) is not None)) or (
        has_verb and (_DATED.search(line) is not None or _OPENS.match(line) is not None)
    )


def _head_at(lines: list[str], number: int) -> int:
    """Return how many lines, from this one, say whom and when a quotation is from: programs break it in two; else 0."""
    line = lines[number]
    if _is_head(line):
        return 1
    if number + 1 == len(lines) or not _DATED.search(line):
        return 0
    following = lines[number + 1].strip()
    may_go_on = _OPENS.match(line) is not None or following.startswith("<")
    return 2 if may_go_on and _is_head(f"{line.strip()} {following}") else 0


def _is_marked_below(lines: list[str], number: int) -> bool:
    """Return whether what is quoted carries marks; where it does not, all that follows is quoted."""
    return any(_MARKED.match(each) for each in lines[number + 1 :])


def _ends_their_words(lines: list[str], number: int) -> bool:
    """Return whether a ruler or a block of headers stands here, below which all is quoted."""
    line = lines[number]
    if _RULER.match(line) or _PLAIN_FROM.match(line):
        return True
    return _FROM.match(line) is not None and any(_HEADER.match(each) for each in lines[number + 1 : number + 5])
