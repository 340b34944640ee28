"""Job titles to ATL roles (those who decide), in English, German, French, Spanish, Portuguese, Italian and Dutch.

A title is cut into parts ("Founder & CEO", "COO, CFO") and each part is judged by itself, so a compound title gives the
highest role it holds and a near title ("assistant to the CFO", "VP Account Operations", "CEO of Othercompany") gives
none. Written for precision: a part has a role only when all of its words are accounted for.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import dropwhile
from typing import Literal, get_args

from rapidfuzz.distance import OSA

from core.text import title_words as words
from core.text.lexicons import alternatives, any_word, folded, phrases

Role = Literal["CEO", "COO", "CFO", "CTO", "VP Finance", "VP Operations"]
ROLES: tuple[Role, ...] = get_args(Role)
"""In the order in which a compound title is resolved: the first that it holds is its role."""

_MAX_TITLE = 160
_MAX_PARTS = 16
"""Parts of one title; what has more is a list of something else."""
_CACHED_CHARS = 200
"""Longer texts are folded anew each time: they do not come twice, and would fill the memory."""
_PHRASES: dict[str, Role] = {
    **dict.fromkeys(words.CEO, "CEO"),
    **dict.fromkeys(words.COO, "COO"),
    **dict.fromkeys(words.CFO, "CFO"),
    **dict.fromkeys(words.CTO, "CTO"),
    **dict.fromkeys(words.VP_FINANCE, "VP Finance"),
}  # fmt: skip

_TITLE_WORDS = words.JOBS.union(
    *(phrase.split() for phrase in (*words.CEO, *words.COO, *words.CFO, *words.CTO, *words.OWNER, *words.PRESIDENT)),
    *(phrase.split() for phrase in words.HEADS | words.HEADS_AFTER),
    words.VP_FINANCE,
) - (words.CONNECTORS | words.NEUTRAL - words.JOBS)
_SHORT = 4
"""Letters of a word that is not taken for a misspelled one: another word is as near."""
_ROLE_WORDS = sorted({word for phrase in _PHRASES for word in phrase.split() if len(word) > _SHORT})
_KNOWN = frozenset().union(
    _TITLE_WORDS, _ROLE_WORDS, words.NEUTRAL, words.CONNECTORS, words.AREAS, words.REGIONS, words.SUBORDINATE,
    words.PAST, words.NOW, words.COMING, words.AREA_NEUTRAL, words.CREDENTIALS, folded("names.common"),
)  # fmt: skip
_WORDS = re.compile(r"[^\W\d_]+")
_ACRONYM = re.compile(r"\b(?:[a-z]\s?\.\s?){1,4}[a-z]\b\.?|\b(?:[a-z]\.){2,5}")
_AND = any_word("titles.and")
_SPLIT = re.compile(rf"(\s*(?:[,;/|&+•·()\[\]:、・兼]|\s[-–—~]+\s|[–—]|\b(?:{_AND})\b(?!-))\s*)")
_CONJUNCTION = re.compile(rf"^\s*(?:[/&+]|{_AND})\s*$")
_SINCE = re.compile(rf"\b(?:{any_word('titles.since')})\s+(?:\w+\s+)?(?:19|20)\d\d\b|\b(?:of|at)?\s*the\s+company$")
_YEARS = re.compile(rf"(?:19|20)\d\d\s*[-–—/]\s*(?:19|20)?\d\d(?!\d)|\b(?:{any_word('titles.until')})\s+(?:19|20)\d\d")
_GENDER = re.compile(r"(?<=\w)[*:_/·](?:-?in(?:nen)?|r|n|e)\b|(?<=\w)\((?:in|r|e|a)\)|(?<=\w)/-in\b")
_ADVERT = re.compile(r"\(\s*[mwdfxh]\s*[/|,]\s*[mwdfxh*]\s*(?:[/|,]\s*[mwdfx*]\s*)?\)")
_OF = re.compile(rf"^(?P<post>.{{2,70}}?)\s+(?:{any_word('titles.held_at')})\s+(?P<place>.+)$")
_CO_PREFIX = re.compile(rf"\bco-?\s*(?=(?:{any_word('titles.co_prefixed')}))")
_HYPHENED = re.compile(rf"\b({alternatives('titles.hyphened')})-(?=[a-z])")
_BETWEEN_TOKENS = re.compile("|".join((r"[\s.]+", *(rf"(?<=\b{joined})" for joined in phrases("titles.elided")))))
_WRITTEN_APART = re.compile(rf"\b({alternatives('titles.written_apart')}) ")
_ONE_AREA = re.compile(rf"\b({alternatives('titles.one_area')})\s+\w+\s+")
_AT = re.compile(r"\s*@\s*")
_NEUTRAL_BESIDE_OWNER = words.NEUTRAL - words.OWNER
_ENDED = "ended"
_EDGES = " .,'\"“”„«»*-–—_!"
_ORDINAL_YEAR = re.compile(r"^(?:19|20)\d\d$")


@dataclass(frozen=True)
class Title:
    """What a title says.

    Attributes:
        text: as written.
        role: the ATL role, or None.
        is_owner_like: founder, owner, managing partner: kept and marked, but no role.
        is_president: says President without more: the top post where nobody stands above.
        is_past: former, retired, late.
        place: what the title is limited to or where it is held ("CEO of X", "President, Sales"), or None.
        is_title: the text is a job title at all.
    """

    text: str
    role: Role | None = None
    is_owner_like: bool = False
    is_president: bool = False
    is_past: bool = False
    place: str | None = None
    is_title: bool = False

    @property
    def is_top(self) -> bool:
        """Says something that decides: a role, President, or an owner-like title."""
        return self.role is not None or self.is_president or self.is_owner_like


def fold(text: str) -> str:
    """Return text in lower case without accents, for comparing words."""
    if text.isascii():
        return text.lower()
    return _folded(text) if len(text) <= _CACHED_CHARS else _folded.__wrapped__(text)


@lru_cache(maxsize=20_000)
def _folded(text: str) -> str:
    text = text.lower()  # first: "Æ" and "ẞ" are letters of the table too
    text = text.replace("ß", "ss").replace("’", "'").replace("‘", "'").replace("ø", "o").replace("æ", "ae")
    text = text.replace("ł", "l").replace("đ", "d").replace("ı", "i").replace("＆", "&").replace("ς", "σ")
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char)).lower()
    return unicodedata.normalize("NFKC", bare)  # Korean syllables are taken apart too


@lru_cache(maxsize=20_000)
def read_title(text: str) -> Title:
    """Read a title as it stands on a page.

    Args:
        text: at most a line; anything longer than 160 characters is no title.
    """
    text = text.strip()
    # one character may stand for a dozen ("ﷺ")
    if not text or len(text) > _MAX_TITLE or len(fold(text)) > 2 * _MAX_TITLE or _ADVERT.search(text.lower()):
        return Title(text)
    parts = _parts(text)
    if len(parts) > _MAX_PARTS:
        return Title(text)
    reading = _Reading()
    for part, is_joined in parts:
        reading.take(part, is_joined=is_joined)
    return reading.result(text, is_title=any(_is_job(part) for part, _ in parts))


def may_hold_title(text: str) -> bool:
    """Return cheaply whether a text has a word that titles are made of; without one it holds no title."""
    return not _TITLE_WORDS.isdisjoint(_WORDS.findall(fold(text).replace(".", "")))


def _parts(text: str) -> list[tuple[str, bool]]:
    """Cut a title into its parts, each with whether "and" or the like joins it to the one before."""
    folded = fold(text)
    folded = _GENDER.sub("", folded)
    folded = re.sub(r"\b(chief)-(\w+)-(officer)\b|\b(chief)-(?=\w)", lambda found: found[0].replace("-", " "), folded)
    folded = re.sub(r"-cum-", " cum ", folded)
    folded = re.sub(r"\bdir\.\s", "director ", folded)
    folded = _YEARS.sub(_ENDED, _SINCE.sub(" ", folded))
    folded = _ACRONYM.sub(lambda found: re.sub(r"[.\s]", "", found[0]), folded)
    folded = re.sub(
        r"(?<=\bceo)-(?=\w)|(?<=\bcto)-(?=\w)|(?<=\bcfo)-(?=\w)|(?<=\bcoo)-(?=\w)|"
        r"(?<!\bco)(?<!\bex)(?<!\bvice)(?<!\bnon)(?<=\w)-(?=(?:ceo|cto|cfo|coo)\b)",
        " / ",
        folded,
    )
    folded = _CO_PREFIX.sub("co", folded)
    folded = re.sub(r"\bco-\s*(?=\w)", "co ", folded)
    folded = _ONE_AREA.sub(r"\1 ", folded)
    folded = _HYPHENED.sub(r"\1 ", folded)
    folded = _WRITTEN_APART.sub(r"\1", folded)
    folded = re.sub(r"\bd'(?=[a-z]{2})", "d' ", _AT.sub(" at ", folded))
    cut = _SPLIT.split(folded)
    pieces = [
        (piece.strip(_EDGES), bool(_CONJUNCTION.match(before)))
        for before, piece in zip(["", *cut[1::2]], cut[::2], strict=True)
    ]
    return [piece for piece in pieces if piece[0]]


def _tokens(part: str) -> list[str]:
    return [token for token in _BETWEEN_TOKENS.split(part) if token]


def _is_job(part: str) -> bool:
    tokens = _tokens(part)
    return len(tokens) <= 10 and any(token in words.JOBS for token in tokens)


def _without(tokens: Iterable[str], dropped: frozenset[str]) -> str:
    return " ".join(token for token in tokens if token not in dropped)


def _phrase_role(part: str) -> Role | None:
    """A role whose phrase is all that is left of the part once neutral words are dropped."""
    tokens = _tokens(part)
    if len(tokens) > 9:
        return None
    for start in range(len(tokens)):
        if start and tokens[start - 1] not in words.NEUTRAL:
            return None
        for end in range(len(tokens), start, -1):
            role = _PHRASES.get(" ".join(tokens[start:end])) or _PHRASES.get(
                _without(tokens[start:end], words.CONNECTORS)
            )
            if role is not None and all(token in words.NEUTRAL for token in tokens[end:]):
                return role
            if role == "CEO" and tokens[start].startswith(words.CARRIES_A_FIELD) and _is_field(tokens[end:]):
                return role
    return None


def _misspelled_role(part: str) -> Role | None:
    """A role of which one word has one letter too many, too few, wrong or in the wrong place: "Cheif Executive"."""
    tokens = _tokens(part)
    strange = [at for at, token in enumerate(tokens) if len(token) > _SHORT and token not in _KNOWN]
    if len(strange) != 1 or not 2 <= len(tokens) <= 6:
        return None
    (at,) = strange
    for meant in _spellings(tokens[at]):
        role = _phrase_role(" ".join([*tokens[:at], meant, *tokens[at + 1 :]]))
        if role is not None:
            return role
    return None


@lru_cache(maxsize=5_000)
def _spellings(token: str) -> tuple[str, ...]:
    """Return the words of roles that a word may be misspelled from."""
    near = (word for word in _ROLE_WORDS if word[0] == token[0] and abs(len(word) - len(token)) <= 1)
    return tuple(word for word in near if OSA.distance(word, token, score_cutoff=1) <= 1)


def _is_field(tokens: list[str]) -> bool:
    """A German managing director may carry a field of work: "Geschäftsführer Technik"."""
    return all(token in words.AREAS or token in words.CONNECTORS for token in tokens)


def _area(tokens: list[str]) -> Role | None:
    bare = _without((token for token in tokens if token not in words.AREA_NEUTRAL), words.CONNECTORS)
    if bare in words.FINANCE:
        return "VP Finance"
    return "VP Operations" if bare in words.OPERATIONS else None


def _head_and_area(part: str) -> tuple[bool, Role | None]:
    """Return whether the part begins with (or is) a head such as "VP", and the role its area makes of it."""
    tokens = _tokens(part)
    while tokens and tokens[0] in words.BEFORE_HEAD:
        tokens = tokens[1:]
    for length in (3, 2, 1):
        if " ".join(tokens[:length]) in words.HEADS and len(tokens) >= length:
            return True, _area(tokens[length:])
    for length in (2, 1):
        if len(tokens) > length and " ".join(tokens[-length:]) in words.HEADS_AFTER:
            role = _area(tokens[:-length])
            if role is not None:
                return True, role
    return False, None


class _Reading:
    """Collects what the parts of one title say, in order."""

    def __init__(self) -> None:
        self.roles: list[Role] = []
        self.owner = self.president = self.past = self.serves = self.head = False
        self.all_past = False
        self.place: str | None = None
        self.after_top = False
        self.place_is_apposed = False

    def take(self, part: str, *, is_joined: bool) -> None:
        tokens = _tokens(part)
        if _ENDED in part:
            self.all_past = True
            return
        if all(token in words.COMING for token in tokens):  # "CEO-elect": said of what stands before it
            self.serves, self.roles, self.president = True, [], False
            return
        if any(token in words.PAST for token in tokens) or part.startswith("ex-"):
            self.past = True
            self.all_past = self.all_past or not self.roles or all(token in words.PAST for token in tokens)
            if not any(token in words.NOW for token in tokens):
                return
        if any(token in words.NOW for token in tokens):
            self.past = self.all_past = False
            tokens = [token for token in tokens if token not in words.NOW]
            part = " ".join(tokens)
        if self.past or self.serves:
            return
        if self._take_post(part):
            return
        if any(token in words.SUBORDINATE or token in words.COMING for token in tokens):
            self.serves = not self.roles or self.serves
            return
        self._take_rest(part, tokens, is_joined=is_joined)

    def _take_post(self, part: str) -> bool:
        role = _phrase_role(part) or _misspelled_role(part)
        bare = _without(_tokens(part), _NEUTRAL_BESIDE_OWNER)
        owns = bare in words.OWNER or part in words.OWNER
        if role is None and not owns:
            self_head, role = _head_and_area(part)
            if self_head and role is None and not self.head:
                self.head = True
                return False
            self.head = self.head or self_head
        if role is None and self.head:
            role = _area(_tokens(part))
        presides = bare in words.PRESIDENT
        if role is not None:
            self.roles.append(role)
        self.owner = self.owner or owns
        self.president = self.president or presides
        if role is not None or presides:
            self.after_top = True
        return role is not None or owns or presides

    def _take_rest(self, part: str, tokens: list[str], *, is_joined: bool) -> None:
        """Read "CEO of X", else what a top post is limited to ("CEO, X Inc.", "President - Sales")."""
        held = _OF.match(part)
        if held is not None and (
            _phrase_role(held["post"]) or held["post"] in words.PRESIDENT or held["post"] in words.OWNER
        ):
            if self._take_post(held["post"]):
                self.place = self.place or held["place"]
            return
        if self.president and not self.roles and "board" in tokens:
            self.place = self.place or part
            return
        if all(token in words.ON_THE_BOARD or token in words.CONNECTORS for token in tokens):
            return
        without_article = list(dropwhile(lambda token: token in words.LEADING, tokens))
        if (
            not self.after_top
            or _is_job(part)
            or not without_article
            or all(token in words.CREDENTIALS for token in tokens)
        ):
            return
        if self.place is None and not is_joined and not _ORDINAL_YEAR.match(part):
            self.place = " ".join(without_article)
            self.place_is_apposed = True

    def result(self, text: str, *, is_title: bool) -> Title:
        role = next((role for role in ROLES if role in self.roles), None)
        if self.all_past and not self.roles:
            return Title(text, is_past=True, is_title=is_title)
        if self.all_past:
            return Title(text, is_past=True, is_title=is_title)
        place = None if self.place_is_apposed and _is_small(self.place, text) else self.place
        return Title(
            text,
            role=role,
            is_owner_like=self.owner,
            is_president=self.president,
            is_past=self.past and role is None,
            place=place,
            is_title=is_title or role is not None or self.owner or self.president,
        )


def _is_small(place: str | None, text: str) -> bool:
    """Written in small letters in a title that has capitals: a remark, not an organisation ("CEO, keeper of bees")."""
    at = fold(text).find(place) if place else -1
    return (
        at >= 0 and not text.islower() and len(fold(text)) == len(text) and text[at : at + len(place or "")].islower()
    )


def is_limited(place: str, *, wholly: bool = False) -> bool:
    """Return whether a title's place is a region or a field of work rather than an organisation ("President, Sales").

    Args:
        place: as `Title.place`.
        wholly: every word of it must be of that kind, not just one.
    """
    tokens = [token for token in re.split(r"[\s,.&'-]+", fold(place)) if token and token not in words.CONNECTORS]
    known = [token in words.REGIONS or token in words.AREAS for token in tokens]
    return bool(known) and (all(known) if wholly else any(known))
