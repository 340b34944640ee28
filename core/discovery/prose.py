"""People in sentences: "Jane Doe is our Chief Executive Officer", "our CEO Jane Doe", "Jane Doe, CEO of Acme, ...".

Every repetition in these patterns has an upper bound, so that a match from one place costs at most so much whatever
the page says, and a paragraph costs no more than its length times that.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from core.text.lexicons import alternatives, phrases
from core.text.names import PersonName, read_name
from core.text.titles import Title, fold, may_hold_title, read_title

_MAX_TEXT = 2_000
"""Characters read of one paragraph."""
_MAX_MATCHES = 40
"""Places of a paragraph at which one kind of sentence is looked into; a paragraph about people has a few."""


def _any(*keys: str) -> str:
    return alternatives(*(f"sentences.{key}" for key in keys))


_CAP = r"[^\W\d_a-zß-öø-ÿ](?:\.|[\w'’-]{0,40})"
_NAME = (
    rf"(?<![\w'’-])(?:(?:{_any('address')})\.?\s+){{0,5}}{_CAP}"
    rf"(?:\s+(?:(?:{_any('particles')})\s+){{0,3}}{_CAP}){{1,3}}"
)
_ARTICLE = rf"(?:{_any('article')})?"
_AND = rf"(?:\s+(?:{alternatives('lines.and')}|&)\s+|,\s+)"
_MORE = rf"(?P<more>(?:{_AND}{_NAME}){{0,20}})"
_BEFORE_NAME = r"(?P<title>(?:[\w&/-]{1,60}\s+){0,5}?[\w&/.-]{1,60})"
_IS = re.compile(
    rf"(?P<name>{_NAME})(?:\s*\([^)]{{0,200}}\))?(?:,\s+(?:which|{_any('who')})\s[^,.]{{3,90}},)?,?\s+(?:{_any('is')})\s+"
    rf"(?:(?:{_any('now')})\s+|(?:{_any('since')})\s+(?:\d{{4}}\s+)?)?{_ARTICLE}(?P<title>[^.;:!?]{{2,90}})"
)
_APPOSITION = re.compile(rf"(?P<name>{_NAME}),\s+{_ARTICLE}(?P<title>[^.;:!?\"“”„]{{2,80}})")
_BRACKETS = re.compile(rf"(?P<name>{_NAME})\s*\((?P<title>[^()]{{2,60}})\)")
_LEADS_AS = re.compile(
    rf"(?P<name>{_NAME}),?\s+(?:(?:{_any('who')})\s+)?(?:\w{{1,60}}\s+){{0,2}}?(?:{_any('leads')})\s+"
    rf"(?:[\w'’-]{{1,60}}\s+){{0,5}}?(?:{_any('as')})\s+{_ARTICLE}(?P<title>[^.;:!?]{{2,90}})"
)
_LEADS_INVERTED = re.compile(
    rf"\b(?:{_any('leads_before_name')})\s+(?:\w{{1,60}}\s+){{0,4}}?(?P<name>{_NAME})\s+(?:\w{{1,60}}\s+){{0,4}}?"
    rf"(?:{_any('as')})\s+{_ARTICLE}(?P<title>[^.;:!?]{{2,90}})"
)
_CAPACITY = re.compile(
    rf"(?P<name>{_NAME}),?\s+(?:(?:{_any('acting')})\s+)?(?:{_any('capacity')}){_ARTICLE}(?P<title>[^.;:!?]{{2,70}})"
)
_FIRST_PERSON = re.compile(
    rf"\b(?:{_any('i_am', 'i_am_called')})\s+(?P<name>{_NAME}),?\s+"
    rf"(?:(?:{alternatives('lines.and')})\s+(?:{_any('i_am')})?\s*)?{_ARTICLE}(?P<title>[^.;:!?]{{2,90}})"
)
_MYSELF = re.compile(rf"(?:^|[.!?]\s+)(?:{_any('i_am')})\s+{_ARTICLE}(?P<title>[^.;:!?]{{2,90}})")
_BEFORE = re.compile(rf"(?:\b(?:{_any('our_post')})\s+){_BEFORE_NAME},?\s+(?P<name>{_NAME}){_MORE}")
_TITLE_NAME = re.compile(
    rf"(?:^|[.!?]\s+|\b(?:{_any('with')})\s+){_ARTICLE}{_BEFORE_NAME}\s+(?P<name>{_NAME}){_MORE}"
    rf"(?![\w'’-]|\s+(?:{_any('of_company')})\s+[A-ZÄÖÜÉ])"
)
_AS_TITLE = re.compile(
    rf"(?:^|[.!?]\s+)(?:{_any('as_opening')})\s+{_ARTICLE}(?P<title>[^.;:!?,]{{2,70}}),?\s+(?P<name>{_NAME})"
)
_TITLE_IS = re.compile(
    rf"(?:^|[.!?)]\s+){_ARTICLE}(?P<title>(?:[\w&/.'’-]{{1,60}}\s+){{1,7}}?)(?:{_any('is_name')})\s+(?P<name>{_NAME})"
)
_POSSESSIVE = re.compile(
    rf"(?P<place>{_CAP}(?:\s+{_CAP}){{0,3}}?)(?:['’]s|(?<=s)['’])\s+{_BEFORE_NAME},?\s+"
    rf"(?P<name>{_NAME})(?P<more>)"
)
_SUBJECT = re.compile(
    rf"((?:(?:{_any('subject_article')}) )?{_CAP}(?:\s+{_CAP}){{0,3}})\s+(?:{_any('subject_verb')})\b"
)
_PARTNER = re.compile(rf"({_CAP})\s+(?:{alternatives('lines.and')}|&)\s+$")
_OUR = re.compile(rf"(?:{_any('not_a_company')})\b")
# A word takes all that may be of it and gives nothing back, so a run of dashes is cut into words in one way only.
_NEXT_WORD = r"[ /&-](?:[ /&-]{0,8} )?+[\w/&.-]{1,60}+"
_LABELLED = re.compile(
    rf"(?:^|[\s,;·|•–-])(?P<title>{_CAP}(?![\w'’-])(?:{_NEXT_WORD}){{0,4}}+|"
    rf"[^\W\d_a-zß-öø-ÿ][\w'’]{{0,40}}+-[\w/&.-]{{1,60}}+(?:{_NEXT_WORD}){{0,3}}+)\s*:\s*(?P<name>{_NAME})"
)
_SENTENCE_START = re.compile(r"^|[.!?]\s+")
_BOUNDARY = re.compile(r"\b")
_HONORIFIC = re.compile(rf"(?:{_any('address')})\.?\s+")
_PRONOUNS = phrases("sentences.he")
_OWN_ARTICLE = rf"(?:{_any('own_article')})?"
_SAYS_POST = re.compile(rf",?\s+(?:{_any('is_post')})\s+(?:{_any('post_article')}){{0,6}}(?P<title>[^.;:!?]{{2,90}})")
_AS_POST = re.compile(rf"(?:{_any('as_opening')}) {_OWN_ARTICLE}(?P<title>[^.;:!?,]{{2,70}}), ")
_APPOSED_POST = re.compile(rf", {_OWN_ARTICLE}(?P<title>[^.;:!?,]{{2,70}}),")
_INVERTED = re.compile(rf"\b(?:{_any('inverted')})\s+(?P<rest>[^\W\d_a-zß-öø-ÿ][^.,;:!?]{{8,90}})")
_INVERTED_ARTICLE = re.compile(rf"^(?:{_any('inverted_article')})")
_NAME_FIRST = (_IS, _APPOSITION, _BRACKETS, _LEADS_AS, _LEADS_INVERTED, _CAPACITY, _FIRST_PERSON)
_TITLE_FIRST = (_BEFORE, _TITLE_NAME, _AS_TITLE, _TITLE_IS, _POSSESSIVE, _LABELLED)
_TOUCHING = (_BEFORE, _TITLE_NAME, _POSSESSIVE)
"""Nothing stands between title and name, so where one ends is found by reading both."""
_OURS = (_BEFORE, _LABELLED)
_CLAUSE = re.compile(rf"\b(?:{_any('clause')})\b")
_FOUNDED = re.compile(rf"\b(?:{_any('founded')})\b[^.;]{{0,40}}?\s(?:{_any('by')})\s+(?P<name>{_NAME})")
_FORMER = re.compile(
    rf"\b(?:{_any('former')})[\s-]+(?:\w+\s+){{0,2}}$|\b(?:{_any('succeeds')})\s(?:\w+\s){{0,3}}$", re.IGNORECASE
)
_STOP = re.compile(rf"\s+(?:{_any('ends_post')}).*$|,\s+(?:{_any('ends_post_comma')})\b.*$")
_JOINS_POSTS = re.compile(rf",| (?:{_any('joins_posts')}) ")
_BEFORE_PLACE = re.compile(rf" (?:{_any('before_place')}) ")
_PLACE = (
    rf"\s+(?:{_any('place')})\s+(?P<place>(?:{_any('place_article')})?[^\s,].{{1,60}}?)"
    rf"(?:,|$| (?:{_any('ends_place')}) )"
)


@dataclass(frozen=True)
class Statement:
    """A sentence that says who holds which post.

    Attributes:
        is_ours: it says "our" or is a label such as "CEO: ...".
        is_first_person: the person speaks: "I'm Jane Doe, founder and CEO of ...".
    """

    name: PersonName
    title: Title
    evidence: str
    is_ours: bool = False
    is_first_person: bool = False


def is_telling(text: str) -> bool:
    """Return cheaply whether a text may state who holds a post."""
    return may_hold_title(text) or _FOUNDED.search(text) is not None


def statements(text: str) -> list[Statement]:
    """Find the people of a paragraph whose post decides; posts held in the past are left out.

    Args:
        text: a paragraph with single white space, of which 2,000 characters are read.
    """
    text = text[:_MAX_TEXT]
    found: list[Statement] = []
    if not is_telling(text):
        return found
    for pattern in (*_NAME_FIRST, *_TITLE_FIRST):
        for matched in islice(_matches(pattern, text), _MAX_MATCHES):
            if not _FORMER.search(text[max(0, matched.start() - 30) : matched.start()]):
                found.extend(_stated(pattern, matched, text))
    found.extend(_inverted(text))
    for matched in islice(_FOUNDED.finditer(text), _MAX_MATCHES):
        name = _trimmed(matched["name"])
        if name is not None:
            found.append(Statement(name, Title("Founder", is_owner_like=True, is_title=True), matched[0], True))
    return found


def _inverted(text: str) -> Iterator[Statement]:
    """Read German word order: "Heute ist Jana Doe Geschäftsführerin der Doe GmbH"."""
    for matched in islice(_INVERTED.finditer(text), _MAX_MATCHES):
        tokens = matched["rest"].split()
        for at in range(2, min(len(tokens), 5)):
            title = _post(_INVERTED_ARTICLE.sub("", " ".join(tokens[at:])))
            name = read_name(" ".join(tokens[:at])) if title is not None else None
            if name is not None and title is not None:
                yield Statement(name, title, matched[0])
                break


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield matches; what stands after a name may hold the next person, so it is looked through again."""
    position, is_name_first = 0, pattern in _NAME_FIRST
    while matched := pattern.search(text, position):
        yield matched
        position = matched.end("name") if is_name_first else matched.start() + 1


