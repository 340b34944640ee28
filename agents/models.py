"""Which model does which job, and what happens when it cannot.

The one place that makes chat models. Configuration names, for each job, `provider:model` in order of preference; the
ids are compared with what the provider offers, prices come from the dated price file, retries of the SDKs are off.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from agents.cerebras_chat import CerebrasChat
from agents.fallback_chat import FallbackChat
from agents.guarded_chat import GuardedChat, StructuredBy
from core.errors import ConfigurationError, ProviderError, ProviderNotConfigured
from core.ledger.prices import Price, PriceList
from integrations.cerebras.client import CerebrasClient
from integrations.model_list import ModelListClient
from integrations.resilience.guard import Guard

log = logging.getLogger(__name__)

PRICE_FILE = Path(__file__).with_name("prices.toml")
CEREBRAS = "cerebras"
ANTHROPIC = "anthropic"
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_FREE = Price(Decimal(0), Decimal(0))
_ANTHROPIC_VERSION = "2026-10-21"


class Job(StrEnum):
    """What a model is asked for."""

    QUALIFICATION = "qualification"
    ENRICHMENT = "enrichment"
    RESEARCH = "research"
    WRITING = "writing"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model of a provider."""

    provider: str
    model: str

    @classmethod
    def parse(cls, text: str) -> "ModelChoice":
        """Read `provider:model`. Raises ConfigurationError."""
        provider, colon, model = text.strip().partition(":")
        if not (provider and colon and model):
            raise ConfigurationError(f"{text!r} is no model: write provider:model, e.g. cerebras:gpt-oss-120b")
        return cls(provider, model)

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider of models is.

    Attributes:
        provider: "cerebras", "anthropic", or any name for an OpenAI-compatible server.
        base_url: as that provider's clients want it: without `/v1` for the two named, with it for the others.
        api_key: None where the provider is not configured.
        guard: see `integrations.resilience.guard`.
        timeout_s: seconds without a byte.
        structured_by: how to ask for a value; by tool, or by JSON schema.
    """

    provider: str
    base_url: str
    api_key: SecretStr | None
    guard: Guard
    timeout_s: float = 30.0
    structured_by: StructuredBy = "tool"


@dataclass(slots=True)
class Models:
    """The models of an installation. Nothing is opened before `chat_model`.

    Attributes:
        endpoints: by provider.
        choices: by job, best first; the entry "default" is for jobs without one.
        prices: what they cost.
        max_tokens: bound of every answer.
    """

    endpoints: Mapping[str, Endpoint]
    choices: Mapping[str, tuple[ModelChoice, ...]]
    prices: PriceList
    max_tokens: int = 1024
    _offered: dict[str, frozenset[str]] = field(default_factory=dict)

    @asynccontextmanager
    async def chat_model(self, job: Job) -> AsyncIterator[BaseChatModel]:
        """Open the model for a job, with its fallbacks.

        Raises:
            ProviderNotConfigured: no model is named for it, or none of those named has a key and its SDK.
            ConfigurationError: none of those named is offered by its provider, or one has no price.
        """
        async with AsyncExitStack() as stack:
            opened, reasons = [], []
            for choice in self.choices_for(job):
                try:
                    opened.append(await self._open(choice, stack))
                except ConfigurationError as error:
                    reasons.append(error)
                    log.warning("model_left_out", extra={"model": str(choice), "reason": error.message})
            if not opened:
                raise _nothing(job, reasons)
            yield opened[0] if len(opened) == 1 else FallbackChat(models=opened)

    def choices_for(self, job: Job) -> tuple[ModelChoice, ...]:
        """Return the models named for a job, best first."""
        return self.choices.get(job.value) or self.choices.get("default", ())

    async def _open(self, choice: ModelChoice, stack: AsyncExitStack) -> BaseChatModel:
        endpoint = self.endpoints.get(choice.provider)
        if endpoint is None or endpoint.api_key is None:
            raise ProviderNotConfigured(f"{choice.provider} has no key; {choice.model} cannot be used")
        price = self.price(choice, endpoint)
        await self._check(choice, endpoint)
        if choice.provider == CEREBRAS:
            key = endpoint.api_key.get_secret_value()
            client = CerebrasClient(endpoint.base_url, key, endpoint.guard, timeout_s=endpoint.timeout_s)
            await stack.enter_async_context(client)
            return CerebrasChat(client=client, model_name=choice.model, price=price, max_tokens=self.max_tokens)
        inner, close = _inner(choice, endpoint, endpoint.api_key, self.max_tokens)
        stack.push_async_callback(close)
        return GuardedChat(
            inner=inner,
            guard=endpoint.guard,
            price=price,
            max_tokens=self.max_tokens,
            structured_by=endpoint.structured_by,
        )

    def price(self, choice: ModelChoice, endpoint: Endpoint) -> Price:
        """Return what a model costs; one that runs on this machine, without a price of its own, costs nothing.

        Raises:
            ConfigurationError: it has no price.
        """
        try:
            return self.prices.of(choice.provider, choice.model)
        except ConfigurationError:
            if urlsplit(endpoint.base_url).hostname in _THIS_MACHINE:
                return _FREE
            raise

    async def _check(self, choice: ModelChoice, endpoint: Endpoint) -> None:
        """Compare with the provider's list, read once. A list that cannot be had stops nothing."""
        if choice.provider not in self._offered:
            try:
                self._offered[choice.provider] = frozenset(await offered_models(endpoint))
            except ProviderError as error:
                log.warning("model_list_unavailable", extra={"provider": choice.provider, "reason": error.message})
                return
        offered = self._offered[choice.provider]
        if choice.model not in offered:
            some = ", ".join(sorted(offered)[:5]) or "none"
            raise ConfigurationError(f"{choice.provider} offers no model {choice.model} to this key; it offers {some}")


