"""Market research: evidence, findings that stand on it, and when there is not enough.

Every finding quotes its source word for word, and every number in it stands in that source. What does not is not put
right but left out, with the reason; too little of it is said as `not_enough_evidence`, never padded.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field, field_validator

from core.forms import Form, Frozen, Report
from core.text.country_readings import shown_country
from core.text.folding import fold
from core.text.lexicons import alternatives
from core.text.regions import GROUPS, countries_of
from core.text.web_addresses import canonical

EvidenceKind = Literal["statistic", "page"]
Fault = Literal[
    "no_such_source", "not_quoted", "number_not_in_source", "carries_an_address", "gives_orders", "unusable"
]
"""Why a claim was left out. unusable: empty, too long, or the model's whole answer."""

MAX_CLAIM = 300
MIN_QUOTE = 12
BEST = 3
"""So many good findings make a report sure."""
_PAGE_TRUST = 0.7
"""A page says of itself what it likes, so no claim that stands on one is surer than this."""
_FEW = 10
"""A statistic over so many leads is half sure."""
_NUMBER = re.compile(r"\d+(?:[.,\u00a0 ']\d{3})*(?:[.,]\d+)?")
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++\.\w|https?://|www\.", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_ORDER = re.compile(
    rf"\b(?:{alternatives('orders.disobey')})\b.{{0,40}}\b(?:{alternatives('orders.rules', 'orders.instructions')})\b"
    r"|^\W*(?:system|assistant|user)\s*:|\bsystem prompt\b|\byou are now\b|\bnew (?:rules|instructions)\b"
    r"|\b(?:reveal|print|repeat)\b.{0,40}\b(?:prompt|score|instructions|password|key)\b"
    r"|\b(?:call|use|run) the (?:tool|function)\b|</?[a-z_]+>|<\|",
    re.IGNORECASE,
)


class MarketEvidence(Frozen):
    """A text that claims may stand on.

    Attributes:
        id: short, as claims name it.
        source: where it is from, for people: "our own leads", or the page's address.
        weight: leads counted; 0 for a page.
    """

    id: str
    kind: EvidenceKind
    source: str
    text: str
    weight: int = 0


class Claim(Frozen):
    """What an analysis says, before it is checked."""

    claim: str = Field(description="One sentence")
    source: str = Field(description="The id of the evidence it stands on")
    quote: str = Field(description="The words of that evidence that show it, copied letter by letter")
    confidence: float = Field(ge=0, le=1, description="How sure this is, 0 to 1")


class Finding(Frozen):
    """A claim that was checked against its source."""

    claim: str
    source: str
    evidence_id: str
    quote: str
    confidence: float


class RejectedClaim(Frozen):
    """A claim that was left out."""

    claim: str
    fault: Fault


class MarketPage(Frozen):
    """What came of reading a page: its text, or why there is none."""

    url: str
    text: str = ""
    why: str = ""


class Segment(Form):
    """Which of our leads; empty fields choose nothing."""

    industry: str | None = Field(default=None, max_length=100, description="Leads whose industry contains this")
    country: str | None = Field(
        default=None, max_length=100, description="Leads whose country is this: its code, its name, or a group as DACH"
    )
    tiers: list[str] = Field(default_factory=list, max_length=4, description="Only these tiers, e.g. hot, warm")
    limit: int = Field(default=10_000, ge=1, le=100_000, description="Leads at most")

    @field_validator("country")
    @classmethod
    def _named(cls, country: str | None) -> str | None:
        """Call a country by its name: a sentence that speaks of it does, and 'de' stands in any."""
        if not country:
            return None
        name = shown_country(country)
        if not countries_of(name):
            raise ValueError(f"{country!r} is no country we know and none of {', '.join(GROUPS)}")
        return name

    @property
    def name(self) -> str:
        """What people call it."""
        parts = [self.industry, self.country, "/".join(self.tiers)]
        return ", ".join(part for part in parts if part) or "all leads"

    @property
    def terms(self) -> tuple[str, ...]:
        """Words that say that a sentence is about it."""
        return tuple(part for part in (self.industry, self.country) if part)


