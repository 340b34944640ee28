"""`crm.yaml`: who takes part, which field is which, who owns it, and how much one run may change."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from core.config_files import parse_config, read_config
from core.crm.meanings import meaning_of
from core.crm.merging import Direction, Owner
from core.crm.offers import CRMOffers
from core.crm.records import Description, RecordKind, Value
from core.errors import ConfigProblem, InvalidConfig
from core.forms import Frozen
from core.leads.fields import COLUMNS
from core.settings.settings import Settings

FILE_NAME = "crm.yaml"

COMPUTED = ("tier", "score", "reasoning")
"""What we work out of a lead; it goes to the CRM only."""
LEAD_FIELDS = (
    *(field.name for field in COLUMNS if field.of != "person" and "crm" in field.edited_by),
    "assigned_to",
    *COMPUTED,
)
CONTACT_COLUMNS = {field.of_contact: field.name for field in COLUMNS if field.of_contact}
"""What `crm.yaml` calls a field of a contact -> its column."""
CONTACT_FIELDS = (*CONTACT_COLUMNS, "role")
LISTS = frozenset({"emails", "phones"})
_ONE_WAY = frozenset({*COMPUTED, "role"})
_CONDITIONS = (*(field.name for field in COLUMNS), "tags")
"""What conditions may ask besides; of a lead's people, the first that has a value counts."""
_NAME = re.compile(r"[A-Za-z_]+(?:\.\S(?:.*\S)?)?")


def _is_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a field: write name, address.city or custom.<its name in the CRM>")
    return text


class FieldMap(Frozen):
    """One field of ours and the CRM's that is the same thing."""

    ours: str = Field(description="Our field")
    theirs: Annotated[str, AfterValidator(_is_name)] = Field(description="The CRM's: name, address.city, custom.<name>")
    owner: Owner = Field(default="newest", description="Whose value counts when both sides have one")
    direction: Direction = Field(default="both", description="Which way it may go")


class SyncCondition(Frozen):
    """What a lead must meet to take part; exactly one test."""

    field: str = Field(description="Our field, or tier, score")
    is_set: bool | None = Field(default=None, description="Whether it must have a value")
    one_of: tuple[str, ...] | None = Field(default=None, min_length=1, description="Values of which it must be one")
    none_of: tuple[str, ...] | None = Field(default=None, min_length=1, description="Values it must not be")
    at_least: Decimal | None = Field(default=None, description="Smallest number")
    at_most: Decimal | None = Field(default=None, description="Largest number")
    reason: str | None = Field(default=None, max_length=200, description="What to say of those that are excluded")

    @model_validator(mode="after")
    def _is_one_test(self) -> "SyncCondition":
        tests = [self.is_set, self.one_of, self.none_of, self.at_least, self.at_most]
        if sum(test is not None for test in tests) != 1:
            raise ValueError("needs exactly one of is_set, one_of, none_of, at_least, at_most")
        return self

    def why_not(self, values: Mapping[str, Value]) -> str | None:
        """Return why a record is excluded, or None when it meets the condition."""
        return None if self.is_met(values.get(self.field)) else self.words

    def is_met(self, value: Value) -> bool:
        """Return whether a value of the field meets the condition; of a list, whether one of its items does."""
        if self.is_set is not None:
            return bool(value) is self.is_set
        listed = value if isinstance(value, tuple) else (value,)
        if self.one_of is not None:
            return any(self._key(each) in map(self._key, self.one_of) for each in listed)
        if self.none_of is not None:
            return not any(self._key(each) in map(self._key, self.none_of) for each in listed)
        number = _number(value) if isinstance(value, str) else None
        if number is None:
            return False
        return (self.at_least is None or number >= self.at_least) and (self.at_most is None or number <= self.at_most)

    def _key(self, value: str | None) -> object:
        """Return what compares values of the field: countries as such, texts without case."""
        text = (value or "").strip()
        key = meaning_of(self.field)(text) if text else text
        return key.casefold() if isinstance(key, str) else key

    @property
    def words(self) -> str:
        """What to say of those who do not meet it."""
        if self.reason:
            return self.reason
        if self.is_set is not None:
            return f"{self.field} is {'empty' if self.is_set else 'not empty'}"
        if self.one_of is not None:
            return f"{self.field} is none of {', '.join(self.one_of)}"
        if self.none_of is not None:
            return f"{self.field} is one of {', '.join(self.none_of)}"
        return f"{self.field} is not {'at least' if self.at_least is not None else 'at most'} " + str(
            self.at_least if self.at_least is not None else self.at_most
        )


