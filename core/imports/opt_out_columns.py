"""Columns by which a file says who is not to be written to: how their names and their cells are read.

A column's name is cut into the phrases of `core.outreach.opt_out_words`, and so is a cell that is more than yes or
no. There are columns where a yes refuses ("Unsubscribed"), where a no refuses ("Marketing consent"), where any content
refuses
("Unsubscribe date"), and columns of states and tags where one of many values does ("Status"). What is only about other
ways than mail refuses no letter: "Do not call" refuses calls, "SMS opt-out" nothing that we do. A cell that is neither
yes nor no is `UNCLEAR`, to be
told: it is never taken for one of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Literal

from core.imports.column_content import EMPTY
from core.imports.column_words import fold_header
from core.outreach.opt_out_words import CALLS, CONCEPTS, DATED, EVERYTHING, NO, NO_CALLS, YES
from core.text.cell_text import MISSING
from core.text.normalize import email

_LONGEST_PHRASE = 5
_LONGEST_NAME = 160
_MOST_WORDS = 12
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{4}年|\d{10}(?:\d{3})?$")
_NO_DATE = re.compile(r"0{2,4}[-/.]0{1,2}[-/.]0{1,4}")
_NUMBER = re.compile(r"\d+(?:[.,]0+)?")
_REPLY_CODE = re.compile(r"([245])\d\d[ \-;:]|([245])\.\d\.\d")  # of a mail server, RFC 5321 and RFC 3463
_NUMBER_OF = re.compile(r"^\s*(?:#|№|n[°º]|n[or]\.)", re.IGNORECASE)
_LISTED = re.compile(r"\s*[,;|\n]\s*")

OptOutColumnKind = Literal["refusal", "consent", "bounce", "complaint", "status"]
Parts = Sequence[tuple[str, str]]


class Said(StrEnum):
    """What a cell says of its person."""

    NOTHING = "nothing"
    OPT_OUT = "opt_out"
    COMPLAINT = "complaint"
    BOUNCE = "bounce"
    NO_CALL = "no_call"
    UNCLEAR = "unclear"


_PLAINLY = {"complaint": Said.COMPLAINT, "refusal": Said.OPT_OUT, "bounce": Said.BOUNCE}
"""What a phrase says by itself, in whichever column it stands."""


@dataclass(frozen=True)
class OptOutColumn:
    """A column that says who is not to be written to.

    Attributes:
        kind: how its cells are read.
        is_of_company: it is about the company, not about the row's person.
        is_aside: a date, a reason: where something stands, it has happened.
        is_count: a number of times.
        is_of_calls: it is about being called, and about no letter.
    """

    kind: OptOutColumnKind
    is_of_company: bool = False
    is_aside: bool = False
    is_count: bool = False
    is_of_calls: bool = False


@cache
def _lexicon() -> dict[str, str]:
    """Return phrase -> concept; an earlier concept outranks a later one."""
    words: dict[str, str] = {}
    for concept, phrases in CONCEPTS.items():
        for phrase in phrases:
            words.setdefault(fold_header(phrase), concept)
    return words


def _parts_of(words: Sequence[str]) -> Parts:
    """Cut words into known phrases, the longest first; ('unknown', word) for what no list holds."""
    known = _lexicon()
    parts: list[tuple[str, str]] = []
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + length])
            if phrase in known:
                parts.append((known[phrase], phrase))
                at += length
                break
        else:
            word = words[at]
            is_state = word.endswith("status") and len(word) > len("status")
            parts.append(("number" if word.isdecimal() else "status" if is_state else "unknown", word))
            at += 1
    return parts


def _meaning(parts: Parts) -> OptOutColumnKind | None:
    """Return what phrases say together: that somebody refuses, agrees, that mail comes back; None for none of these."""
    has = {concept for concept, _ in parts}
    if "neutral" in has or ("voice" in has and "mail" not in has):
        return None
    if "complaint" in has:
        return "complaint"
    is_plain = "unknown" not in has
    is_negated = _is_negated(parts)
    if "refuse" in has:
        return "consent" if is_negated and _follows(parts, "refuse") else "refusal"
    if "objection" in has and is_plain:
        return "refusal"
    if "bounce" in has:
        return None if "soft" in has or is_negated else "bounce"
    return _permission(has, is_negated=is_negated) if is_plain else None


def _meaning_of_calls(parts: Parts) -> OptOutColumnKind | None:
    """Return what phrases say of being called, where they are about that and not about mail."""
    if any(concept == "mail" for concept, _ in parts):
        return None
    meant = [_as_of_mail(concept, phrase) for concept, phrase in parts]
    if all(concept != "mail" for concept, _ in meant) and all(phrase not in NO_CALLS for _, phrase in parts):
        return None
    kind = _meaning(meant)
    return kind if kind in ("refusal", "consent") else None


def _as_of_mail(concept: str, phrase: str) -> tuple[str, str]:
    """Return a phrase about calls as one about mail: what is said of either is said in the same words."""
    if phrase in NO_CALLS:
        return "refuse", phrase
    return ("mail" if concept == "voice" and phrase in CALLS else concept), phrase


def _permission(has: set[str], *, is_negated: bool) -> OptOutColumnKind | None:
    """Return whether words that are all known give leave to write, or take it away."""
    is_withdrawn = is_negated or "withdrawn" in has
    agrees = "consent" in has or ("mail" in has and not has.isdisjoint({"enrolled", "allow"}))
    if (agrees and is_withdrawn) or ("mail" in has and (is_withdrawn or "barred" in has)):
        return "refusal"
    return "consent" if agrees else None


def _is_negated(parts: Parts) -> bool:
    """Return whether a 'not' stands in front of what it can negate: 'no e-mails', never 'E-Mail No'."""
    return any(_follows(parts, concept) for concept in ("mail", "consent", "allow", "enrolled", "refuse", "bounce"))


def _follows(parts: Parts, concept: str) -> bool:
    """Return whether `concept` comes right after a 'not', noise and 'allow' left out."""
    waiting = False
    for each, _ in parts:
        if waiting and each == concept:
            return True
        waiting = each == "not" or (waiting and each in ("noise", "allow"))
    return False


@lru_cache(maxsize=4096)
def read_header(name: str) -> OptOutColumn | None:
    """Read a column's name; None where it is about something else."""
    if len(name) > _LONGEST_NAME:
        return None
    parts = _parts_of(_folded(name).split())
    has = {concept for concept, _ in parts}
    if not has or not has.isdisjoint({"link", "rate"}):
        return None
    kind = _meaning(parts)
    is_of_calls = kind is None and (kind := _meaning_of_calls(parts)) is not None
    is_aside = "aside" in has or any(phrase in DATED for _, phrase in parts)
    if kind is None:
        other_way = "voice" in has or "soft" in has or "neutral" in has
        return OptOutColumn("status", "company" in has) if "status" in has and not other_way else None
    is_vague = kind == "consent" and (is_aside or "legal" in has)
    is_reason_not_to_buy = "objection" in has and "refuse" not in has and "mail" not in has and is_aside
    if is_vague or is_reason_not_to_buy:
        return None
    return OptOutColumn(kind, "company" in has, is_aside and "status" not in has, "count" in has, is_of_calls)


