"""What a language model is shown of a lead, and what of its answer is believed.

The lead's texts come from strangers. They are shown as data; and whatever they make a model say, three things hold. Its
score counts only within a margin around the rules' score. Nothing that it words itself is kept: the reasoning is put
together here, of quotes and whether each speaks for the lead. And a quote stands in the facts, is short, and orders
nobody.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core.errors import MalformedAnswer
from core.leads.fields import COLUMNS, FieldType
from core.qualification.criteria import reader_of
from core.text.lexicons import alternatives

MAX_QUOTE_CHARS, MAX_QUOTE_WORDS = 80, 8
_MAX_VALUE_CHARS, _MAX_ALL_CHARS, _MIN_SHARE_CHARS = 1_000, 8_000, 80
_NEEDED = frozenset({"contact_title", "notes"})
"""What is about a person and is shown all the same: an assessment rests on it."""
_PERSONAL = frozenset(
    field.name
    for field in COLUMNS
    if (field.is_personal and field.name not in _NEEDED) or field.type is FieldType.PHONE
)
"""Fields of which a model learns only that they are filled."""
_FILLED = "(on file)"
_ORDERS = re.compile(
    rf"""
    ://|www\.|[@<>{{}}\[\]`|\\]                                            # addresses, mark-up
    |\b(?:{alternatives("orders.disobey", "orders.instructions")})\b
    |\b(?:scor(?:e|es|ed|ing)|confidence|json)\b                         # talks of the answer
    |\b(?:{alternatives("orders.to_the_reader")})\b       # talks to the reader
    |\b(?:system|assistant|developer|user|human)\s*(?:prompt|message|note)?\s*:
    """,
    re.IGNORECASE | re.VERBOSE,
)


class Evidence(BaseModel):
    """A quote out of the facts, and what it speaks for."""

    model_config = ConfigDict(frozen=True)

    quote: Annotated[str, Field(description="Copied letter by letter out of the value of a fact")]
    speaks: Literal["for", "against"]


class AssessmentDraft(BaseModel):
    """What a model answers; believed only after `checked`."""

    model_config = ConfigDict(frozen=True)

    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1, max_length=6)]
    confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    score: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class CheckedAssessment:
    """A model's assessment that passed the check.

    Attributes:
        score: 0-100, as the model said it.
        confidence: 0-1.
        reasoning: its quotes with their fields, in our words.
    """

    score: Decimal
    confidence: Decimal
    reasoning: str


@dataclass(frozen=True, slots=True)
class AssessmentQuestion:
    """A lead as a model is shown it.

    Attributes:
        facts: name to value on one line; what is not known is absent.
        fence: stands around the facts; nobody who wrote them can know it.
        rules_score: 0-100.
        points: of the rules' breakdown, `core.qualification.scoring.Point.to_json`.
    """

    facts: Mapping[str, str]
    fence: str
    rules_score: Decimal
    points: Sequence[Mapping[str, Any]]

    def facts_text(self) -> str:
        """Return the facts as JSON in which no mark-up can begin."""
        text = json.dumps(dict(self.facts), ensure_ascii=False, indent=1)
        return text.replace("<", "\\u003c").replace(">", "\\u003e")

    def points_text(self) -> str:
        """Return a line for each criterion: what it gave, and why. None of it is a lead's text."""
        return "\n".join(
            f"- {point['criterion']}: "
            + ("not known" if not point["known"] or point["points"] is None else f"{point['points']:g}, {point['why']}")
            for point in self.points
        )


def question_of(
    lead_id: UUID,
    facts_hash: str,
    names: Sequence[str],
    values: Sequence[str | None],
    rules_score: Decimal,
    breakdown: bytes,
) -> AssessmentQuestion:
    """Put a lead before a model.

    Args:
        lead_id: random, and known to nobody who writes a lead's texts: the fence is made of it.
        facts_hash: of the values.
        names: what the profile calls them.
        values: in the same order.
        rules_score: 0-100.
        breakdown: JSON array of `core.qualification.scoring.Point`.
    """
    fence = sha256(f"{lead_id}/{facts_hash}".encode()).hexdigest()[:16]
    return AssessmentQuestion(_shown(names, values), fence, rules_score, json.loads(breakdown))


def _shown(names: Sequence[str], values: Sequence[str | None]) -> dict[str, str]:
    """Return the known values, each on one line, cut where they are long; of personal ones only that they are there."""
    left = _MAX_ALL_CHARS
    shown = {}
    for name, raw in zip(names, values, strict=True):
        value = reader_of(name)(raw)
        if value is None:
            continue
        text = (
            _FILLED
            if name in _PERSONAL
            else on_one_line(value[: 4 * _MAX_VALUE_CHARS])[: min(_MAX_VALUE_CHARS, max(left, _MIN_SHARE_CHARS))]
        )
        left -= len(text)
        if text:
            shown[name] = text
    return shown


def on_one_line(text: str) -> str:
    """Return a text without control, invisible and direction characters, each white space one blank."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def checked(draft: AssessmentDraft, facts: Mapping[str, str]) -> CheckedAssessment:
    """Believe of a model's answer what can be checked.

    Args:
        draft: what it said.
        facts: what it was shown: `AssessmentQuestion.facts`.

    Raises:
        MalformedAnswer: a quote is not in the facts, too long, or gives orders. Quotes nothing itself.
    """
    found = [
        (evidence.speaks, *_found(number, evidence.quote, facts)) for number, evidence in enumerate(draft.evidence, 1)
    ]
    said = []
    for speaks, opening in (("for", "For"), ("against", "Against")):
        quotes = dict.fromkeys(f"{field} “{quote}”" for way, field, quote in found if way == speaks)
        if quotes:
            said.append(f"{opening}: {'; '.join(quotes)}.")
    return CheckedAssessment(_decimal(draft.score), _decimal(draft.confidence), " ".join(said))


def _found(number: int, given: str, facts: Mapping[str, str]) -> tuple[str, str]:
    """Find the fact that a quote is from: (field, quote)."""
    quote = on_one_line(given)
    if not any(character.isalnum() for character in quote):
        raise MalformedAnswer(f"quote {number} is empty")
    if len(quote) > MAX_QUOTE_CHARS or len(quote.split()) > MAX_QUOTE_WORDS:
        raise MalformedAnswer(f"quote {number} has more than {MAX_QUOTE_WORDS} words or {MAX_QUOTE_CHARS} characters")
    whole = re.compile(rf"(?<!\w){re.escape(quote)}(?!\w)")
    field = next((name for name, value in facts.items() if whole.search(value)), None)
    if field is None:
        raise MalformedAnswer(f"quote {number} is not in the facts")
    if _ORDERS.search(quote) and not (" " not in quote and facts[field] == quote):
        raise MalformedAnswer(f"quote {number} is no fact about a company")
    return field, quote


def _decimal(number: float) -> Decimal:
    return Decimal(str(round(number, 2)))
