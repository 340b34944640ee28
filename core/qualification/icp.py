"""The ideal customer profile (ICP): what `icp.yaml` may say.

A profile is a list of weighted criteria, each over a field of a lead or a column of the imported file, disqualifiers,
and tier thresholds. A criterion says by exactly one key what it looks for: `one_of`, `bands`, `keywords`, `regex`,
`flag`, `number`, `regions`, `titles` or `present`. `core.qualification.criteria` assesses values by it,
`core.qualification.scoring` adds the points up.
"""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import re2
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from core.config_files import read_config
from core.imports.column_words import speaks_of
from core.text.regions import GROUPS, countries_of

RULES_VERSION = 1
"""Goes into every profile's version: raised when the same profile begins to give other scores."""
COUNTRY_RULES_VERSION = 2
"""The same of profiles that list countries: they alone give other scores since countries are compared as such."""
MAX_WEIGHT, WEIGHT_PLACES, MAX_CRITERIA = 1_000, 4, 100

RatedRole = Literal["CEO", "COO", "CFO", "CTO", "VP Finance", "VP Operations", "Owner"]

Points = Annotated[
    Decimal, Field(ge=0, le=100, max_digits=9, decimal_places=6, description="0-100: how good this is, in points")
]
Text = Annotated[str, Field(min_length=1, max_length=300)]
Amount = Annotated[Decimal, Field(ge=-(10**15), le=10**15)]
_FULL = Decimal(100)
_NONE = Decimal(0)


class Part(BaseModel):
    """A part of a profile: cannot be changed, and refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ListedValue(Part):
    """A value with its other spellings."""

    value: Text
    synonyms: tuple[Text, ...] = Field(default=(), max_length=1000, description="Other words for the same")
    points: Points = _FULL

    @property
    def words(self) -> tuple[str, ...]:
        """The value and its synonyms."""
        return (self.value, *self.synonyms)


def _short_for(key: str) -> Callable[[Any], Any]:
    """Let a part be written as a plain text: what stands under `key`."""
    return lambda given: {key: given} if isinstance(given, str) else given


AnyChoice = Annotated[ListedValue, BeforeValidator(_short_for("value"), json_schema_input_type=ListedValue | Text)]
Choices = Annotated[tuple[AnyChoice, ...], Field(min_length=1, max_length=2000)]


class OneOf(Part):
    """Membership: the value is one of these, compared without case, accents and punctuation."""

    values: Choices
    match: Literal["whole", "words"] = Field(
        default="whole", description="whole: the whole value. words: the value holds these words in this order"
    )
    separator: str | None = Field(
        default=None, min_length=1, max_length=5, description="Splits a cell that lists several values, as ';'"
    )
    otherwise: Points = Field(default=_NONE, description="Points of a known value that is none of these")


class Band(Part):
    """A range of numbers, both ends included; an end that is not given is open."""

    from_: Amount | None = Field(default=None, alias="from")
    to: Amount | None = None
    points: Points = _FULL

    @model_validator(mode="after")
    def _is_no_empty_range(self) -> Self:
        if self.from_ is not None and self.to is not None and self.from_ > self.to:
            raise ValueError(f"'from' {self.from_} is above 'to' {self.to}")
        return self


class Bands(Part):
    """Numbers and ranges ('51-200', '$8.2B', '1,000+') by the first band that holds them."""

    bands: tuple[Band, ...] = Field(min_length=1, max_length=100)
    take: Literal["low", "middle", "high"] = Field(
        default="middle", description="What stands for a range of numbers; an open one ('1000+') counts as its start"
    )
    otherwise: Points = Field(default=_NONE, description="Points of a number in no band")


class Keywords(Part):
    """Words in a text. 'install*' stands for every word that begins so."""

    any_of: Choices
    none_of: tuple[Text, ...] = Field(default=(), max_length=2000, description="Where one of these stands: no points")
    combine: Literal["best", "sum"] = Field(
        default="best", description="Points of several that stand there: the best one's, or their sum, at most 100"
    )
    otherwise: Points = Field(default=_NONE, description="Points of a text without any")


class Pattern(Part):
    """A regular expression, in RE2's syntax: no look-around, no back-references, and therefore never slow."""

    pattern: Text
    points: Points = _FULL

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        compile_pattern(pattern)
        return pattern


