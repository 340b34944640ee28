"""What one line of a page says about people: a name, a title, or names with their titles."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise

from core.discovery.line_leads import GREETING, LABEL_LEAD
from core.text.lexicons import alternatives
from core.text.name_words import GIVEN, NOT_NAMES
from core.text.names import PersonName, read_name
from core.text.title_words import CONNECTORS, CREDENTIALS
from core.text.titles import Title, fold, may_hold_title, read_title

_MAX_PAIR = 160
_MAX_TITLE = 140
_MAX_CUTS = 16
"""Places of a line at which it is tried to cut it into a name and a title; a line about one person has a few."""
_MAX_PIECES = 8
_IN_BRACKETS = re.compile(r"(?<!\s)\s*+\([^()]{2,60}+\)\s*+(?=[-–—])")
_CUTS = re.compile(
    r"\s+[-–—|·•/:~]+\s+|\s*[|–—·•]\s*|\s*[:;]\s+|\s*：\s*|,\s*|\s*:\s*|\s+\(|\)\s*[-–—,:]?\s*|\s*\t\s*|\s+-(?=\S)|(?<=\S)-\s+"
)
_ADDRESSES = re.compile(
    r"\S+@\S+|(?:https?://|www\.)\S+|(?:(?:tel|phone|fon|mobile|email|e-mail|mail|"
    r"ext)\.?\s*:?\s*)?\+?\(?\d[\d\s().\-/]{6,}\d|\b(?:email|e-mail|tel|phone|linkedin|twitter)\b\s*:?\s*$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"^\s*[,:–—|(-]*\s*([^.;()]{2,110}?)(?:\)|[.;(]|\s[-–—]\s|$)")
_REPRESENTED_WORD = re.compile(alternatives("lines.representing"), re.IGNORECASE)
_FIRST_CLAUSE = re.compile(r"^([^.:;|()]{2,70}?)(?:\.\s|\s[–—|-]\s|;\s)\s*\S{2,}")
_REPRESENTED = re.compile(rf"^(?:{alternatives('lines.representatives')})\s*:?$")
_ARE = re.compile(rf"\s+(?:{alternatives('lines.are')})$")
_BRACKETED = re.compile(r"^([^()]{4,60})\s\(([^()]{2,60})\)$")
_AND = re.compile(rf"\s*(?:,|;|/|&|\+|•|\||\s[-–]\s|\b(?:{alternatives('lines.and', 'lines.and_also')})\b)\s*")
_SEVERAL = re.compile(rf"\s*;\s*|\s+(?:{alternatives('lines.and')}|&|•)\s+|(?<=\)),\s*")
_PROSE = re.compile(rf"\w{{5,}}[.!?]\s+\S|\b(?:{alternatives('lines.verbs')})\b\s+\w+\s+\w+", re.IGNORECASE)

NameTitlePairs = tuple[tuple[PersonName, Title], ...]


@dataclass(frozen=True)
class LineReading:
    """What a line says.

    Attributes:
        pairs: names with the titles that stand beside them in the line.
        name: the line is a name and nothing else.
        title: the line is a title and nothing else.
        is_label: the title introduces who follows ("Geschäftsführer:").
        listed: the line is several names and nothing else.
        is_part: the title is one of the line's pieces, or its beginning.
        represents: the line says that who follows represents the company in law, and no title.
    """

    pairs: NameTitlePairs = ()
    name: PersonName | None = None
    title: Title | None = None
    is_label: bool = False
    represents: bool = False
    is_part: bool = False
    listed: tuple[PersonName, ...] = ()

    @property
    def names(self) -> tuple[PersonName, ...]:
        """All names of the line."""
        return (self.name,) if self.name is not None else tuple(name for name, _ in self.pairs)


NOTHING = LineReading()


@lru_cache(maxsize=50_000)
def read_line(text: str, pieces: tuple[str, ...]) -> LineReading:
    """Read a line.

    Args:
        text: the line.
        pieces: the same, cut where inline elements begin and end.
    """
    if len(text) < 2:
        return NOTHING
    if len(text) > _MAX_PAIR:
        return _open(text, pieces) if may_hold_title(text[: _MAX_PAIR * 2]) else NOTHING
    greeting = GREETING.match(text)
    if greeting is not None:
        rest = read_line(text[greeting.end() :], (text[greeting.end() :],))
        if rest.names:
            return rest
    name = _name(text, pieces)
    if name is not None:
        return LineReading(name=name)
    if not may_hold_title(" ".join(pieces)) and _REPRESENTED_WORD.search(text) is None:
        return _only_names(text)
    pairs = _pairs(text, pieces)
    return LineReading(pairs=pairs) if pairs else _without_pairs(text, pieces)


def _name(text: str, pieces: tuple[str, ...]) -> PersonName | None:
    """Read a name, also where given and family name are elements of their own without a space between."""
    name = read_name(text)
    if name is None and 1 < len(pieces) <= 4 and "".join(pieces).replace(" ", "") == text.replace(" ", ""):
        spaced = " ".join(pieces)
        name = read_name(spaced) if spaced != text and len(spaced) < 60 else None
    return name


def _without_pairs(text: str, pieces: tuple[str, ...]) -> LineReading:
    """Read a line that is a label, a title, several names, or that opens with a name or a title."""
    label = text.rstrip(" :")
    if _REPRESENTED.match(fold(label)):
        return LineReading(is_label=True, represents=True)
    title = _title(_without_lead(label))
    if title is None or not title.is_top:
        part = _title_piece(pieces)
        if part is not None:
            return LineReading(title=part, is_part=True)
    if title is not None:
        return LineReading(title=title, is_label=text.rstrip().endswith(":") or _without_lead(label) != label)
    listed = _only_names(text)
    if listed is not NOTHING:
        return listed
    opening = _open(text, pieces)
    return opening if opening is not NOTHING else _in_segments(text)


def _title_piece(pieces: tuple[str, ...]) -> Title | None:
    """The one piece of a line that is a title which decides, where the page glues several elements into one line.

    A piece behind a preposition belongs to what stands before it: "Assistant to the **CEO**" is none.
    """
    if not 2 <= len(pieces) <= _MAX_PIECES:
        return None
    read = [(at, title) for at, piece in enumerate(pieces) if (title := _title(piece)) is not None]
    top = [(at, title) for at, title in read if title.is_top and title.place is None and not title.is_past]
    if len(top) != 1:
        return None
    at, title = top[0]
    before = pieces[at - 1].split() if at else []
    follows = bool(before) and (before[-1][-1:] in "(/&,-" or fold(before[-1]) in CONNECTORS or before[-1].islower())
    return None if follows or read[0][0] != at or may_hold_title(" ".join(pieces[:at])) else title


def _open(text: str, pieces: tuple[str, ...]) -> LineReading:
    """Read what a line opens with."""
    opening = _opening(text, pieces)
    return opening if opening is not NOTHING else _opening_title(text[:_MAX_PAIR])


def _only_names(text: str) -> LineReading:
    """Read a line of several names and nothing else."""
    listed = _listed_names(text)
    return LineReading(listed=listed) if len(listed) > 1 else NOTHING


def _opening_title(text: str) -> LineReading:
    """Read a line that opens with a title and goes on: "CEO. Jane has been with us since the beginning"."""
    clause = _FIRST_CLAUSE.match(text)
    title = _title(clause[1]) if clause is not None and len(clause[1].split()) <= 8 else None
    return LineReading(title=title) if title is not None and title.is_top and not title.is_past else NOTHING


def _opening(text: str, pieces: tuple[str, ...]) -> LineReading:
    """Read a paragraph that opens with a name, or a name and a title, set apart: "**Jane Doe**, CEO. She"."""
    if len(pieces) < 2 or len(pieces[0]) > _MAX_PAIR:
        return NOTHING
    opening = pieces[0].rstrip(" :.-–—|,")
    name = read_name(opening)
    if name is None:
        pairs = _pairs(opening, (opening,))
        return LineReading(pairs=pairs[:1]) if len(pairs) == 1 else NOTHING
    clause = _CLAUSE.match(text[len(pieces[0]) :])
    title = _title(clause[1]) if clause is not None else None
    if title is None and len(pieces) > 2:
        title = _title(pieces[1])
    return (
        LineReading(pairs=((name, title),)) if title is not None and (title.is_top or len(title.text) < 50) else NOTHING
    )


def _without_lead(text: str) -> str:
    """Drop "Vertreten durch den" and the like from before a title."""
    lead = LABEL_LEAD.match(fold(text))
    return text if lead is None else text[lead.end() - len(fold(text)) :] if lead.end() < len(fold(text)) else ""


def _title(text: str) -> Title | None:
    """A text that is a title and nothing else: short, no sentence."""
    if len(text) > 2 * _MAX_PAIR:
        return None
    text = (
        _ADDRESSES.sub(" ", text)
        if "@" in text or "." in text or any(char.isdigit() for char in text) or text[-1:] in "lLrRnNeE:"
        else text
    )
    text = re.sub(r"\s+", " ", text).strip(' \t,;:|-–—•()"“”„*')
    if not 2 <= len(text) <= _MAX_TITLE or len(text.split()) > 18:
        return None
    title = read_title(text)
    if not title.is_title:
        return None
    if title.is_top and len(text.split()) <= 6:
        return title
    is_sentence = text.endswith(("!", "?")) or (text.endswith(".") and len(text.split()) > 6)
    return None if is_sentence or _PROSE.search(fold(text)) else title


def _pairs(text: str, pieces: tuple[str, ...]) -> NameTitlePairs:
    chunks = [chunk for chunk in _SEVERAL.split(text) if chunk.strip()]
    if 2 <= len(chunks) <= 6:
        each = [_pairs_between(chunk, (chunk,)) for chunk in chunks]
        if all(len(pairs) == 1 for pairs in each):
            return tuple(pairs[0] for pairs in each)
    return _pairs_between(text, pieces)


def _pairs_between(text: str, pieces: tuple[str, ...]) -> NameTitlePairs:
    bare = _IN_BRACKETS.sub(" ", text) if ")" in text else text
    found = (_cut_pairs(bare) if bare != text else ()) or _cut_pairs(text)  # without degrees before a dash first
    if found:
        return found
    if 1 < len(pieces) <= _MAX_PIECES:
        for at in range(1, len(pieces)):
            if found := _pair_at(pieces, at):
                return found
    return _piecewise(pieces) or _unpunctuated(text)


def _pair_at(pieces: tuple[str, ...], at: int) -> NameTitlePairs:
    """Return the name before a piece with the title after it: all that follows, or that piece alone."""
    name = " ".join(pieces[:at])
    pair = _pair(name, " ".join(pieces[at:]))
    if pair and pair[0][1].is_top:
        return pair
    apart = _pair(name, pieces[at]) if at + 1 < len(pieces) else ()
    return apart if apart and apart[0][1].is_top else pair or apart


def _cut_pairs(text: str) -> NameTitlePairs:
    """Read a name and a title on two sides of a sign."""
    for cut in islice(_CUTS.finditer(text), _MAX_CUTS):
        left, right = text[: cut.start()], text[cut.end() :]
        if "(" in cut[0] and ")" in right:
            right = right.split(")")[0]
        if not left or not right:
            continue
        pair = _pair(left, right, is_list="," in cut[0])
        if pair:
            return pair
    return ()


def _piecewise(pieces: tuple[str, ...]) -> NameTitlePairs:
    """Read pieces that are names and titles in turn, several people in one line."""
    if not 4 <= len(pieces) <= 40:
        return ()
    read = [(read_name(piece), _title(piece)) for piece in pieces]
    found: list[tuple[PersonName, Title]] = []
    for (name, _), (_, title) in pairwise(read):
        if name is not None and title is not None:
            found.append((name, title))
    return tuple(found) if len(found) > 1 else ()


def _pair(left: str, right: str, *, is_list: bool = False) -> NameTitlePairs:
    """Read a name and a title in either order; after a comma only the title, for "CEO, Monk Diving" names a company."""
    name = read_name(left)
    if name is not None:
        right = _without_credentials(right)
        title = _title_after_name(right)
        pairs: NameTitlePairs = () if title is None else ((name, title),)
    else:
        pairs = _several_with_title(left, right)
    if pairs:
        return pairs
    if _REPRESENTED.match(fold(left)):
        representing = Title(left.strip(), is_owner_like=True, is_title=True)
        return tuple((each, representing) for each in _listed_names(right))
    return () if is_list else _title_then_names(_ARE.sub("", left), right)


def _title_after_name(right: str) -> Title | None:
    """Read the title that stands behind a name, without the remark that follows it."""
    title = _title(_without_remark(right.removesuffix(")") if right.count("(") < right.count(")") else right))
    return None if title is None or _leads_to_name(right) else title


def _several_with_title(left: str, right: str) -> NameTitlePairs:
    """Read "Jane Doe and John Roe" before a title that decides."""
    if not _SEVERAL.search(left):
        return ()
    names, title = _listed_names(left), _title(right)
    if len(names) < 2 or title is None or not title.is_top:
        return ()
    return tuple((each, title) for each in names)


def _title_then_names(left: str, right: str) -> NameTitlePairs:
    """Read a title and the names behind it; the name's own title may follow in brackets: "Board: Jane Doe (CEO)"."""
    title = _title(_without_lead(left))
    bracketed = _BRACKETED.match(right) if title is not None else None
    if bracketed is not None:
        name, own = read_name(bracketed[1]), _title(bracketed[2])
        if name is not None and own is not None and own.role is not None:
            return ((name, own),)
    if title is None or ("(" in left and _title(_without_lead(left.partition("(")[0])) is None):
        return ()
    if not title.is_top and not title.is_past and len(left.split()) > 5:
        return ()
    return tuple((each, title) for each in _listed_names(right))


