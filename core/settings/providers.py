"""Settings of everyone we talk to: one section a provider, each with its prefix, and the budgets.

A provider without a key is off: the process starts, its first use raises `ProviderNotConfigured`.
"""

import re
from copy import copy
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from core.errors import ConfigurationError, ProviderNotConfigured
from core.ledger.spend import Budget, Period, Unit
from core.settings.environment import Environment
from core.settings.sections import Section, tuning

MODEL_PROVIDERS = ("cerebras", "anthropic", "deepseek", "openrouter", "openai")
"""Those that offer language models."""

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


def _default(name: str, value: str | float) -> Any:
    """Return a field of every provider with another default; its description and bounds stay."""
    field = copy(ProviderSettings.model_fields[name])
    field.default = value
    return field


class CloseSettings(ProviderSettings):
    """Close, the CRM."""

    prefix: ClassVar[str] = "CLOSE_"

    base_url: str = _default("base_url", "https://api.close.com/api/v1")
    rate_limits: str = _default("rate_limits", "window=20/1")
    own_id_field: str = Field(
        default="Sales Agent ID", description="Name of the text custom field, on leads and contacts, that holds our ids"
    )
    webhook_key: SecretStr | None = Field(default=None, description="Signature key of the webhook, 64 hex digits")


class ApolloSettings(ProviderSettings):
    """Apollo; its answers' headers replace these limits."""

    prefix: ClassVar[str] = "APOLLO_"

    base_url: str = _default("base_url", "https://api.apollo.io/api/v1")
    retry: Literal["standard", "conservative", "aggressive"] = _default("retry", "conservative")
    rate_limits: str = _default("rate_limits", "minute=50/60,hour=600/3600,day=2000/86400")


class BrowserbaseSettings(ProviderSettings):
    """Browserbase, remote browsers."""

    prefix: ClassVar[str] = "BROWSERBASE_"

    base_url: str = _default("base_url", "https://api.browserbase.com")
    project_id: str | None = Field(default=None, description="Project; empty: inferred from the key")
    concurrency: int = tuning(default=1, ge=1, le=250, description="Sessions at once, as the plan allows")
    rate_limits: str = _default("rate_limits", "minute=5/60")


class LinkedInSettings(Section):
    """Public LinkedIn company pages. LinkedIn's User Agreement forbids automated access."""

    prefix: ClassVar[str] = "LINKEDIN_"

    enabled: bool = Field(
        default=False,
        description="true: visit public company pages through Browserbase, accepting that LinkedIn forbids it",
    )
    base_url: str = tuning(default="https://www.linkedin.com", description="Where company pages are")
    pages_a_day: int = tuning(default=100, ge=1, le=1000, description="Pages in any 24 hours")


class CerebrasSettings(ProviderSettings):
    """Cerebras."""

    prefix: ClassVar[str] = "CEREBRAS_"

    base_url: str = _default("base_url", "https://api.cerebras.ai")
    rate_limits: str = _default("rate_limits", "requests-day=14400/86400")
    breaker_failures: int = _default("breaker_failures", 3)
    breaker_recovery_s: float = _default("breaker_recovery_s", 30)


class AnthropicSettings(ProviderSettings):
    """Anthropic."""

    prefix: ClassVar[str] = "ANTHROPIC_"

    base_url: str = _default("base_url", "https://api.anthropic.com")
    rate_limits: str = _default("rate_limits", "minute=50/60")


class DeepSeekSettings(ProviderSettings):
    """DeepSeek; hosted in China."""

    prefix: ClassVar[str] = "DEEPSEEK_"

    base_url: str = _default("base_url", "https://api.deepseek.com/v1")


class OpenRouterSettings(ProviderSettings):
    """OpenRouter."""

    prefix: ClassVar[str] = "OPENROUTER_"

    base_url: str = _default("base_url", "https://openrouter.ai/api/v1")


class OpenAISettings(ProviderSettings):
    """Any OpenAI-compatible server; without an address of its own, one on this machine."""

    prefix: ClassVar[str] = "OPENAI_"

    base_url: str = Field(
        default="http://127.0.0.1:8000/v1",
        pattern="^https?://",
        description="Where the server is; its answers cost nothing that we know of",
    )


class CartesiaSettings(ProviderSettings):
    """Cartesia, speech."""

    prefix: ClassVar[str] = "CARTESIA_"

    base_url: str = _default("base_url", "https://api.cartesia.ai")
    speech_model: str = tuning(default="sonic-3.5", description="Model that speaks")
    transcription_model: str = tuning(default="ink-whisper", description="Model that listens")
    turn_model: str = tuning(default="ink-2", description="Model that listens and finds where turns begin and end")
    voice_id: str | None = Field(default=None, description="Voice that speaks")
    concurrency: int = tuning(default=2, ge=1, le=100, description="Calls at once, as the plan allows")


