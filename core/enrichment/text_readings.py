"""What a model says it read in a text, checked against that text: a value counts only where it stands there."""

import re
import secrets
import unicodedata
from collections.abc import Collection, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.enrichment.offers import SourceOffer, asked_of_site
from core.enrichment.questions import Found
from core.leads.fields import BY_NAME, FieldType, clean
from core.ledger.spend import Cost

_READ = (
    *("company_name", "company_description", "industry", "company_size", "street", "city", "state", "country"),
    *("postal_code", "company_phone", "company_email"),
)
"""The facts that a text may state and a quote can prove."""
if TYPE_CHECKING:
    ReadField = str
else:  # the schema that a model answers by lists them; a checker of types cannot read them there
    ReadField = Literal[_READ]
MEANINGS: dict[str, str] = {name: BY_NAME[name].meaning for name in _READ}
MAX_QUOTE, MAX_READINGS = 1_000, 20
_CONFIDENCE = 0.6
_SOCIAL = ("facebook_url", "instagram_url", "x_url", "youtube_url")
"""May stand in a configuration since ever, and are never found: a text has no links."""
AGENT = SourceOffer(
    name="agent",
    gives=frozenset({*MEANINGS, *_SOCIAL}),
    asked=partial(asked_of_site, "agent"),
    trust=60,
    confidence=_CONFIDENCE,
    asked_with="the text of the company's site",
    price=Cost(usd=Decimal("0.002")),  # our own bound: the real cost is computed from the model's prices
)
"""A model that reads the company's website; whoever provides the model is paid."""
_CODE_CHARS = 8


class FieldReading(BaseModel):
    """One fact that stands in the text."""

    model_config = ConfigDict(extra="forbid")

    field: ReadField = Field(description="Which fact")
    value: str = Field(description="The value, copied out of the text")
    quote: str = Field(description="The place it stands in, copied out of the text")


class TextReadings(BaseModel):
    """The facts that stand in the text."""

    model_config = ConfigDict(extra="forbid")

    readings: list[FieldReading] = Field(default=[], description="One entry a fact; empty where the text states none")


def checked_readings(
    drafts: Sequence[FieldReading], pages: Sequence[tuple[str, str]], wanted: Collection[str]
) -> tuple[list[Found], list[str]]:
    """Return the values that stand in the text, and why the others do not count.

    Args:
        drafts: as the model gave them.
        pages: address and text of what it was given.
        wanted: the fields it was to fill.

    Returns:
        At most one value a field, normalised, with the address it stands at; and one reason a refused reading, which
        names its field and never what the model said.
    """
    texts = [(url, _plain(text)) for url, text in pages]
    found: dict[str, Found] = {}
    refused = []
    for draft in drafts[:MAX_READINGS]:
        value, quote = _plain(draft.value), _plain(draft.quote)
        is_short = 0 < len(quote) <= MAX_QUOTE
        url = next((url for url, text in texts if is_short and _stands_in(quote, text)), None)
        if draft.field not in wanted:
            refused.append(f"{draft.field} was not asked for")
        elif url is None:
            refused.append(f"the quote for {draft.field} is not in the text")
        elif not value or not _stands_in(value, quote):
            refused.append(f"the value of {draft.field} is not in its quote")
        else:
            cleaned = _cleaned(draft.field, " ".join(draft.value.split()))
            if cleaned:
                found.setdefault(draft.field, Found(draft.field, cleaned, url, _CONFIDENCE))
    return list(found.values()), refused


def fence(text: str) -> str:
    """Return a code that does not stand in `text`, to put around it."""
    while (code := secrets.token_hex(_CODE_CHARS)) in text:
        continue
    return code


@lru_cache(maxsize=64)
def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _stands_in(part: str, whole: str) -> bool:
    """Return whether `part` stands in `whole` as whole words: no 5 is read out of 50."""
    pattern = rf"(?<!\w){re.escape(part)}(?!\w)"
    return re.search(pattern, whole) is not None


def _cleaned(field: str, value: str) -> str | None:
    """Clean a value; of a number there must be digits: else a model said what it liked."""
    kind = BY_NAME[field].type
    cleaned = clean(field, value)
    if cleaned is None:
        return None
    return None if kind is FieldType.NUMBER and not any(char.isdigit() for char in cleaned) else cleaned