async def offered_models(endpoint: Endpoint) -> list[str]:
    """Return the ids of the models a provider offers to the key. Raises ProviderNotConfigured, ProviderError."""
    if endpoint.api_key is None:
        raise ProviderNotConfigured(f"{endpoint.provider} has no key")
    key = endpoint.api_key.get_secret_value()
    if endpoint.provider == CEREBRAS:
        async with CerebrasClient(endpoint.base_url, key, endpoint.guard, timeout_s=endpoint.timeout_s) as cerebras:
            return await cerebras.models()
    headers = {"Authorization": f"Bearer {key}"}
    is_anthropic = endpoint.provider == ANTHROPIC
    if is_anthropic:
        headers["anthropic-version"] = _ANTHROPIC_VERSION
    client = ModelListClient(endpoint.base_url, endpoint.guard, headers=headers, timeout_s=endpoint.timeout_s)
    async with client:
        return await client.models("/v1/models" if is_anthropic else "/models")


def _inner(
    choice: ModelChoice, endpoint: Endpoint, key: SecretStr, max_tokens: int
) -> tuple[BaseChatModel, Callable[[], Awaitable[None]]]:
    """Make LangChain's own model of a provider, without retries, and what closes its connections.

    LangChain keeps one HTTP client for the whole process, whose connections belong to the first event loop that used
    it; tasks have a loop each, so every model gets a client of its own.
    """
    make = _anthropic if choice.provider == ANTHROPIC else _openai
    return make(choice.model, endpoint, key, max_tokens)


def _anthropic(
    model: str, endpoint: Endpoint, key: SecretStr, max_tokens: int
) -> tuple[BaseChatModel, Callable[[], Awaitable[None]]]:
    with _extra():
        from anthropic import AsyncAnthropic
        from langchain_anthropic import ChatAnthropic
    chat = ChatAnthropic(
        model=model,
        base_url=endpoint.base_url,
        api_key=key,
        max_retries=0,
        timeout=endpoint.timeout_s,
        max_tokens_to_sample=max_tokens,
        stop=None,
    )
    client = AsyncAnthropic(
        api_key=key.get_secret_value(), base_url=endpoint.base_url, max_retries=0, timeout=endpoint.timeout_s
    )
    # A cached property without a setter is the only door it has.
    chat.__dict__["_async_client"] = client
    return chat, client.close


def _openai(
    model: str, endpoint: Endpoint, key: SecretStr, max_tokens: int
) -> tuple[BaseChatModel, Callable[[], Awaitable[None]]]:
    with _extra():
        from langchain_openai import ChatOpenAI
        from openai import DefaultAsyncHttpxClient
    client = DefaultAsyncHttpxClient(timeout=endpoint.timeout_s)
    chat = ChatOpenAI(
        model=model,
        base_url=endpoint.base_url,
        api_key=key,
        max_retries=0,
        timeout=endpoint.timeout_s,
        max_completion_tokens=max_tokens,
        stream_usage=True,
        http_async_client=client,
    )
    return chat, client.aclose


@contextmanager
def _extra() -> Iterator[None]:
    """Say which extra is missing; what it holds is imported late, because it takes a second to load."""
    try:
        yield
    except ImportError as error:
        raise ProviderNotConfigured(
            "these models need packages that are not installed: install sales-agent with its extra 'models'"
        ) from error


def _nothing(job: Job, reasons: list[ConfigurationError]) -> ConfigurationError:
    if not reasons:
        return ProviderNotConfigured(f"no model is named for {job}; set MODELS_{job.upper()} or MODELS_DEFAULT")
    only_unset = all(isinstance(reason, ProviderNotConfigured) for reason in reasons)
    kind = ProviderNotConfigured if only_unset else ConfigurationError
    return kind(f"no model for {job}: " + "; ".join(reason.message for reason in reasons))
