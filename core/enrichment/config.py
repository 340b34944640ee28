"""What `enrichment.yaml` may say: which providers are asked for which field, in which order, when, at which price.

    fields:
      company_phone: [website, apollo_company]
      company_size:
        - {ask: apollo_company, tiers: [hot, warm], max_credits: 1}

The first provider of a field that knows it wins. A provider is asked once a company and once a person, for all fields
it can fill. Which providers there are, what each can know and at which price is told by their offers, with which a file
is read.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from core.config_files import parse_config, read_config
from core.enrichment.offers import Offers, usual_trust
from core.enrichment.questions import Trust
from core.forms import Frozen
from core.leads.fields import ENRICHABLE
from core.ledger.spend import Cost
from core.tiers import Tier

FILE_NAME = "enrichment.yaml"
RULES_VERSION = 1
"""Goes into every version: raised when the same file begins to mean something else."""

_LISTED = "names of"
"""Marks, in a schema, names whose list stands there once it is known."""


def _offers(info: ValidationInfo) -> Offers:
    if info.context is None:
        raise TypeError("a configuration is read with the offers of the sources: read_config(..., context=offers)")
    offers: Offers = info.context
    return offers


def _among(name: str, known: Iterable[str], kind: str) -> str:
    if name not in (names := list(known)):
        raise ValueError(f"there is no {kind} {name!r}; known are {', '.join(names)}")
    return name


def _known_field(name: str) -> str:
    return _among(name, ENRICHABLE, "field")


def _known_source(name: str, info: ValidationInfo) -> str:
    return _among(name, _offers(info), "provider")


def _known_owner(name: str, info: ValidationInfo) -> str:
    return _among(name, ("person", "import", *_offers(info)), "source")


def _known_account(name: str, info: ValidationInfo) -> str:
    return _among(name, _accounts(_offers(info)), "account with credits")


def _accounts(offers: Offers) -> list[str]:
    return list(dict.fromkeys(offer.account for offer in offers.values() if offer.account is not None))


def _names(kind: str) -> Any:
    return Field(json_schema_extra={_LISTED: kind})


FieldName = Annotated[str, AfterValidator(_known_field), _names("fields")]
SourceName = Annotated[str, AfterValidator(_known_source), _names("sources")]
OwnerName = Annotated[str, AfterValidator(_known_owner), _names("owners")]
AccountName = Annotated[str, AfterValidator(_known_account), _names("accounts")]
When = Literal["empty", "along", "stale", "always"]
Quantity = Annotated[Decimal, Field(ge=0, le=1000, max_digits=13, decimal_places=10)]


class Step(Frozen):
    """One provider to ask for a field, and on which condition."""

    ask: SourceName
    when: When = Field(
        default="empty",
        description="empty: while nothing is known. along: then too, but only from an answer that is there anyway. "
        "stale: also when the value is older than `stale_after_days`. always: whatever is known. "
        "A person's edit is never replaced",
    )
    tiers: tuple[Tier, ...] = Field(
        default=(), max_length=4, description="Only leads that qualification put into one of these tiers; empty: any"
    )
    max_credits: Quantity | None = Field(default=None, description="Not asked where a question may cost more credits")
    max_usd: Quantity | None = Field(default=None, description="Not asked where a question may cost more US dollars")

    def affords(self, price: Cost) -> bool:
        """Return whether a question at `price` is within the step's cap."""
        return (self.max_credits is None or price.credits <= self.max_credits) and (
            self.max_usd is None or price.usd <= self.max_usd
        )


def _step(given: Any) -> Any:
    return {"ask": given} if isinstance(given, str) else given


AnyStep = Annotated[Step, BeforeValidator(_step, json_schema_input_type=Step | SourceName)]
Steps = Annotated[tuple[AnyStep, ...], Field(min_length=1)]


class FieldSteps(Frozen):
    """A field with its steps: what stands under the field's name."""

    field: FieldName
    steps: Steps

    @model_validator(mode="after")
    def _can_be_had(self, info: ValidationInfo) -> Self:
        offers = _offers(info)
        for step in self.steps:
            if self.field not in offers[step.ask].gives:
                knows = ", ".join(name for name, offer in offers.items() if self.field in offer.gives) or "nobody"
                raise ValueError(f"{step.ask} does not know {self.field}; {knows} may")
        asked = [step.ask for step in self.steps]
        if len(set(asked)) < len(asked):
            raise ValueError("names a provider twice")
        return self


def _with_names(given: Any) -> Any:
    """Pass each field's steps its name, which decides who may be asked."""
    if not isinstance(given, dict):
        return given
    return {
        name: steps if isinstance(steps, FieldSteps) else {"field": name, "steps": steps}
        for name, steps in given.items()
    }


Fields = Annotated[dict[str, FieldSteps], BeforeValidator(_with_names, json_schema_input_type=dict[FieldName, Steps])]