def _number(value: str | None) -> Decimal | None:
    try:
        number = Decimal(value) if value else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


class SyncScope(Frozen):
    """The companies, or the people, that take part."""

    fields: tuple[FieldMap, ...] = Field(min_length=1, description="Which field is which")
    only_if: tuple[SyncCondition, ...] = Field(default=(), description="All must be met; else it is excluded")
    create_if: tuple[SyncCondition, ...] = Field(
        default=(), description="What one must meet besides to be created in the CRM; who is there stays in step"
    )

    def why_not(self, values: Mapping[str, Value]) -> str | None:
        """Return the first reason why a record does not take part, or None."""
        return next((why for condition in self.only_if if (why := condition.why_not(values))), None)

    def why_not_created(self, values: Mapping[str, Value]) -> str | None:
        """Return the first reason why a record that takes part is not created in the CRM, or None."""
        return next((why for condition in self.create_if if (why := condition.why_not(values))), None)


Standing = Literal["imported", "edited", "written_to", "found"]
"""What a contact of ours stands on: a file, a person's edit or entry, a message to them; or a website or provider."""


class ContactScope(SyncScope):
    """The people that take part."""

    create: tuple[Standing, ...] = Field(
        default=("imported", "edited", "written_to"),
        description="Which contacts are created in the CRM: imported from a file, edited or entered by a person here,"
        " written to, found on a website or by a provider. Who is suppressed or left the company never is",
    )


class SyncLimits(Frozen):
    """How much one run may change before a person is asked. What is created counts like what is changed."""

    max_changed_share: Decimal = Field(
        default=Decimal("0.2"),
        ge=0,
        le=1,
        description="Share of the records in step that a run may create, update or delete",
    )
    few: int = Field(default=20, ge=0, le=10_000, description="So many changes are never too many, whatever the share")
    max_deletes: int = Field(default=1, ge=0, le=10_000, description="Deletes, on both sides, before a person is asked")


def _offers(info: ValidationInfo) -> CRMOffers:
    if info.context is None:
        raise TypeError("crm.yaml is read with the offers of the CRMs: read_config(..., context=offers)")
    offers: CRMOffers = info.context
    return offers


def _is_known(name: str, info: ValidationInfo) -> str:
    if name not in (offers := _offers(info)):
        raise ValueError(f"there is no CRM {name!r}; known are {', '.join(offers)}")
    return name


CRMName = Annotated[str, AfterValidator(_is_known)]


