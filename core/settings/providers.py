"""Settings that all providers have alike, and of what is no single provider's: budgets, models for jobs, speech.

The section of one provider stands in its plug (`integrations/<name>/plug.py`); `integrations/plugs.py` adds to the
sections here what follows from the list of plugs. A provider without a key is off: the process starts, its first use
raises `ProviderNotConfigured`.
"""

import re
from copy import copy
from decimal import Decimal
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from core.errors import ProviderNotConfigured
from core.ledger.spend import Budget, Period, Unit
from core.settings.sections import Section, tuning

_LIMIT = re.compile(r"([A-Za-z][\w-]*)=(\d+)/(\d+(?:\.\d+)?)")


class ProviderSettings(Section):
    """What every provider has."""

    api_key: SecretStr | None = Field(default=None, description="Key. Empty: the provider is off")
    base_url: str = tuning(default="", pattern="^(https?://.*)?$", description="Address of the API")
    timeout_s: float = tuning(default=30.0, gt=0, le=600, description="Seconds without a byte")
    deadline_s: float = tuning(default=60.0, gt=0, le=3600, description="Seconds one attempt may take in all")
    breaker_failures: int = tuning(default=5, ge=3, le=10, description="Faults in a row that open the circuit")
    breaker_recovery_s: float = tuning(default=60, ge=30, le=120, description="Seconds the circuit stays open")
    retry: Literal["standard", "conservative", "aggressive"] = tuning(
        default="standard", description="Strategy for trying again: 2 more tries, 1, or 3"
    )
    rate_limits: str = tuning(default="", description="Limits as name=calls/seconds, separated by commas")
    max_wait_s: float = tuning(default=30, ge=0, le=300, description="Seconds to wait for a slot; beyond: due later")

    @field_validator("rate_limits")
    @classmethod
    def _is_limits(cls, text: str) -> str:
        for part in filter(None, text.split(",")):
            match = _LIMIT.fullmatch(part.strip())
            if match is None or match[2] == "0":
                raise ValueError(f"{part.strip()!r} is no limit: write name=calls/seconds, e.g. minute=200/60")
        return text

    @property
    def windows(self) -> tuple[tuple[str, int, float], ...]:
        """Name, calls and seconds of each rate limit."""
        matches = (_LIMIT.fullmatch(part.strip()) for part in self.rate_limits.split(","))
        return tuple((match[1], int(match[2]), float(match[3])) for match in matches if match)

    def key(self) -> str:
        """Return the key. Raises ProviderNotConfigured naming the variable that is empty."""
        if self.api_key is None:
            raise ProviderNotConfigured(f"{self.prefix.rstrip('_').lower()} is off: set {self.prefix}API_KEY to use it")
        return self.api_key.get_secret_value()


def own_default(name: str, value: str | float) -> Any:
    """Return a field of every provider with another default, for a plug's section; description and bounds stay."""
    field = copy(ProviderSettings.model_fields[name])
    field.default = value
    return field


class SpeechSettings(Section):
    """Who listens in a conversation."""

    prefix: ClassVar[str] = "SPEECH_"

    to_text: str = Field(
        default="auto",
        description="Name of who turns speech into text (docs/providers.md), or auto: the first that is set up",
    )


class ModelsForJobs(Section):
    """Which model does which job: provider:model, best first, separated by commas."""

    prefix: ClassVar[str] = "MODELS_"

    default: str = Field(default="", description="For jobs without a line of their own")
    qualification: str = Field(default="", description="Scoring a lead")
    enrichment: str = Field(default="", description="Reading fields out of free text")
    research: str = Field(default="", description="Market research")
    writing: str = Field(default="", description="Drafts of messages")
    conversation: str = Field(default="", description="Voice turns")
    max_tokens: int = tuning(default=2048, ge=64, le=128_000, description="Bound of an answer, reasoning included")
    price_file: str | None = tuning(default=None, description="TOML file of prices. Empty: the one that comes along")
    unpriced_usd_per_m: Decimal | None = tuning(
        default=None,
        ge=0,
        description="US dollars per million tokens that a model without a known price is taken to cost. Empty: such "
        "models are not used, unless their provider says what each answer has cost",
    )

    def named(self) -> dict[str, tuple[str, ...]]:
        """Job to the models named for it, best first; jobs without any are absent."""
        jobs = ("default", "qualification", "enrichment", "research", "writing", "conversation")
        named = {job: tuple(filter(None, (part.strip() for part in getattr(self, job).split(",")))) for job in jobs}
        return {job: models for job, models in named.items() if models}


class CommonBudgets(Section):
    """The most that may be spent; 0 forbids, empty lifts the limit."""

    prefix: ClassVar[str] = "BUDGET_"
    empty_lifts: ClassVar[bool] = True

    run_usd: Decimal | None = Field(default=Decimal(1), ge=0, description="US dollars a run")
    day_usd: Decimal | None = Field(default=Decimal(5), ge=0, description="US dollars a UTC day")
    month_usd: Decimal | None = Field(default=Decimal(50), ge=0, description="US dollars a calendar month")

    @field_validator("*", mode="before")
    @classmethod
    def _empty_lifts(cls, value: object) -> object:
        return None if value == "" else value

    def budgets(self) -> tuple[Budget, ...]:
        """Return the budgets that are set."""
        found = []
        for name in type(self).model_fields:
            limit = getattr(self, name)
            provider, _, rest = name.rpartition("_")[0].rpartition("_")
            if limit is not None:
                found.append(Budget(Period(rest), Unit(name.rpartition("_")[2]), limit, provider or None))
        return tuple(found)