class Regex(Part):
    """Regular expressions searched for in a text; the best that is found counts."""

    patterns: tuple[
        Annotated[Pattern, BeforeValidator(_short_for("pattern"), json_schema_input_type=Pattern | Text)], ...
    ] = Field(min_length=1, max_length=100)
    is_case_sensitive: bool = False
    otherwise: Points = Field(default=_NONE, description="Points of a text in which none is found")


class Flag(Part):
    """Yes or no, in the words of many languages, true or false, 1 or 0."""

    if_true: Points = _FULL
    if_false: Points = _NONE


class Scale(Part):
    """The number that is worth no points, and the one that is worth 100; what lies outside counts as the nearer."""

    from_: Amount = Field(alias="from")
    to: Amount

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.from_ == self.to:
            raise ValueError("'from' and 'to' are the same number")
        return self


class Region(Part):
    """A place: all that is given must fit."""

    country: Text | None = Field(default=None, description=f"A country, or one of {', '.join(GROUPS)}")
    states: tuple[Text, ...] = ()
    cities: tuple[Text, ...] = ()
    postal_prefixes: tuple[Text, ...] = ()
    points: Points = _FULL

    @field_validator("country")
    @classmethod
    def _is_known(cls, country: str | None) -> str | None:
        if country is not None and not countries_of(country):
            raise ValueError(f"{country!r} is no country and none of {', '.join(GROUPS)}")
        return country

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.country or self.states or self.cities or self.postal_prefixes):
            raise ValueError("names no country, state, city or postal prefix")
        return self


class Regions(Part):
    """Where the company is, by the lead's country, state, city and postal code; the best region that fits counts."""

    values: tuple[
        Annotated[Region, BeforeValidator(_short_for("country"), json_schema_input_type=Region | Text)], ...
    ] = Field(min_length=1, max_length=1000)
    otherwise: Points = Field(default=_NONE, description="Points of a place in none of them")


class Titles(Part):
    """The contact's role among those who decide, read from the title; else keywords in the title."""

    roles: dict[RatedRole, Points] = {}
    keywords: tuple[AnyChoice, ...] = ()
    otherwise: Points = Field(default=_NONE, description="Points of another title")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.roles or self.keywords):
            raise ValueError("names no role and no keyword")
        return self


class Present(Part):
    """Whether there is a value at all; never unknown."""

    if_present: Points = _FULL
    if_absent: Points = _NONE


KINDS = ("one_of", "bands", "keywords", "regex", "flag", "number", "regions", "titles", "present")
_PLACE = ("country", "state", "city", "postal_code")


class Condition(Part):
    """What is looked at, and what is looked for."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [kind]} for kind in KINDS]})

    name: Text | None = Field(default=None, description="How the breakdown calls it; default: the field")
    field: Text | None = Field(default=None, description="A field of a lead, or a column of the imported file")
    fields: tuple[Text, ...] = Field(default=(), max_length=20, description="Several, for `keywords` and `regex`")
    one_of: OneOf | None = None
    bands: Bands | None = None
    keywords: Keywords | None = None
    regex: Regex | None = None
    flag: Flag | None = None
    number: Literal["as_is"] | Scale | None = Field(
        default=None, description="as_is: the number is the points. {from, to}: a scale that is mapped to 0-100"
    )
    regions: Regions | None = None
    titles: Titles | None = None
    present: Present | None = None

    @cached_property
    def kind(self) -> str:
        """Which key says what is looked for."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The fields and columns it looks at."""
        if self.kind == "regions":
            return _PLACE
        if self.fields:
            return self.fields
        return (self.field or "contact_title",)

    @cached_property
    def is_about_country(self) -> bool:
        """Whether its words are countries: it looks at the lead's country, or at a column whose name says so."""
        names = self.fields or (self.field or "",)
        return any(speaks_of(name, "country") for name in names)

    @cached_property
    def label(self) -> str:
        """What the breakdown calls it."""
        return self.name or (self.kind if self.kind == "regions" else "+".join(self.columns))

    @model_validator(mode="after")
    def _has_one_kind_and_a_field(self) -> Self:
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            said = f"has {' and '.join(kinds)}" if kinds else "does not say what it looks for"
            raise ValueError(f"{said}: exactly one of {', '.join(KINDS)} is needed")
        if kinds[0] == "regions":
            if self.field or self.fields:
                raise ValueError(f"'regions' looks at {', '.join(_PLACE)} and takes no field")
        elif self.fields and (self.field or kinds[0] not in {"keywords", "regex"}):
            raise ValueError("'fields' is for `keywords` and `regex`, and instead of 'field'")
        elif not (self.field or self.fields) and kinds[0] != "titles":
            raise ValueError("needs a 'field'")
        return self


