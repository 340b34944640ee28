"""Campaigns: messages with placeholders for a persona and a tone, and what each becomes for one person.

A model or a template writes a *variant*, which names nobody: it has `{first_name}` where a person's name will stand.
What is put in comes from a field of the lead or its contact, with where that field came from, so every personal fact
can be traced.
The sender's identity and the line to unsubscribe are added here, never by whoever wrote the variant.
"""

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args
from uuid import UUID

from pydantic import Field

from core.forms import Form, Frozen, Report
from core.outreach.markets import Segment, carries_address, numbers_in
from core.outreach.recipients import LEFT
from core.text import normalize
from core.text.lexicons import alternatives, phrases
from core.text.plain_text import plain, plain_line
from core.text.titles import ROLES, read_title

Tone = Literal["formal", "friendly", "direct"]
TONES: tuple[Tone, ...] = get_args(Tone)
OTHERS = "others"
"""The persona of those whose title is no ATL role."""
PERSONAS: tuple[str, ...] = (*ROLES, OTHERS)

FIELD_OF = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company_name",
    "industry": "industry",
    "city": "city",
}
"""Placeholder -> the field it stands for, of the lead or the contact. There are no others."""

MIN_WORDS, MAX_WORDS = 25, 180
MAX_SUBJECT = 70
MAX_SENTENCE_WORDS = 28
MAX_GRADE = 13.0
"""Years of school a text may ask for, by the automated readability index."""
_BANNED = phrases("letters.banned")
_INTERNAL = re.compile(
    r"\b(lead scor\w*|scor(?:e|es|ed|ing)|tiers?|icp|ideal customer|hot lead|warm lead|cold lead|qualif\w+|"
    r"disqualif\w+|confidence|enrich\w*|crm|database|persona|our records|system prompt|instructions?)\b",
    re.IGNORECASE,
)
"""Words of our own workings; a message never has them."""
_FIT = re.compile(r"[^\W_][\w&'’.,()+/ -]{0,79}")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|\{\w+\}")
_SENTENCE_END = re.compile(r"(?<![.!?])[.!?]++(?:\s|$)|\n{2,}")


class Sender(Form):
    """Who writes. Commercial mail names its sender with a postal address (CAN-SPAM Act, § 5(a)(5); UWG § 7)."""

    name: str = Field(min_length=2, max_length=100, description="The person who signs")
    company: str = Field(min_length=2, max_length=100, description="Their company")
    address: str = Field(min_length=8, max_length=300, description="Its postal address, on one line")
    unsubscribe: str = Field(
        default="If you would rather not hear from me again, reply with “unsubscribe”.",
        min_length=20,
        max_length=300,
        pattern=f"(?i){alternatives('letters.ways_out')}",
        description="The line that says how to get no more messages",
    )


class CampaignRequest(Form):
    """What to write, and to whom."""

    segment: Segment = Field(default_factory=Segment, description="Which of our leads")
    lead_ids: list[UUID] = Field(
        default_factory=list, max_length=5_000, description="Only these leads; empty: the segment"
    )
    contact_ids: list[UUID] = Field(
        default_factory=list, max_length=5_000, description="Only these contacts, beside the best of the leads named"
    )
    all_contacts: bool = Field(
        default=False, description="Every contact of a lead with an address of their own; else the best one alone"
    )
    offer: str = Field(
        min_length=20, max_length=2_000, description="What we offer, in our own words; numbers only from here"
    )
    personas: list[str] = Field(
        default_factory=list, max_length=7, description="ATL roles, or others; empty: those there are"
    )
    tones: list[Tone] = Field(default=["friendly"], min_length=1, max_length=3, description="Tones to write in")
    sender: Sender = Field(description="Who signs")
    limit: int = Field(default=200, ge=1, le=5_000, description="Messages at most")
    use_model: bool = Field(
        default=True, description="Ask the model for writing where one is configured; else templates"
    )
    stream: bool = Field(default=False, description="Publish tokens and states while it runs")
    thread_id: UUID | None = Field(default=None, description="Goes on with a thread; empty: begins a new one")

    @property
    def names_somebody(self) -> bool:
        """Whether a person asks by id: also whom the profile excludes gets a message then."""
        return bool(self.lead_ids or self.contact_ids)


