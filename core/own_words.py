"""What somebody wrote themselves in a reply: without the message that they quote, however their mail program marks it.

Programs differ in three things: whether quoted lines carry a mark (`>`), what stands in front of them (a line with
whom and when, a block of headers, a ruler), and in which language. So what counts is form: a line that ends in a colon
and holds an address or a date, headers in a row, a ruler with words in it; and, where our message is at hand, its very
lines. What is not recognised stays in, which can only raise a doubt.
"""

import re
import unicodedata

LONGEST_REPLY = 20_000
_MARKED = re.compile(r"\s{0,8}[>|»]")
_RULER = re.compile(r"\s{0,8}(?:-{2,}\s?[^\W\d][^-]{2,60}-{2,}|_{10,}|-{10,}|={10,})\s*$")
_ENDS_IN_COLON = re.compile(r"[:：]\s*$")
_VERB = re.compile(
    r"\b(?:wrote|writes|said|schrieb|(?:a )?[ée]crit|escribi[óo]|escreveu|scritto|scrive|schreef|skrev|napisa[łl]a?|"
    r"kirjoitti|написала?|пишет|yazd[ıi])\b|写道|寫道|のメール",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d{4}|\d{1,2}[:.]\d{2}|年")
_OPENS = re.compile(r"\s{0,8}(?:on|am|le|el|il|em|op|den|dnia)\b", re.IGNORECASE)
_FROM = re.compile(
    r"[\s*]{0,8}(?:from|von|de|da|van|od|fra|från|от|kimden|lähettäjä|expéditeur|mittente|afzender|remitente|"
    r"发件人|寄件者|差出人|보낸 사람)\s?\*?[:：]\*?\s*\S",
    re.IGNORECASE,
)
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
    known = _lines_of(ours)
    if len({_squeezed(line) for line in lines} & known) < 2:
        known = set()  # one line of ours alone is a choice that was copied
    kept: list[str] = []
    for number, line in enumerate(lines):
        if _rest_is_quoted(lines, number):
            break
        if _MARKED.match(line):
            _drop_head(kept)
        elif _squeezed(line) not in known and not (_is_head(line) and _is_followed_by_marks(lines, number)):
            kept.append(line)
    return "\n".join(kept).strip()


def _squeezed(line: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", line).split())


def _lines_of(ours: str) -> set[str]:
    found = {_squeezed(line) for line in ours.splitlines()}
    return {line for line in found if len(line) >= _SHORTEST_OF_OURS}


def _is_head(line: str) -> bool:
    """Tell whether a line says whom and when a quotation is from."""
    if len(line) > _LONGEST_HEAD or not _ENDS_IN_COLON.search(line):
        return False
    has_verb = _VERB.search(line) is not None
    return ("@" in line and (has_verb or _DATED.search(line) is not None)) or (
        has_verb and (_DATED.search(line) is not None or _OPENS.match(line) is not None)
    )


def _drop_head(kept: list[str]) -> None:
    """Take back the lines, just kept, that say whom the marked lines are from; programs break them in two."""
    while kept and not kept[-1].strip():
        kept.pop()
    for count in (1, 2, 3):
        if len(kept) >= count and _is_head(" ".join(line.strip() for line in kept[-count:])):
            if count > 1 and not (_OPENS.match(kept[-count]) or "@" in kept[-count] or _DATED.search(kept[-count])):
                return
            del kept[-count:]
            return


def _next(lines: list[str], number: int) -> str:
    return next((line for line in lines[number + 1 : number + 4] if line.strip()), "")


def _is_followed_by_marks(lines: list[str], number: int) -> bool:
    return _MARKED.match(_next(lines, number)) is not None


def _rest_is_quoted(lines: list[str], number: int) -> bool:
    line = lines[number]
    if _RULER.match(line) or _PLAIN_FROM.match(line):
        return True
    if _FROM.match(line):
        return sum(1 for each in lines[number + 1 : number + 5] if _HEADER.match(each)) >= 1
    following = lines[number : number + 3]
    heads = (" ".join(part.strip() for part in following[:count]) for count in (1, 2) if _opens(line, count))
    is_head = any(_is_head(head) for head in heads)
    return is_head and not any(_MARKED.match(each) for each in lines[number + 1 :])


def _opens(line: str, count: int) -> bool:
    """Tell whether a line may begin a head of so many lines."""
    return count == 1 or (_OPENS.match(line) is not None and _DATED.search(line) is not None)