_Url = Annotated[str, Field(min_length=4, max_length=500)]


class MarketRequest(Form):
    """What to research."""

    segment: Segment = Field(default_factory=Segment, description="Which of our leads the market is")
    pages: list[_Url] = Field(
        default_factory=list, max_length=20, description="Addresses of pages to read; no others are"
    )
    question: str = Field(default="What should our sales team know about this market?", max_length=500,
                          description="What the report is to answer")  # fmt: skip
    bar: float = Field(default=0.6, ge=0, le=1, description="Confidence at which the research ends, 0 to 1")
    rounds: int = Field(default=4, ge=1, le=20, description="Rounds of research, analysis and validation at most")
    pages_a_round: int = Field(default=3, ge=1, le=20, description="Pages read in a round")
    use_model: bool = Field(default=True, description="Ask the model for research where one is configured; else rules")
    stream: bool = Field(default=False, description="Publish tokens and states while it runs")
    thread_id: UUID | None = Field(default=None, description="Goes on with a thread; empty: begins a new one")

    @property
    def addresses(self) -> list[str]:
        """The pages, each once; what is no address of the web is left out here and told of by `refused`."""
        return list(dict.fromkeys(url for url in map(_address, self.pages) if url))

    @property
    def refused(self) -> list[str]:
        """Pages that are no addresses of the web."""
        return [url for url in self.pages if not _address(url)]


class MarketReport(Report):
    """What research found.

    Attributes:
        reason: why there is not enough evidence; None where there is.
        by: "model", or "rules" where none was asked.
        rounds: how often it went round.
        unreadable: pages that gave nothing, with the reason.
        rejected: how many claims were left out, by the reason.
    """

    thread_id: UUID | None = None
    segment: str
    question: str
    status: Literal["findings", "not_enough_evidence", "stopped"]
    reason: str | None = None
    confidence: float = 0.0
    findings: list[Finding] = Field(default_factory=list)
    by: Literal["model", "rules"] = "rules"
    rounds: int = 0
    leads: int = 0
    pages_read: int = 0
    unreadable: dict[str, str] = Field(default_factory=dict)
    rejected: dict[str, int] = Field(default_factory=dict)


def _address(text: str) -> str | None:
    return canonical(text if "://" in text else f"https://{text}")


def numbers_in(text: str) -> frozenset[str]:
    """Return the numbers of a text in one form: no thousands separators, a point for decimals, no leading zeros."""
    return frozenset(_plain_number(match) for match in _NUMBER.findall(text))


def _plain_number(text: str) -> str:
    compact = re.sub(r"[\u00a0 ']", "", text)
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", compact):
        compact = re.sub(r"[.,]", "", compact)
    elif "," in compact and "." in compact:
        thousands = "," if compact.rfind(".") > compact.rfind(",") else "."
        compact = compact.replace(thousands, "").replace(",", ".")
    compact = compact.replace(",", ".")
    whole, point, rest = compact.partition(".")
    rest = rest.rstrip("0")
    return f"{whole.lstrip('0') or '0'}{point if rest else ''}{rest}"


def carries_address(text: str) -> bool:
    """Return whether a text has an e-mail or web address in it."""
    return _ADDRESS.search(text) is not None


def check_claim(claim: Claim, evidence: Mapping[str, MarketEvidence]) -> Finding | RejectedClaim:
    """Hold a claim against its source.

    Args:
        claim: as it was made.
        evidence: all there is, by id.
    """
    text = " ".join(claim.claim.split())
    source = evidence.get(claim.source)
    fault = _fault(text, claim.quote, source)
    if fault is not None or source is None:
        return RejectedClaim(claim=text[:MAX_CLAIM], fault=fault or "no_such_source")
    confidence = round(min(claim.confidence, _trust(source)), 3)
    quote = " ".join(claim.quote.split())
    return Finding(claim=text, source=source.source, evidence_id=source.id, quote=quote, confidence=confidence)