def _without_remark(title: str) -> str:
    """Cut off the sentence that follows a title after a comma: "President, bought the mill from his aunt"."""
    remark = re.search(r",\s+(?=[a-zß-öø-ÿ]\w*\s+\S+\s+\S+)", title)
    if remark is None or not read_title(title[: remark.start()]).is_top or read_title(title[remark.end() :]).is_top:
        return title
    return title[: remark.start()]


def _without_credentials(text: str) -> str:
    """Drop degrees from before a title: in "MD, Chief Medical Officer" a physician is meant, no managing director."""
    chunks = text.split(",")
    while len(chunks) > 1 and all(fold(word).strip(".") in CREDENTIALS for word in chunks[0].split()):
        chunks.pop(0)
    return ",".join(chunks).strip()


def _leads_to_name(right: str) -> bool:
    """Whether a title is followed by another name that it belongs to: "Jane Doe, CEO: John Roe"."""
    cut = re.search(r":\s*(.+)$", right)
    return cut is not None and read_name(cut[1]) is not None


def _listed_names(text: str) -> tuple[PersonName, ...]:
    """Read "A", "A, B und C" or "A (Vorsitzender), B"; nothing unless all of it is names."""
    text = re.sub(r"\([^)\d]*\)", "", text).strip(" .;,")
    if not text or len(text) > _MAX_PAIR:
        return ()
    whole = read_name(text)
    if whole is not None and "," not in text:
        return (whole,)
    parts = [part.strip() for part in _AND.split(text) if part.strip()]
    names = [read_name(part) or _with_family_of(parts[at + 1 :], part) for at, part in enumerate(parts)]
    if names and all(name is not None for name in names):
        return tuple(name for name in names if name is not None)
    return (whole,) if whole is not None else ()