def _folded(text: str) -> str:
    """Fold a name or a cell; a sign for 'number of' is no 'no'."""
    return fold_header(_NUMBER_OF.sub("count ", text))


def is_opt_out_name(name: str) -> bool:
    """Return whether a column's name is about refusals and nothing else, so that no field takes it."""
    column = read_header(name)
    return column is not None and column.kind != "status"


def read_cell(column: OptOutColumn, cell: str) -> Said:
    """Read one cell of such a column."""
    text = cell.strip()
    if not text or text.casefold() in EMPTY or text.casefold() in MISSING:
        return Said.NOTHING
    if column.kind == "status":
        return _read_state(text)
    if column.is_of_calls:
        return _read_of_calls(column, text)
    said = _read_word(column, text)
    return said if said is not None else _read_phrase(column, text)


def _read_of_calls(column: OptOutColumn, text: str) -> Said:
    """Read a cell of a column about calls: a yes, a date, or words for it."""
    said = _read_word(column, text)
    if said is None:
        meaning = _meaning_of_calls(_words_of(text))
        said = Said.OPT_OUT if meaning == "refusal" else Said.NOTHING if meaning else _read_phrase(column, text)
    return Said.NO_CALL if said is Said.OPT_OUT else said


def _yes(column: OptOutColumn) -> Said:
    return {
        "refusal": Said.OPT_OUT,
        "complaint": Said.COMPLAINT,
        "bounce": Said.BOUNCE,
        "consent": Said.NOTHING,
        "status": Said.NOTHING,
    }[column.kind]