class Variant(Frozen):
    """A message for a persona in a tone, with placeholders.

    Attributes:
        by: "model", or "template" where none was asked or its text did not pass.
        problems: of the model's text, where a template took its place.
    """

    persona: str
    tone: Tone
    subject: str
    body: str
    by: Literal["model", "template"] = "template"
    problems: list[str] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Addressee:
    """A contact of a lead as far as a message may know them; without a `contact_id` a lead that has nobody.

    Attributes:
        values: by field; only those that a placeholder stands for.
        stored: field -> the stored field it was read from, that one's value, and where that is from.
        email: as it is stored.
        secrets: what we think of the lead; checked never to be in a message.
        is_disqualified: the profile excludes them: they get a message only where a person names them by id.
        address_origin: the line that says where their address is from; None where it is not to be said.
    """

    lead_id: UUID
    email: str | None
    title: str | None
    values: Mapping[str, str]
    stored: Mapping[str, tuple[str, str, str]]
    secrets: Sequence[str] = ()
    is_disqualified: bool = False
    contact_id: UUID | None = None
    person_id: UUID | None = None
    has_left: bool = False
    address_origin: str | None = None

    @property
    def persona(self) -> str:
        """The ATL role of the title, or `others`."""
        return read_title(self.title or "").role or OTHERS


class Fact(Frozen):
    """A personal fact in a message: which field, which stored field it was read from, and where that came from."""

    field: str
    value: str
    stored_field: str
    stored_value: str
    provenance: str


class CampaignMessage(Frozen):
    """A variant as one person would get it; `to` is their canonical address, `stored_to` the stored spelling of it."""

    lead_id: UUID
    contact_id: UUID
    person_id: UUID | None = None
    persona: str
    tone: Tone
    to: str
    stored_to: str
    is_disqualified: bool = False
    subject: str
    body: str
    facts: list[Fact]


class Skipped(Frozen):
    """A contact that gets no message, or a lead without one, and why."""

    lead_id: UUID
    contact_id: UUID | None = None
    reason: str


class CampaignReport(Report):
    """What came of a campaign. `skipped` counts contacts by the reason; `messages` wait for approval."""

    campaign_id: UUID | None = None
    segment: str
    status: Literal["drafted", "nobody", "stopped"]
    reason: str | None = None
    by: Literal["model", "template", "mixed"] = "template"
    variants: list[Variant] = Field(default_factory=list)
    messages: int = 0
    skipped: dict[str, int] = Field(default_factory=dict)


def problems_of_body(body: str, offer: str) -> list[str]:
    """Return what is wrong with a variant's text; empty where nothing is.

    Args:
        body: with placeholders.
        offer: the only place numbers may come from.
    """
    count = len(_WORD.findall(body))
    problems = [] if MIN_WORDS <= count <= MAX_WORDS else [f"{count} words, not {MIN_WORDS} to {MAX_WORDS}"]
    if longest_sentence(body) > MAX_SENTENCE_WORDS:
        problems.append(f"a sentence of more than {MAX_SENTENCE_WORDS} words")
    if reading_grade(body) > MAX_GRADE:
        problems.append("hard to read")
    return problems + _problems_of_words(body, offer)


def problems_of_subject(subject: str, offer: str) -> list[str]:
    """Return what is wrong with a subject line; empty where nothing is."""
    problems = (
        [] if 3 <= len(subject) <= MAX_SUBJECT and "\n" not in subject else [f"not 3 to {MAX_SUBJECT} characters"]
    )
    if sum(char.isupper() for char in subject) > 0.5 * sum(char.isalpha() for char in subject) + 1:
        problems.append("shouts")
    return problems + _problems_of_words(subject, offer)