class EnrichmentConfig(Frozen):
    """Which providers fill which fields."""

    name: str = Field(default="enrichment", min_length=1, max_length=300)
    providers: tuple[SourceName, ...] = Field(
        default=(),
        min_length=1,
        description="Who is asked first where several could be: the cheap before the dear. Who is not named is off",
    )
    trust: tuple[OwnerName, ...] = Field(
        default=(),
        description="Whose value counts where two differ, most trusted first. A person's edit always does",
    )
    trust_lasts_days: int = Field(
        default=180,
        ge=0,
        le=36_500,
        description="A value older than this gives way to a newer one of a less trusted source",
    )
    stale_after_days: int = Field(default=90, ge=1, le=36_500, description="What `when: stale` calls old")
    fresh_for_hours: Quantity = Field(default=Decimal(24), description="An answer younger than this is used again")
    retry_after_hours: Quantity = Field(
        default=Decimal(1), description="After an error that cost nothing, the question may be asked again then"
    )
    hold_open_hours: Quantity = Field(
        default=Decimal(1),
        description="A paid question whose answer was lost is not bought again before this has passed",
    )
    contacts: Annotated[int, Field(ge=0, le=1_000)] | Literal["all"] = Field(
        default=1,
        description="How many people of a lead are asked about, the best first. What is paid for people grows with it. "
        "Never asked about: former ones and those who are not written to",
    )
    credit_usd: Mapping[AccountName, Quantity] = Field(
        default={}, description="What a credit costs you in US dollars, for plans and reports"
    )
    fields: Fields = Field(min_length=1, description="Field to the providers asked for it, in order")
    _offers: Offers = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _as_usual(cls, given: Any, info: ValidationInfo) -> Any:
        """Fill in what a file leaves out and the offers decide."""
        return usual(_offers(info)) | given if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _is_decided(self) -> Self:
        for key in ("providers", "trust"):
            named = getattr(self, key)
            if len(set(named)) < len(named):
                raise ValueError(f"{key} names somebody twice")
        return self

    def model_post_init(self, context: Any, /) -> None:
        """Keep the offers that the file was read with."""
        self._offers = context

    @property
    def offers(self) -> Offers:
        """The sources there are, whether the file names them or not."""
        return self._offers

    @cached_property
    def version(self) -> str:
        """A hash of what the file says. Comments and layout do not count."""
        said = self.model_dump(mode="json", exclude={"name", "credit_usd"})
        if self.contacts == 1:
            del said["contacts"]  # what every file meant before it could say so
        return sha256(json.dumps([RULES_VERSION, said], sort_keys=True).encode()).hexdigest()[:16]

    @cached_property
    def whom(self) -> Trust:
        """Whose value counts."""
        return Trust(self.trust, timedelta(days=self.trust_lasts_days))

    @property
    def most_contacts(self) -> int | None:
        """How many contacts of a lead are asked about; None: all."""
        return None if self.contacts == "all" else self.contacts

    @property
    def stale_after(self) -> timedelta:
        """What `when: stale` calls old."""
        return timedelta(days=self.stale_after_days)

    @property
    def fresh_for_s(self) -> float:
        """Seconds an answer is used again."""
        return float(self.fresh_for_hours) * 3600

    @property
    def retry_after_s(self) -> float:
        """Seconds until a question that failed for free is asked again."""
        return float(self.retry_after_hours) * 3600

    @property
    def hold_open_s(self) -> float:
        """Seconds a paid question without an answer is left alone."""
        return float(self.hold_open_hours) * 3600

    def steps(self, name: str) -> tuple[Step, ...]:
        """Return the steps of a field that are on and within their price cap."""
        steps = self.fields[name].steps if name in self.fields else ()
        return tuple(step for step in steps if step.ask in self.providers and step.affords(self.offers[step.ask].price))


def example_text() -> str:
    """Return the configuration that ships, as it stands."""
    return files("core.enrichment").joinpath("enrichment_example.yaml").read_text(encoding="utf-8")


def usual(offers: Offers) -> dict[str, Any]:
    """Return the keys that the offers decide where a file leaves them out."""
    return {"providers": list(offers), "trust": list(usual_trust(offers))}


def current_config(asked_for: Path | None, chosen: Path | None, home: Path, offers: Offers) -> EnrichmentConfig:
    """Return the configuration to enrich by.

    Args:
        asked_for: a file; None: the one of the settings, else `enrichment.yaml` in the data directory, else the
            one that ships.
        chosen: the one of the settings.
        home: the data directory.
        offers: of the sources there are.

    Raises:
        InvalidConfig: it cannot be read, or says something that cannot be meant; names every line and key.
    """
    path = asked_for or chosen
    if path is None and (home / FILE_NAME).exists():
        path = home / FILE_NAME
    if path is None:
        return parse_config(example_text(), EnrichmentConfig, path="the configuration that ships", context=offers)
    return read_config(path, EnrichmentConfig, context=offers)


def json_schema(offers: Offers) -> dict[str, Any]:
    """Return the JSON Schema of `enrichment.yaml`, for editors, with the names that can be written today."""
    names = {
        "fields": list(ENRICHABLE),
        "sources": list(offers),
        "owners": ["person", "import", *offers],
        "accounts": _accounts(offers),
    }
    schema: dict[str, Any] = _listing(EnrichmentConfig.model_json_schema(by_alias=True), names)
    for key, value in usual(offers).items():
        schema["properties"][key]["default"] = value
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": FILE_NAME} | schema


def _listing(schema: Any, names: Mapping[str, list[str]]) -> Any:
    """Put the lists of names into a schema where it is marked."""
    if isinstance(schema, list):
        return [_listing(part, names) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: _listing(part, names) for key, part in schema.items() if key != _LISTED}
    return {"enum": names[schema[_LISTED]]} | parts if _LISTED in schema else parts