def _no(column: OptOutColumn) -> Said:
    return Said.OPT_OUT if column.kind == "consent" else Said.NOTHING


def _read_word(column: OptOutColumn, text: str) -> Said | None:
    """Read yes, no, a date, a number, an address; None for anything else."""
    word = fold_header(text) or text
    if word in NO or text in NO:
        return _no(column)
    if word in YES or text in YES:
        return _yes(column)
    if _NO_DATE.match(text):
        return Said.NOTHING
    if _NUMBER.fullmatch(text):
        return _read_number(column, text)
    if _DATE.match(text):
        return _yes(column)
    if column.kind == "bounce" and (code := _REPLY_CODE.match(text)):
        return Said.BOUNCE if "5" in code.groups() else Said.NOTHING
    if column.kind != "consent" and email(text) is not None:
        return _yes(column)
    return None


def _read_number(column: OptOutColumn, text: str) -> Said:
    """Read 0 and 1 as no and yes; more is a number of times, or a date, where the column may hold one."""
    number = int(re.split("[.,]", text)[0])
    if number <= 1:
        return _yes(column) if number else _no(column)
    happened = column.is_aside or column.is_count or column.kind == "bounce" or _DATE.match(text)
    return _yes(column) if happened else Said.UNCLEAR


def _read_phrase(column: OptOutColumn, text: str) -> Said:
    parts = _words_of(text)
    has = {concept for concept, _ in parts}
    is_plain = "unknown" not in has
    meaning = _meaning(parts) if parts and is_plain else None
    if meaning in _PLAINLY:
        return _PLAINLY[meaning]
    if is_plain and {"not", "allow"} <= has:
        return Said.OPT_OUT
    if column.is_aside and column.kind != "consent":
        return _yes(column)
    if meaning == "consent" or "neutral" in has or _is_agreeable(column, has):
        return Said.NOTHING
    if column.kind == "consent":
        return Said.OPT_OUT if "withdrawn" in has and is_plain else Said.UNCLEAR
    if column.kind == "bounce" and "hard" in has:
        return Said.BOUNCE
    names_mail = "mail" in has or text.casefold() in EVERYTHING
    return _yes(column) if names_mail and is_plain else Said.UNCLEAR


def _is_agreeable(column: OptOutColumn, has: set[str]) -> bool:
    """Return whether a cell says that nothing is forbidden: 'Allow', 'soft', only other ways than mail."""
    if "not" in has or "unknown" in has:
        return column.kind in ("refusal", "bounce") and "not" in has and not has.isdisjoint({"refuse", "bounce"})
    return not has.isdisjoint({"allow", "soft"}) or ("voice" in has and "mail" not in has)


def _read_state(text: str) -> Said:
    """Read a state or a list of tags: one that says plainly that its person refuses; else it is any other state."""
    says_no_call = False
    for entry in _LISTED.split(text):
        parts = _words_of(entry)
        concepts = {concept for concept, _ in parts}
        if not parts or "unknown" in concepts:
            continue
        # 'No consent' is where a CRM begins; it refuses only in a column that is about consent.
        if "consent" in concepts and "refuse" not in concepts and "withdrawn" not in concepts:
            continue
        meaning = _meaning(parts)
        if meaning == "bounce" or fold_header(entry) == "cleaned":
            return Said.BOUNCE
        if meaning == "complaint":
            return Said.COMPLAINT
        if meaning == "refusal" and "objection" not in concepts:
            return Said.OPT_OUT
        says_no_call = says_no_call or _meaning_of_calls(parts) == "refusal"
    return Said.NO_CALL if says_no_call else Said.NOTHING


@lru_cache(maxsize=4096)
def _words_of(text: str) -> Parts:
    words = _folded(text).split()
    if not words or len(words) > _MOST_WORDS:
        return [("unknown", text)]
    # 'cleaned' is what one tool calls an address that came back; in a column's name it is anybody's word.
    return [("bounce", "cleaned")] if words == ["cleaned"] else _parts_of(words)