def _stated(pattern: re.Pattern[str], matched: re.Match[str], text: str) -> Iterator[Statement]:
    held, named = matched["title"], matched["name"]
    if pattern in _TOUCHING:
        held, named = _split(f"{held} {named}") or (held, "")
    title = _post(held)
    if title is None or (pattern in _TITLE_FIRST and not _is_whole(title, held)):
        return
    place = matched.groupdict().get("place") or (_subject(text, matched.start()) if pattern is _TITLE_NAME else None)
    if place:
        title = replace(title, place=fold(place))
    around = text[max(0, matched.start() - 40) : matched.end() + 40]
    more = matched.groupdict().get("more") or ""
    starts = matched.start("name")
    partner = _PARTNER.search(text[max(0, starts - 60) : starts]) if pattern is _APPOSITION else None
    for part in (named, *filter(None, re.split(_AND, more))):
        own_title, own_name = _split(part) or ("", part)
        name = _trimmed(own_name)
        if name is None:
            continue
        held_here = read_title(own_title) if own_title else title
        yield Statement(name, held_here, around, pattern in _OURS, pattern is _FIRST_PERSON)
        other = read_name(f"{partner[1]} {name.family}") if partner and _is_plural(title) else None
        if other is not None:
            yield Statement(other, title, around)