def _problems_of_words(text: str, offer: str) -> list[str]:
    problems = [f"unknown placeholder {name}" for name in placeholders(text) if name not in FIELD_OF]
    if not _braces_fit(text):
        problems.append("a lone brace")
    lower = " ".join(text.lower().split())
    problems += [
        f"banned phrase “{phrase}”" for phrase in _BANNED if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", lower)
    ]
    offered = " ".join(offer.lower().split())
    internal = {
        word.lower() for word in (match[0] for match in _INTERNAL.finditer(text)) if word.lower() not in offered
    }
    problems += [f"internal word “{word}”" for word in sorted(internal)]
    if invented := sorted(numbers_in(text) - numbers_in(offer)):
        problems.append(f"numbers that are not in the offer: {', '.join(invented)}")
    if carries_address(text) and not _same_addresses(text, offer):
        problems.append("an address")
    return problems


def _same_addresses(text: str, offer: str) -> bool:
    words = [word for word in text.split() if carries_address(word)]
    return all(word.strip(".,;()") in offer for word in words)


def placeholders(text: str) -> list[str]:
    """Return the names between braces, each once, in order."""
    return list(dict.fromkeys(re.findall(r"\{([^{}]*)\}", text)))


def _braces_fit(text: str) -> bool:
    return "{" not in (rest := re.sub(r"\{\w*\}", "", text)) and "}" not in rest


def longest_sentence(text: str) -> int:
    """Count the words of the longest sentence."""
    return max((len(_WORD.findall(piece)) for piece in _SENTENCE_END.split(text)), default=0)


def reading_grade(text: str) -> float:
    """Return the automated readability index, 4.71 letters a word + 0.5 words a sentence - 21.43 (Senter, Smith 1967).

    It takes any language that puts spaces between words; placeholders do not count.
    """
    words = [word for word in _WORD.findall(text) if not word.startswith("{")]
    count = sum(1 for piece in _SENTENCE_END.split(text) if _WORD.search(piece))
    if not words or not count:
        return 0.0
    return round(4.71 * sum(map(len, words)) / len(words) + 0.5 * len(words) / count - 21.43, 1)


def is_fit(value: str) -> bool:
    """Return whether a field's value may stand in a message: a few words, no addresses, no words of our own."""
    is_short = _FIT.fullmatch(value) is not None and len(value.split()) <= 8
    return is_short and not carries_address(value) and not _INTERNAL.search(value)


def write_message(variant: Variant, addressee: Addressee, sender: Sender) -> CampaignMessage | Skipped:
    """Make a variant one person's message: fields put in, signed, with the line to unsubscribe."""
    if addressee.contact_id is None:
        return skipped(addressee, "no contact")
    if addressee.has_left:
        return skipped(addressee, LEFT)
    if not addressee.email:
        return skipped(addressee, "no e-mail address")
    facts = []
    for name in placeholders(f"{variant.subject} {variant.body}"):
        field = FIELD_OF[name]
        value = " ".join(plain_line(addressee.values.get(field, "")).split())
        if not value:
            return skipped(addressee, f"no {field}")
        if not is_fit(value):
            return skipped(addressee, f"{field} is not fit for a message")
        stored_field, stored_value, provenance = addressee.stored[field]
        stored = {"stored_field": stored_field, "stored_value": stored_value, "provenance": provenance}
        facts.append(Fact(field=field, value=value, **stored))
    names = placeholders(f"{variant.subject} {variant.body}")
    known = {name: fact.value for name, fact in zip(names, facts, strict=True)}
    origin = addressee.address_origin
    subject, body = (string.Formatter().vformat(text, (), known) for text in (variant.subject, variant.body))
    message = CampaignMessage(
        lead_id=addressee.lead_id,
        contact_id=addressee.contact_id,
        person_id=addressee.person_id,
        persona=variant.persona,
        tone=variant.tone,
        to=normalize.email(addressee.email) or addressee.email,
        stored_to=addressee.email,
        is_disqualified=addressee.is_disqualified,
        subject=plain_line(subject),
        body=plain("\n".join([body.strip(), "", signature(sender), *([origin] if origin else [])])),
        facts=facts,
    )
    if leak := leaked(message, addressee.secrets):
        return skipped(addressee, leak)
    return message