class CrmConfig(Frozen):
    """What is kept in step with which CRM, and how."""

    provider: CRMName = Field(default="", description="Which CRM")
    directory: Path | None = Field(default=None, description="Where a directory of JSON files is, for that provider")
    leads: SyncScope = Field(description="Companies")
    contacts: ContactScope | None = Field(default=None, description="People; leave it out to keep companies only")
    statuses: dict[str, str] = Field(
        default_factory=dict, description="Status of a new company in the CRM by our tier; `default` for all others"
    )
    new_in_crm: Literal["take", "leave"] = Field(
        default="take", description="Companies that people made in the CRM: take them in as leads, or leave them"
    )
    deleted_here: Literal["keep", "delete"] = Field(
        default="keep", description="A lead that was deleted here: keep it in the CRM, or delete it there"
    )
    deleted_in_crm: Literal["keep", "delete"] = Field(
        default="keep",
        description="A company that was deleted in the CRM: keep our lead, or delete it; never made anew",
    )
    limits: SyncLimits = Field(default=SyncLimits(), description="How much one run may change before a person is asked")

    @model_validator(mode="before")
    @classmethod
    def _as_usual(cls, given: Any, info: ValidationInfo) -> Any:
        """Take the first CRM where a file names none."""
        return {"provider": next(iter(_offers(info)))} | given if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _is_sound(self, info: ValidationInfo) -> "CrmConfig":
        for key, advice in _offers(info)[self.provider].needs:
            if getattr(self, key) is None:
                raise ValueError(f"{key} is missing: {advice}")
        _check(self.leads, LEAD_FIELDS, "leads")
        if self.contacts is not None:
            _check(self.contacts, CONTACT_FIELDS, "contacts")
        return self

    @property
    def digest(self) -> str:
        """A hash of all that decides about records: another one makes every record be looked at again."""
        return hashlib.sha256(self.model_dump_json(exclude={"limits"}).encode()).hexdigest()[:32]

    def part(self, kind: RecordKind) -> SyncScope | None:
        """Return what is said of a kind."""
        return self.leads if kind is RecordKind.LEAD else self.contacts

    def fields(self, kind: RecordKind) -> tuple[FieldMap, ...]:
        """Return the field map of a kind; empty where it takes no part."""
        part = self.part(kind)
        return part.fields if part else ()

    def status_for(self, tier: str | None) -> str | None:
        """Return the status a new company gets."""
        return self.statuses.get(tier or "default", self.statuses.get("default"))


def _check(part: SyncScope, known: Sequence[str], name: str) -> None:
    for side in ("ours", "theirs"):
        named = [getattr(field, side) for field in part.fields]
        if twice := sorted({one for one in named if named.count(one) > 1}):
            raise ValueError(f"{name}: {', '.join(twice)} is mapped twice")
    for field in part.fields:
        if field.ours not in known:
            raise ValueError(f"{name}: {field.ours!r} is no field of ours; fields are {', '.join(known)}")
        if field.ours in _ONE_WAY and field.direction != "to_crm":
            raise ValueError(f"{name}: {field.ours} is worked out here: give it direction: to_crm")
    for condition in (*part.only_if, *part.create_if):
        if condition.field not in (*known, *_CONDITIONS):
            raise ValueError(f"{name}: {condition.field!r} is no field of ours; fields are {', '.join(known)}")


def check_against(config: CrmConfig, description: Description, *, path: str) -> None:
    """Compare a configuration with what the CRM says it has.

    Raises:
        InvalidConfig: it names fields or statuses that are not there; all of them.
    """
    problems = []
    for kind in RecordKind:
        known = description.fields(kind)
        for place, field in enumerate(config.fields(kind)):
            if field.theirs not in known:
                message = f"the CRM has no {kind} field {field.theirs!r}; it has {', '.join(known)}"
                problems.append(ConfigProblem(None, f"{kind}s.fields[{place}].theirs", message))
    if description.statuses:
        for tier, label in config.statuses.items():
            if label not in description.statuses:
                message = f"the CRM has no status {label!r}; it has {', '.join(description.statuses)}"
                problems.append(ConfigProblem(None, f"statuses.{tier}", message))
    if problems:
        raise InvalidConfig(problems, path=path)


def example_text() -> str:
    """Return the example that ships."""
    return files("core.crm").joinpath("crm_example.yaml").read_text(encoding="utf-8")


def config_path(settings: Settings) -> Path | None:
    """Return the file that counts: the one of the settings, else `crm.yaml` in the data directory, else None."""
    own = settings.home / FILE_NAME
    return settings.crm.config or (own if own.exists() else None)


def current_config(settings: Settings, crms: CRMOffers) -> CrmConfig:
    """Return the configuration that counts, the example where there is none. Raises InvalidConfig."""
    path = config_path(settings)
    if path is None:
        return parse_config(example_text(), CrmConfig, path="the example crm.yaml", context=crms)
    return read_config(path, CrmConfig, context=crms)


def json_schema(crms: CRMOffers) -> dict[str, Any]:
    """Return the JSON Schema of `crm.yaml`, for editors, with the CRMs there are."""
    schema = CrmConfig.model_json_schema()
    schema["properties"]["provider"] |= {"enum": list(crms), "default": next(iter(crms))}
    return schema
