"""Which model does which job, and what happens when it cannot.

The one place that makes chat models. Configuration names, for each job, `provider:model` in order of preference; the
ids are compared with what the provider offers, prices come from the dated price file, retries of the SDKs are off.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel

from agents.completions_chat import CompletionsChat
from agents.fallback_chat import FallbackChat
from agents.guarded_chat import GuardedChat
from core.errors import ConfigurationError, ProviderError, ProviderNotConfigured
from core.ledger.prices import PriceList, TokenPrice
from integrations import plugs
from integrations.model_endpoint import Endpoint
from integrations.plug import ChatOffer

log = logging.getLogger(__name__)

_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_FREE = TokenPrice(Decimal(0), Decimal(0))
_SET_ASIDE = TokenPrice(Decimal(25), Decimal(25))


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
            raise ConfigurationError(
                f"{text!r} is no model: write provider:model, e.g. {plugs.ModelSettings().default}"
            )
        return cls(provider, model)

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


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
        offer = _offer(choice.provider)
        endpoint = self.endpoints.get(choice.provider)
        if endpoint is None or endpoint.api_key is None:
            raise ProviderNotConfigured(f"{choice.provider} has no key; {choice.model} cannot be used")
        price = self.price(choice, endpoint)
        await self._check(choice, endpoint)
        opened = await offer.open(endpoint, choice.model, self.max_tokens, stack)
        if not isinstance(opened, BaseChatModel):
            return CompletionsChat(client=opened, model_name=choice.model, price=price, max_tokens=self.max_tokens)
        return GuardedChat(
            inner=opened,
            guard=endpoint.guard,
            price=price,
            max_tokens=self.max_tokens,
            structured_by=endpoint.structured_by,
            says_cost=offer.says_cost,
        )

    def price(self, choice: ModelChoice, endpoint: Endpoint) -> TokenPrice:
        """Return what a model costs; one that runs on this machine, without a price of its own, costs nothing.

        Of one whose provider says the cost of each answer this is what is set aside until it has answered.

        Raises:
            ConfigurationError: it has no price.
        """
        try:
            return self.prices.of(choice.provider, choice.model)
        except ConfigurationError:
            if _offer(choice.provider).says_cost:
                return _SET_ASIDE
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
    return await _offer(endpoint.provider).offered(endpoint)


def _offer(provider: str) -> ChatOffer:
    """Return how a provider offers its models. Raises ConfigurationError naming those that are known."""
    offer = plugs.chosen("chat", provider, where="MODELS_...").chat
    assert offer is not None
    return offer


def _nothing(job: Job, reasons: list[ConfigurationError]) -> ConfigurationError:
    if not reasons:
        return ProviderNotConfigured(f"no model is named for {job}; set MODELS_{job.upper()} or MODELS_DEFAULT")
    only_unset = all(isinstance(reason, ProviderNotConfigured) for reason in reasons)
    kind = ProviderNotConfigured if only_unset else ConfigurationError
    return kind(f"no model for {job}: " + "; ".join(reason.message for reason in reasons))