def skipped(addressee: Addressee, reason: str) -> Skipped:
    """Return that somebody gets no message, and why."""
    return Skipped(lead_id=addressee.lead_id, contact_id=addressee.contact_id, reason=reason)


def signature(sender: Sender) -> str:
    """Return the end of every message: who wrote, from where, and how to get no more."""
    return f"{sender.name}\n{sender.company}, {sender.address}\n\n{sender.unsubscribe}"


def leaked(message: CampaignMessage, secrets: Iterable[str]) -> str | None:
    """Return that a message tells what we think of the person, or None."""
    text = f"{message.subject}\n{message.body}".lower()
    return "would tell what we think of them" if any(len(s) > 3 and s.lower() in text for s in secrets) else None


_OPENINGS: dict[Tone, str] = {
    "formal": "Good day {first_name} {last_name},",
    "friendly": "Hello {first_name},",
    "direct": "{first_name},",
}
_QUESTIONS: dict[Tone, str] = {
    "formal": "Would you be open to a short call about this in the coming days? I would fit it to your calendar.",
    "friendly": "Would a short call in the next days suit you? I am happy to fit it to your calendar.",
    "direct": "Is a short call worth your time? Say yes, and I will send you a few slots.",
}
_CONCERNS = {
    "CEO": "As you lead {company}, I will keep this short.",
    "COO": "You keep things running at {company}, so I will keep this short.",
    "CFO": "You look after the money at {company}, so I will keep this short.",
    "CTO": "You decide on technology at {company}, so I will keep this short.",
    "VP Finance": "You look after finance at {company}, so I will keep this short.",
    "VP Operations": "You look after operations at {company}, so I will keep this short.",
    OTHERS: "I am writing to you at {company} and will keep this short.",
}
_SUBJECTS: dict[Tone, str] = {
    "formal": "A question for {company}",
    "friendly": "A short question about {company}",
    "direct": "{company}: worth a call?",
}


def template(persona: str, tone: Tone, offer: str, *, problems: Sequence[str] = ()) -> Variant:
    """Return the message that stands where no model wrote one: the offer in its own words, and a question."""
    said = offer.strip().replace("{", "(").replace("}", ")")
    body = f"{_OPENINGS[tone]}\n\n{_CONCERNS[persona]}\n\n{said}\n\n{_QUESTIONS[tone]}"
    return Variant(persona=persona, tone=tone, subject=_SUBJECTS[tone], body=body, problems=list(problems))


def best_subject(subjects: Iterable[str], offer: str) -> str | None:
    """Return the first of the shortest subject lines with nothing wrong, or None."""
    good = [subject.strip() for subject in subjects if not problems_of_subject(subject.strip(), offer)]
    return min(good, key=len, default=None)


def variant_key(variant: Mapping[str, Any]) -> str:
    """Return what tells variants apart."""
    return f"{variant['persona']}/{variant.get('tone', '')}"


def merged(known: Sequence[Mapping[str, Any]], more: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Join texts of a campaign: one for each persona and tone, the last one stands, sorted by both."""
    joined = {variant_key(one): dict(one) for one in (*known, *more)}
    return [joined[key] for key in sorted(joined)]


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What a campaign works on; its people are read again when their messages are made."""

    campaign_id: UUID
    request: CampaignRequest
    personas: tuple[str, ...]
    statistics: tuple[str, ...]