def _with_family_of(following: list[str], given: str) -> PersonName | None:
    """Read the first of "Cordula und Ralf Hess": a given name that shares the next person's family name."""
    partner = read_name(following[0]) if following else None
    if partner is None or " " in given or len(given) < 3 or fold(given) in NOT_NAMES - GIVEN:
        return None
    return read_name(f"{given} {partner.family}")


def _in_segments(text: str) -> LineReading:
    """Read the part of a line that is a title with names: "Hess GmbH, Geschäftsführung Ralf Hess, Moorweg 3"."""
    segments = [] if _PROSE.search(fold(text)) else [part.strip() for part in re.split(r"[,;|•·]|\s[-–—]\s", text)]
    for segment in segments if 1 < len(segments) <= 8 else ():
        tokens = segment.split()
        for at in range(1, min(len(tokens), 6)):
            title = read_title(" ".join(tokens[:at]))
            if (
                "(" in tokens[at - 1]
                or fold(tokens[at - 1]) in CONNECTORS
                or fold(tokens[at - 1]) in ("at", "bei", "chez")
            ):
                continue
            named = _listed_names(" ".join(tokens[at:])) if title.role is not None and title.place is None else ()
            if named:
                return LineReading(pairs=tuple((name, title) for name in named))
    return NOTHING


def _unpunctuated(text: str) -> NameTitlePairs:
    """Read "CEO Jane Doe" and "Jane Doe CEO", for titles that decide only."""
    tokens = text.split()
    if not 3 <= len(tokens) <= 9:
        return ()
    for at in range(1, len(tokens)):
        left, right = " ".join(tokens[:at]), " ".join(tokens[at:])
        pairs = _top_title_then_names(left, right) if at <= 5 else ()
        if pairs:
            return pairs
        name = read_name(left) if at >= 2 else None
        title = read_title(right) if name is not None else None
        if name is not None and title is not None and title.is_top:
            return ((name, title),)
    return ()


def _top_title_then_names(left: str, right: str) -> NameTitlePairs:
    title = read_title(_ARE.sub("", left))
    if fold(left).strip(" .") == "md":  # "Md. Karim Hasan" is called Mohammad
        return ()
    named = _listed_names(right) if title.is_top and title.place is None else ()
    return tuple((name, title) for name in named)