class SpeechSettings(Section):
    """Who listens in a conversation: Cartesia, or a Whisper model on this machine (extra local-speech)."""

    prefix: ClassVar[str] = "SPEECH_"

    to_text: Literal["auto", "cartesia", "local"] = Field(
        default="auto", description="cartesia, local, or auto: Cartesia where it has a key, else this machine"
    )
    weights: Path | None = Field(
        default=None, description="Directory of a Whisper model in CTranslate2's form. Empty: English, of the extra"
    )


class ModelSettings(Section):
    """Which model does which job: provider:model, best first, separated by commas."""

    prefix: ClassVar[str] = "MODELS_"

    default: str = Field(default="cerebras:gpt-oss-120b", description="For jobs without a line of their own")
    qualification: str = Field(default="", description="Scoring a lead")
    enrichment: str = Field(default="", description="Reading fields out of free text")
    research: str = Field(default="", description="Market research")
    writing: str = Field(default="", description="Drafts of messages")
    conversation: str = Field(default="", description="Voice turns")
    max_tokens: int = tuning(default=2048, ge=64, le=128_000, description="Bound of an answer, reasoning included")
    price_file: str | None = tuning(default=None, description="TOML file of prices. Empty: the one that comes along")

    def named(self) -> dict[str, tuple[str, ...]]:
        """Job to the models named for it, best first; jobs without any are absent."""
        jobs = ("default", "qualification", "enrichment", "research", "writing", "conversation")
        named = {job: tuple(filter(None, (part.strip() for part in getattr(self, job).split(",")))) for job in jobs}
        return {job: models for job, models in named.items() if models}


class LangSmithSettings(Section):
    """LangSmith tracing, off unless asked for."""

    prefix: ClassVar[str] = "LANGSMITH_"

    tracing: bool = Field(default=False, description="true: send traces of chains and graphs")
    api_key: SecretStr | None = Field(default=None, description="Key; without one nothing is sent")
    endpoint: str = Field(default="https://api.smith.langchain.com", description="Address, which chooses the region")
    project: str = Field(default="sales-agent", description="Project the traces go to")
    show_content: bool = Field(default=False, description="true: send prompts and answers too; they name persons")


class BudgetSettings(Section):
    """The most that may be spent; 0 forbids, empty lifts the limit."""

    prefix: ClassVar[str] = "BUDGET_"
    empty_lifts: ClassVar[bool] = True

    run_usd: Decimal | None = Field(default=Decimal(1), ge=0, description="US dollars a run")
    day_usd: Decimal | None = Field(default=Decimal(5), ge=0, description="US dollars a UTC day")
    month_usd: Decimal | None = Field(default=Decimal(50), ge=0, description="US dollars a calendar month")
    apollo_run_credits: Decimal | None = Field(default=Decimal(100), ge=0, description="Apollo credits a run")
    apollo_month_credits: Decimal | None = Field(default=Decimal(1000), ge=0, description="Apollo credits a month")
    apollo_day_calls: Decimal | None = Field(default=None, ge=0, description="Paid calls to Apollo a UTC day")
    browserbase_day_credits: Decimal | None = Field(default=Decimal(100), ge=0, description="Browser sessions a day")
    cartesia_day_credits: Decimal | None = Field(default=Decimal(100_000), ge=0, description="Characters spoken a day")

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


PROVIDER_SECTIONS: tuple[type[Section], ...] = (
    CloseSettings,
    ApolloSettings,
    BrowserbaseSettings,
    LinkedInSettings,
    CerebrasSettings,
    AnthropicSettings,
    DeepSeekSettings,
    OpenRouterSettings,
    OpenAISettings,
    CartesiaSettings,
    SpeechSettings,
    ModelSettings,
    LangSmithSettings,
    BudgetSettings,
)


class Providers:
    """All sections of providers."""

    def __init__(self, environment: Environment) -> None:
        self.close = environment.read(CloseSettings)
        self.apollo = environment.read(ApolloSettings)
        self.browserbase = environment.read(BrowserbaseSettings)
        self.linkedin = environment.read(LinkedInSettings)
        self.cerebras = environment.read(CerebrasSettings)
        self.anthropic = environment.read(AnthropicSettings)
        self.deepseek = environment.read(DeepSeekSettings)
        self.openrouter = environment.read(OpenRouterSettings)
        self.openai = environment.read(OpenAISettings)
        self.cartesia = environment.read(CartesiaSettings)
        self.speech = environment.read(SpeechSettings)
        self.models = environment.read(ModelSettings)
        self.langsmith = environment.read(LangSmithSettings)
        self.budget = environment.read(BudgetSettings)

    def model_providers(self) -> dict[str, ProviderSettings]:
        """Return provider of language models to its section."""
        sections: dict[str, ProviderSettings] = {name: getattr(self, name) for name in MODEL_PROVIDERS}
        return sections

    def section(self, name: str) -> ProviderSettings:
        """Return the section of a provider. Raises ConfigurationError for an unknown one."""
        found = getattr(self, name, None)
        if not isinstance(found, ProviderSettings):
            raise ConfigurationError(f"there is no provider {name!r}")
        return found