def _subject(text: str, at: int) -> str | None:
    """Whose people a sentence is about: "Acme Holdings is led by CEO Jane Doe"; None where it says "our" or nothing."""
    sentence = re.split(r"[.!?]\s", text[:at])[-1]
    found = _SUBJECT.match(sentence.strip())
    return found[1] if found is not None and not _OUR.match(found[1]) else None


def _is_plural(title: Title) -> bool:
    """Return whether a title is of several: "cogérants", "founders", "Geschäftsführer"."""
    first = fold(title.text).split()[0].strip(",")
    return first.endswith("s") or first.startswith("geschaftsfuhrer")


def _split(text: str) -> tuple[str, str] | None:
    """Cut "Chief Executive Jane Doe" into title and name."""
    tokens = text.replace(",", " ").split()
    for at in range(1, len(tokens) - 1):
        title, name = " ".join(tokens[:at]), " ".join(tokens[at:])
        if read_title(title).is_top and read_name(name) is not None:
            return title, name
    return None


def _is_whole(title: Title, text: str) -> bool:
    """Nothing of the words before the name is left out, other than where the post is held."""
    return title.place is not None or fold(title.text).strip(" .,") == fold(text).strip(" .,")


def own_statement(text: str, name: PersonName) -> Title | None:
    """Read the title from a person's own text: "Jane is our CEO", "She is the CFO", "Jane Doe serves as ..."."""
    text = text[:600]
    starts = (sentence.end() for sentence in _SENTENCE_START.finditer(text))
    said = (_SAYS_POST.match(text, end) for start in starts for end in _subject_ends(text, start, name))
    matched = next(filter(None, said), None)
    if matched is None:
        opening = _AS_POST.match(text)
        if opening is not None and any(_BOUNDARY.match(text, end) for end in _subject_ends(text, opening.end(), name)):
            matched = opening
    if matched is None:
        apposed = (_APPOSED_POST.match(text, end) for end in _subject_ends(text, 0, name))
        matched = next(filter(None, apposed), None) or _MYSELF.search(text[:300])
    return _post(matched["title"]) if matched else None