def _fault(text: str, quote: str, source: MarketEvidence | None) -> Fault | None:
    if not text or len(text) > MAX_CLAIM:
        return "unusable"
    if source is None:
        return "no_such_source"
    if len(" ".join(quote.split())) < MIN_QUOTE or fold(quote) not in fold(source.text):
        return "not_quoted"
    if not numbers_in(text) <= numbers_in(source.text):
        return "number_not_in_source"
    if gives_orders(text):
        return "gives_orders"
    return "carries_an_address" if carries_address(text) else None


def gives_orders(text: str) -> bool:
    """Return whether a text speaks to a model rather than to a reader.

    A second line of defence: it knows the usual wordings only. What a model may do at all, and that claims are held
    against their sources, does not rest on it.
    """
    return _ORDER.search(text) is not None


def without_orders(text: str) -> str:
    """Return a text without the sentences that speak to a model."""
    lines = (" ".join(s for s in _SENTENCE.split(line) if not gives_orders(s)) for line in text.splitlines())
    return "\n".join(line for line in lines if line.strip())


def _trust(source: MarketEvidence) -> float:
    return _PAGE_TRUST if source.kind == "page" else source.weight / (source.weight + _FEW)


def merged(known: Sequence[Mapping[str, Any]], more: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Join findings: each claim once, with its best confidence, in the order of their first mention.

    Adding nothing, or the same again, changes nothing; a state that is joined with itself is itself.
    """
    joined: dict[str, dict[str, Any]] = {}
    for finding in (*known, *more):
        key = fold(str(finding["claim"]))
        if key not in joined or finding["confidence"] > joined[key]["confidence"]:
            joined[key] = dict(finding)
    return list(joined.values())


def joined_by_id(known: Sequence[Mapping[str, Any]], more: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Join values that have an id: each once, the first one stands."""
    joined: dict[str, dict[str, Any]] = {}
    for value in (*known, *more):
        joined.setdefault(str(value["id"]), dict(value))
    return list(joined.values())


def confidence_of(findings: Iterable[Mapping[str, Any]]) -> float:
    """Return how sure all findings together are: the mean of the best three, where fewer count as none."""
    best = sorted((float(finding["confidence"]) for finding in findings), reverse=True)[:BEST]
    return round(sum(best) / BEST, 3)


def claims_by_rules(evidence: Iterable[MarketEvidence], terms: Sequence[str], *, a_page: int = 3) -> list[Claim]:
    """Make claims without a model: statistics as they stand, and a page's own sentences about the segment.

    Args:
        evidence: what is new.
        terms: words that say that a sentence is about the segment.
        a_page: sentences of one page at most.
    """
    claims: list[Claim] = []
    for one in evidence:
        if one.kind == "statistic":
            claims.append(Claim(claim=one.text, source=one.id, quote=one.text, confidence=1.0))
            continue
        host = urlsplit(one.source).hostname or one.source
        telling = [sentence for sentence in sentences(one.text) if _is_about(sentence, terms)]
        claims += [
            Claim(claim=f"{host} says: “{sentence}”", source=one.id, quote=sentence, confidence=0.5)
            for sentence in telling[:a_page]
        ]
    return claims


def sentences(text: str) -> list[str]:
    """Cut a text into its sentences that are long enough to say something and short enough to quote."""
    cut = (" ".join(piece.split()) for piece in _SENTENCE.split(text))
    return [piece for piece in cut if 40 <= len(piece) <= 240]


def _is_about(sentence: str, terms: Sequence[str]) -> bool:
    folded = fold(sentence)
    return any(fold(term) in folded for term in terms) and not carries_address(sentence)


def shortfall(confidence: float, bar: float, *, findings: int, unread: int) -> str | None:
    """Return why findings are not enough, or None where they are."""
    if findings and confidence >= bar:
        return None
    left = "there was nothing left to read" if not unread else "the rounds were used up"
    if not findings:
        return f"no claim could be shown from the evidence, and {left}"
    return f"{findings} findings come to a confidence of {confidence:g}, the bar is {bar:g}, and {left}"


@dataclass(frozen=True, slots=True)
class MarketPlan:
    """What a run of research works on."""

    thread_id: UUID
    request: MarketRequest
    statistics: tuple[MarketEvidence, ...]
    leads: int