Unknown = Literal["skip"] | Points


class Criterion(Condition):
    """A condition with its weight. Weights count relative to their sum."""

    weight: Decimal = Field(gt=0, le=MAX_WEIGHT, decimal_places=WEIGHT_PLACES)
    unknown: Unknown | None = Field(default=None, description="As the profile's `unknown`, for this criterion")


class Tiers(Part):
    """From which score on a lead is hot, warm, cold; what is below `cold` is disqualified."""

    hot: Points = Decimal(80)
    warm: Points = Decimal(60)
    cold: Points = Decimal(40)

    @model_validator(mode="after")
    def _descend(self) -> Self:
        if not self.hot > self.warm > self.cold:
            raise ValueError("'hot' must be above 'warm', and 'warm' above 'cold'")
        return self


class ModelUse(Part):
    """How far a language model, where one is configured, may assess beside the rules."""

    margin: Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)] = Field(
        default=Decimal(15), description="Points by which its score may differ from the rules' score"
    )
    guidance: str | None = Field(
        default=None, max_length=4000, description="What a colleague who assesses leads would be told, in plain words"
    )


class Profile(Part):
    """An ideal customer profile."""

    name: Text = "ideal customer"
    description: str | None = Field(default=None, max_length=2000)
    tiers: Tiers = Tiers()
    unknown: Unknown = Field(
        default=Decimal(50),
        description="What a criterion counts whose value is not known: points, or skip to leave it out. "
        "Either way it lowers the confidence",
    )
    model: ModelUse = ModelUse()
    criteria: tuple[Criterion, ...] = Field(min_length=1, max_length=MAX_CRITERIA)
    disqualifiers: tuple[Condition, ...] = Field(
        default=(),
        max_length=MAX_CRITERIA,
        description="Whoever is known to earn more than 0 points here is disqualified",
    )

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        seen: set[str] = set()
        for part in (*self.criteria, *self.disqualifiers):
            if part.label in seen:
                raise ValueError(f"two criteria are called {part.label!r}: give one of them another 'name'")
            seen.add(part.label)
        return self

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """All fields and columns that the profile looks at, each once."""
        parts: Sequence[Condition] = (*self.criteria, *self.disqualifiers)
        return tuple(dict.fromkeys(column for part in parts for column in part.columns))

    @property
    def version(self) -> str:
        """The profile's version: a hash of what it says. Comments, order of keys and layout do not count."""
        said = self.model_dump(mode="json", exclude={"description"}, exclude_defaults=True)
        parts: Sequence[Condition] = (*self.criteria, *self.disqualifiers)
        lists_countries = any(part.is_about_country and (part.one_of or part.keywords) for part in parts)
        rules = COUNTRY_RULES_VERSION if lists_countries else RULES_VERSION
        return sha256(json.dumps([rules, said], sort_keys=True).encode()).hexdigest()[:16]

    def unknown_points(self, criterion: Criterion) -> Decimal | None:
        """Return what a criterion counts where its value is not known; None: it is left out."""
        unknown = self.unknown if criterion.unknown is None else criterion.unknown
        return None if unknown == "skip" else Decimal(unknown)


def compile_pattern(pattern: str, *, is_case_sensitive: bool = False) -> Any:
    """Compile a pattern with RE2, which is linear in the text's length whatever the pattern.

    Raises:
        ValueError: RE2 refuses it.
    """
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = is_case_sensitive
    options.max_mem = 4 * 1024 * 1024
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"is no pattern RE2 takes (no look-around, no back-references): {said}") from error


def read_profile(path: Path) -> Profile:
    """Read a profile from a YAML file.

    Raises:
        InvalidConfig: it cannot be read, or is no profile; names every line and key.
    """
    return read_config(path, Profile)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `icp.yaml`, for editors."""
    schema = Profile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "icp.yaml"} | schema
