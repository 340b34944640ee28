"""People in sentences: "Jane Doe is our Chief Executive Officer", "our CEO Jane Doe", "Jane Doe, CEO of Acme, ..."."""

import re
from dataclasses import dataclass

from core.names import PersonName, read_name
from core.titles import Title, fold, may_hold_title, read_title

_CAP = r"[^\W\d_a-zß-öø-ÿ](?:\.|[\w'’-]*)"
_NAME = (
    rf"(?:(?:Dr|Mr|Mrs|Ms|Prof|Ing|Herr|Frau|Mme|M|Dipl\.-Ing)\.?\s+)*{_CAP}"
    rf"(?:\s+(?:(?:van|von|de|der|den|da|do|dos|di|del|della|la|le|bin|al|ten|ter|zu)\s+)*{_CAP}){{1,3}}"
)
_IS = re.compile(
    rf"(?P<name>{_NAME})(?:\s*\([^)]*\))?,?\s+(?:is|serves as|acts as|currently serves as|is currently|ist|est|"
    rf"es|é|è|is momenteel)\s+(?:currently\s+|also\s+|seit\s+(?:\d{{4}}\s+)?)?"
    r"(?:the |our |an? |its |their |unser(?:e)? |der |die |das |le |la |l'|l’|notre |el |nuestr[oa] |o |a |"
    r"noss[oa] |il |l'|nostr[oa] |de |onze )?(?P<title>[^.;:!?]{2,90})"
)
_APPOSITION = re.compile(
    rf"(?P<name>{_NAME}),\s+(?:the |our |its |unser(?:e)? |der |die |notre |le |la |nuestr[oa] |el |noss[oa] |o |"
    rf"a |nostr[oa] |il |onze |de )?(?P<title>[^.;:!?\"“”„]{{2,80}})"
)
_BEFORE = re.compile(
    rf"(?:\b(?:[Oo]ur|[Uu]nser(?:em|en|e)?|[Nn]otre|[Nn]uestr[oa]|[Nn]oss[oa]|[Nn]ostr[oa]|[Oo]nze|durch (?:den|"
    rf"die|ihren?)|by (?:its|the|our)|par (?:son|sa|le|la)|por (?:su|o seu|a sua)|door (?:de|"
    rf"haar))\s+)(?P<title>(?:[\w&/-]+\s+){{0,5}}?[\w&/.-]+),?\s+(?P<name>{_NAME})"
)
_BRACKETS = re.compile(rf"(?P<name>{_NAME})\s*\((?P<title>[^()]{{2,60}})\)")
_LABELLED = re.compile(rf"(?:^|[\s,;·|•–-])(?P<title>{_CAP}(?:[ /&-]+[\w/&.-]+){{0,4}})\s*:\s*(?P<name>{_NAME})")
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
    """A sentence that says who holds which post; `is_ours` where it says "our" or is a label such as "CEO: ..."."""

    name: PersonName
    title: Title
    evidence: str
    is_ours: bool = False


def statements(text: str) -> list[Statement]:
    """Find the people of a paragraph whose post decides; posts held in the past are left out.

    Args:
        text: a paragraph, at most a few thousand characters.
    """
    found: list[Statement] = []
    if not may_hold_title(text) and _FOUNDED.search(text) is None:
        return found
    for pattern in (_IS, _APPOSITION, _BEFORE, _BRACKETS, _LABELLED):
        for matched in pattern.finditer(text):
            before = text[max(0, matched.start() - 30) : matched.start()]
            if _FORMER.search(before):
                continue
            name = _trimmed(matched["name"])
            title = _post(matched["title"])
            if name is not None and title is not None:
                around = text[max(0, matched.start() - 40) : matched.end() + 40]
                found.append(Statement(name, title, around, pattern in (_BEFORE, _LABELLED)))
    for matched in _FOUNDED.finditer(text):
        name = _trimmed(matched["name"])
        if name is not None:
            found.append(Statement(name, Title("Founder", is_owner_like=True, is_title=True), matched[0], True))
    return found


def own_statement(text: str, name: PersonName) -> Title | None:
    """Read the title from a person's own text: "Jane is our CEO", "She is the CFO", "Jane Doe serves as ..."."""
    given = re.escape(name.given.split()[0]) if name.given else ""
    subject = (
        rf"(?:{re.escape(name.text)}|{given}|(?:Mr|Ms|Mrs|Dr|Herr|Frau|Mme|M)\.?\s+{re.escape(name.family)}"
        r"|He|She|Er|Sie|Il|Elle|Él|Ella|Ele|Ela|Lui|Lei|Hij|Zij)"
    )
    matched = re.search(
        rf"(?:^|[.!?]\s+){subject}(?:,?\s+)(?:is|serves as|acts as|is currently|currently serves as|ist|est|es|é|"
        rf"è)\s+(?:the |our |an? |currently |its |unser(?:e)? |der |die |le |la |notre |el |nuestr[oa] |o |a |"
        rf"noss[oa] |il |nostr[oa] |de |onze )*(?P<title>[^.;:!?]{{2,90}})",
        text[:600],
    )
    if matched is None:
        article = r"(?:the |our |its |unser(?:e)? |der |die |notre |nuestr[oa] |noss[oa] )?"
        matched = re.search(
            rf"^(?:As|Als) {article}(?P<title>[^.;:!?,]{{2,70}}), {subject}\b", text[:600]
        ) or re.search(rf"^{subject}, {article}(?P<title>[^.;:!?,]{{2,70}}),", text[:600])
    return _post(matched["title"]) if matched else None


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
        if title.is_top and not title.is_past:
            whole = re.match(
                rf"{re.escape(text[:end].strip())}\s+(?:of|at|for|bei|von|de|chez|der|di|da|van|"
                rf"bij)\s+(?P<place>(?:the |der |la |le |l')?[^\s,].{{1,60}}?)(?:,|$| and | where | since )",
                text,
            )
            place = title.place or (fold(whole["place"]) if whole else None)
            return Title(title.text, title.role, title.is_owner_like, title.is_president, title.is_past, place, True)
    return None