def _subject_ends(text: str, at: int, name: PersonName) -> Iterator[int]:
    """Yield where a person's name, or a word for them, that stands at a place ends.

    The name is compared as text: to compile a pattern for each name of a page would take longer than reading it.
    """
    honorific = _HONORIFIC.match(text, at)
    for start, subjects in (
        (at, (name.text, *name.given.split()[:1])),
        (honorific.end() if honorific else -1, (name.family,)),
        (at, _PRONOUNS),
    ):
        yield from (start + len(subject) for subject in subjects if start >= 0 and text.startswith(subject, start))


def _trimmed(text: str) -> PersonName | None:
    """Read the name, also when a sentence's first word stands before it ("Today Jane Doe")."""
    words = text.split()
    for start in range(min(2, len(words) - 1)):
        name = read_name(" ".join(words[start:]).rstrip(".,"))
        if name is not None:
            return name
    return None


def _post(text: str) -> Title | None:
    """The title at the beginning of a clause; only titles that decide count in prose."""
    text = re.sub(r"\b([dD])['’](?=\w)", r"\1e ", _STOP.sub("", text.strip()))
    for end in (
        len(text),
        *(cut.start() for cut in reversed(list(_JOINS_POSTS.finditer(text)))),
        *(cut.start() for cut in _BEFORE_PLACE.finditer(text)),
    ):
        title = read_title(text[:end].strip())
        if title.is_top and not title.is_past and not _CLAUSE.search(text[:end]):
            whole = re.match(rf"{re.escape(text[:end].strip())}{_PLACE}", text)
            place = title.place or (fold(whole["place"]) if whole else None)
            remark = text[:end].partition(",")[2]
            if place and whole is None and place.split()[-1] in fold(remark) and remark.islower():
                place = None
            return Title(title.text, title.role, title.is_owner_like, title.is_president, title.is_past, place, True)
    return None
