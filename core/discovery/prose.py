"""People in sentences: "Jane Doe is our Chief Executive Officer", "our CEO Jane Doe", "Jane Doe, CEO of Acme, ...".

Every repetition in these patterns has an upper bound, so that a match from one place costs at most so much whatever
the page says, and a paragraph costs no more than its length times that.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from core.text.names import PersonName, read_name
from core.text.titles import Title, fold, may_hold_title, read_title

_MAX_TEXT = 2_000
"""Characters read of one paragraph."""
_MAX_MATCHES = 40
"""Places of a paragraph at which one kind of sentence is looked into; a paragraph about people has a few."""
_CAP = r"[^\W\d_a-zß-öø-ÿ](?:\.|[\w'’-]{0,40})"
_NAME = (
    rf"(?<![\w'’-])(?:(?:Dr|Mr|Mrs|Ms|Prof|Ing|Herr|Frau|Mme|M|Dipl\.-Ing)\.?\s+){{0,5}}{_CAP}"
    rf"(?:\s+(?:(?:van|von|de|der|den|da|do|dos|di|del|della|la|le|bin|al|ten|ter|zu)\s+){{0,3}}{_CAP}){{1,3}}"
)
_ARTICLE = (
    r"(?:the (?:company|firm|group|business|agency)['’]s |the |our |an? |its |their |his |her |unser(?:en|em|e|)? |"
    r"der |die |das |den |dem |ihren? |le |la |l'|l’|"
    r"notre |son |sa |el |nuestr[oa] |su |o |a |noss[oa] |il |i |lo |nostr[oa] |suo |sua |de |het |onze )?"
)
_AND = r"(?:\s+(?:and|und|et|y|e|en|&)\s+|,\s+)"
_MORE = rf"(?P<more>(?:{_AND}{_NAME}){{0,20}})"
_BEFORE_NAME = r"(?P<title>(?:[\w&/-]{1,60}\s+){0,5}?[\w&/.-]{1,60})"
_IS = re.compile(
    rf"(?P<name>{_NAME})(?:\s*\([^)]{{0,200}}\))?(?:,\s+(?:who|which|der|die|qui|que|che)\s[^,.]{{3,90}},)?,?\s+"
    r"(?:is|serves as|acts as|currently serves as|has been|has served as|ist|est|es|é|è|is momenteel)\s+"
    r"(?:currently\s+|also\s+|auch\s+|aussi\s+|también\s+|também\s+|anche\s+|ook\s+|now\s+|today\s+|heute\s+|aujourd['’]hui\s+|hoy\s+|hoje\s+|oggi\s+|nu\s+|"
    rf"seit\s+(?:\d{{4}}\s+)?)?{_ARTICLE}(?P<title>[^.;:!?]{{2,90}})"
)
_APPOSITION = re.compile(rf"(?P<name>{_NAME}),\s+{_ARTICLE}(?P<title>[^.;:!?\"“”„]{{2,80}})")
_BRACKETS = re.compile(rf"(?P<name>{_NAME})\s*\((?P<title>[^()]{{2,60}})\)")
_LEADS_AS = re.compile(
    rf"(?P<name>{_NAME}),?\s+(?:(?:who|der|die|qui|que|che)\s+)?(?:\w{{1,60}}\s+){{0,2}}?"
    r"(?:leads?|heads?|runs?|guides?|directs?|manages?|steers?|leitet|führt|lenkt|dirige|gère|guida|gestisce|lidera|"
    r"leidt|serves?|works|continues)\s+(?:[\w'’-]{1,60}\s+){0,5}?"
    rf"(?:as|als|en tant que|comme|como|come|in qualità di)\s+{_ARTICLE}(?P<title>[^.;:!?]{{2,90}})"
)
_LEADS_INVERTED = re.compile(
    rf"\b(?:führt|leitet|lenkt)\s+(?:\w{{1,60}}\s+){{0,4}}?(?P<name>{_NAME})\s+(?:\w{{1,60}}\s+){{0,4}}?als\s+{_ARTICLE}"
    r"(?P<title>[^.;:!?]{2,90})"
)
_CAPACITY = re.compile(
    rf"(?P<name>{_NAME}),?\s+(?:agissant\s+|acting\s+)?(?:en (?:sa )?qualité d[e'’]\s*|en (?:su )?calidad de |"
    r"in (?:sua )?qualità di |na (?:sua )?qualidade de |in (?:his|her|their) capacity as |in (?:seiner|ihrer) "
    rf"(?:Eigenschaft|Funktion) als |in (?:de )?hoedanigheid van ){_ARTICLE}(?P<title>[^.;:!?]{{2,70}})"
)
_FIRST_PERSON = re.compile(
    r"\b(?:I['’]m|I am|[Mm]y name is|[Ii]ch bin|[Mm]ein Name ist|[Jj]e suis|[Jj]e m['’]appelle|[Ss]oy|[Mm]e llamo|"
    rf"[Ss]ou|[Ss]ono|[Mm]i chiamo|[Ii]k ben)\s+(?P<name>{_NAME}),?\s+(?:(?:and|und|et|y|e|en)\s+(?:I['’]m|I am)?\s*)?"
    rf"{_ARTICLE}(?P<title>[^.;:!?]{{2,90}})"
)
_MYSELF = re.compile(
    r"(?:^|[.!?]\s+)(?:I['’]m|I am|Ich bin|Je suis|Soy|Sou|Sono|Ik ben)\s+"
    rf"{_ARTICLE}(?P<title>[^.;:!?]{{2,90}})"
)
_BEFORE = re.compile(
    r"(?:\b(?:[Oo]ur|[Uu]nser(?:em|en|e)?|[Nn]otre|[Nn]uestr[oa]|[Nn]oss[oa]|[Nn]ostr[oa]|[Oo]nze|durch (?:den|"
    r"die|ihren?)|by (?:its|the|our)|par (?:son|sa|le|la)|por (?:su|o seu|a sua)|door (?:de|"
    rf"haar))\s+){_BEFORE_NAME},?\s+(?P<name>{_NAME}){_MORE}"
)
_TITLE_NAME = re.compile(
    r"(?:^|[.!?]\s+|\b(?:by|with|under|von|mit|durch|unter|par|avec|por|con|com|da|dal|dalla|door|met)\s+)"
    rf"{_ARTICLE}{_BEFORE_NAME}\s+(?P<name>{_NAME}){_MORE}"
    r"(?![\w'’-]|\s+(?:of|at|from|bei|von|chez|de|di)\s+[A-ZÄÖÜÉ])"
)
_AS_TITLE = re.compile(
    rf"(?:^|[.!?]\s+)(?:As|Als|En tant que|Como|In qualità di)\s+{_ARTICLE}(?P<title>[^.;:!?,]{{2,70}}),?\s+"
    rf"(?P<name>{_NAME})"
)
_TITLE_IS = re.compile(
    rf"(?:^|[.!?)]\s+){_ARTICLE}(?P<title>(?:[\w&/.'’-]{{1,60}}\s+){{1,7}}?)(?:is|ist|est|es|é|è)\s+(?P<name>{_NAME})"
)
_POSSESSIVE = re.compile(
    rf"(?P<place>{_CAP}(?:\s+{_CAP}){{0,3}}?)(?:['’]s|(?<=s)['’])\s+{_BEFORE_NAME},?\s+"
    rf"(?P<name>{_NAME})(?P<more>)"
)
_SUBJECT = re.compile(
    rf"((?:The |Die |Das |La |Le |Il )?{_CAP}(?:\s+{_CAP}){{0,3}})\s+(?:is|was|ist|wird|est|è|es|wordt)\b"
)
_PARTNER = re.compile(rf"({_CAP})\s+(?:and|und|et|y|e|en|&)\s+$")
_OUR = re.compile(r"(?:Our|Unsere?|Notre|Nuestr[oa]|Noss[oa]|Nostr[oa]|Ons|Onze|It|She|He|Er|Sie|Il|Elle)\b")
# A word takes all that may be of it and gives nothing back, so a run of dashes is cut into words in one way only.
_NEXT_WORD = r"[ /&-](?:[ /&-]{0,8} )?+[\w/&.-]{1,60}+"
_LABELLED = re.compile(
    rf"(?:^|[\s,;·|•–-])(?P<title>{_CAP}(?![\w'’-])(?:{_NEXT_WORD}){{0,4}}+|"
    rf"[^\W\d_a-zß-öø-ÿ][\w'’]{{0,40}}+-[\w/&.-]{{1,60}}+(?:{_NEXT_WORD}){{0,3}}+)\s*:\s*(?P<name>{_NAME})"
)
_SENTENCE_START = re.compile(r"^|[.!?]\s+")
_BOUNDARY = re.compile(r"\b")
_HONORIFIC = re.compile(r"(?:Mr|Ms|Mrs|Dr|Herr|Frau|Mme|M)\.?\s+")
_PRONOUNS = ("He", "She", "Er", "Sie", "Il", "Elle", "Él", "Ella", "Ele", "Ela", "Lui", "Lei", "Hij", "Zij")
_OWN_ARTICLE = r"(?:the |our |its |unser(?:e)? |der |die |notre |nuestr[oa] |noss[oa] )?"
_SAYS_POST = re.compile(
    r",?\s+(?:is|serves as|acts as|is currently|currently serves as|ist|est|es|é|è)\s+"
    r"(?:the |our |an? |currently |its |unser(?:e)? |der |die |le |la |notre |el |nuestr[oa] |o |"
    r"noss[oa] |il |nostr[oa] |de |onze ){0,6}(?P<title>[^.;:!?]{2,90})"
)
_AS_POST = re.compile(rf"(?:As|Als) {_OWN_ARTICLE}(?P<title>[^.;:!?,]{{2,70}}), ")
_APPOSED_POST = re.compile(rf", {_OWN_ARTICLE}(?P<title>[^.;:!?,]{{2,70}}),")
_INVERTED = re.compile(r"\b(?:ist|leitet|führt)\s+(?P<rest>[^\W\d_a-zß-öø-ÿ][^.,;:!?]{8,90})")
_NAME_FIRST = (_IS, _APPOSITION, _BRACKETS, _LEADS_AS, _LEADS_INVERTED, _CAPACITY, _FIRST_PERSON)
_TITLE_FIRST = (_BEFORE, _TITLE_NAME, _AS_TITLE, _TITLE_IS, _POSSESSIVE, _LABELLED)
_TOUCHING = (_BEFORE, _TITLE_NAME, _POSSESSIVE)
"""Nothing stands between title and name, so where one ends is found by reading both."""
_OURS = (_BEFORE, _LABELLED)
_CLAUSE = re.compile(
    r"\b(?:is|are|was|were|led|run|headed|ist|wird|wurde|geführt|geleitet|est|dirigée?|è|guidat[ao]|es|dirigid[ao]|"
    r"foi|fue|wordt|geleid)\b"
)
_FOUNDED = re.compile(
    rf"\b(?:founded|started|established|gegründet|fondée?|fundada|fondata|opgericht)\b[^.;]{{0,40}}?\s(?:by|von|"
    rf"par|por|da|door)\s+(?P<name>{_NAME})"
)
_FORMER = re.compile(
    r"\b(?:former|formerly|ex|late|previous|past|then|ehemalige\w*|ancien\w*|antigu\w*|"
    r"voormalig\w*)[\s-]+(?:\w+\s+){0,2}$|\b(?:succe\w+|replac\w+|nachfolger\w*)\s(?:\w+\s){0,3}$",
    re.IGNORECASE,
)
_STOP = re.compile(
    r"\s+(?:and (?:has|is|was|a|an|he|she|brings|leads|oversees)\b|who\b|which\b|where\b|with (?:over|more|a|an|"
    r"\d)|has\b|have\b|said\b|says\b|brings\b|und (?:hat|ist|war)\b|qui\b|que\b|che\b|die\b (?=\w+t\b)|since\b|"
    r"seit\b|depuis\b|desde\b).*$|,\s+(?:and|with|who|he|she|has|brings|which|where|responsible|a |an |bringing|"
    r"having|leads|is|was)\b.*$"
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
            title = _post(re.sub(r"^(?:seit \d{4} )?(?:der |die |unsere? )?", "", " ".join(tokens[at:])))
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
        *(cut.start() for cut in reversed(list(re.finditer(r",| and | und | et | y | e ", text)))),
        *(cut.start() for cut in re.finditer(r" (?:of|at|for|bei|von|de|in|with) ", text)),
    ):
        title = read_title(text[:end].strip())
        if title.is_top and not title.is_past and not _CLAUSE.search(text[:end]):
            whole = re.match(
                rf"{re.escape(text[:end].strip())}\s+(?:of|at|for|bei|von|de|chez|der|di|da|van|"
                rf"bij)\s+(?P<place>(?:the |der |la |le |l')?[^\s,].{{1,60}}?)(?:,|$| and | where | since )",
                text,
            )
            place = title.place or (fold(whole["place"]) if whole else None)
            remark = text[:end].partition(",")[2]
            if place and whole is None and place.split()[-1] in fold(remark) and remark.islower():
                place = None
            return Title(title.text, title.role, title.is_owner_like, title.is_president, title.is_past, place, True)
    return None
