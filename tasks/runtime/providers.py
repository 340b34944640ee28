"""Everyone we talk to, wired from the settings: shared state in Redis, the run's cost book in Postgres.

Clients belong to the event loop that opened them, so a task opens what it needs and closes it at its end.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from core.errors import ProviderNotConfigured
from core.ledger.prices import read_prices
from core.ledger.spend import Budget
from core.settings.settings import Settings, settings
from db.ledger.book import LedgerBook
from db.server.embedded import redis_url
from db.server.engine import open_engine
from db.server.redis import LOST, open_redis
from integrations.apollo.client import ApolloClient
from integrations.browserbase.client import BrowserbaseClient
from integrations.browserbase.linkedin import CompanyPages
from integrations.cartesia.client import CartesiaClient
from integrations.close.client import CloseClient
from integrations.guards import guard_from, linkedin_limiter
from integrations.resilience.budget import CostBook
from integrations.resilience.guard import Guard
from integrations.resilience.rate_limit import Slots
from integrations.resilience.store import Store
from tasks.runtime.resources import database_url
from tasks.runtime.tracing import settle_tracing

if TYPE_CHECKING:
    from agents.models import Models

_ADVANCE = {"cerebras": 50, "anthropic": 10, "deepseek": 20, "openrouter": 10, "openai": 20}
"""Calls for which room in the budget is drawn at once; one at a time where a call is dear."""


@dataclass(frozen=True, slots=True)
class Outside:
    """The outside world as one run may use it. Each method raises ProviderNotConfigured where a key is missing."""

    settings: Settings
    store: Store
    book: CostBook | None
    stack: AsyncExitStack

    def guard(self, provider: str) -> Guard:
        """Return the guard of a provider."""
        return guard_from(provider, self.settings.providers.section(provider), store=self.store, book=self.book)

    async def close(self) -> CloseClient:
        """Open Close."""
        section = self.settings.providers.close
        key, guard = section.key(), self.guard("close")
        client = CloseClient(
            section.base_url, key, guard, own_id_field=section.own_id_field, timeout_s=section.timeout_s
        )
        return await self.stack.enter_async_context(client)

    async def apollo(self) -> ApolloClient:
        """Open Apollo."""
        section = self.settings.providers.apollo
        client = ApolloClient(section.base_url, section.key(), self.guard("apollo"), timeout_s=section.timeout_s)
        return await self.stack.enter_async_context(client)

    async def browserbase(self) -> BrowserbaseClient:
        """Open Browserbase."""
        section = self.settings.providers.browserbase
        key, guard = section.key(), self.guard("browserbase")
        client = BrowserbaseClient(
            section.base_url, key, guard, project_id=section.project_id, timeout_s=section.timeout_s
        )
        return await self.stack.enter_async_context(client)

    async def company_pages(self) -> CompanyPages:
        """Open visits to public LinkedIn company pages. Raises ProviderNotConfigured unless they are switched on."""
        if not self.settings.providers.linkedin.enabled:
            raise ProviderNotConfigured("linkedin is off: LINKEDIN_ENABLED=true accepts that its terms forbid this")
        return await self.browsers()

    async def browsers(self) -> CompanyPages:
        """Open what visits run in, for a sweep, which is due also after they were switched off."""
        linkedin = self.settings.providers.linkedin
        return CompanyPages(
            await self.browserbase(),
            slots=Slots("browserbase", self.settings.providers.browserbase.concurrency, self.store),
            limiter=linkedin_limiter(linkedin.pages_a_day, self.store),
            is_enabled=linkedin.enabled,
            base_url=linkedin.base_url,
        )

    async def cartesia(self) -> CartesiaClient:
        """Open Cartesia."""
        section = self.settings.providers.cartesia
        key, guard = section.key(), self.guard("cartesia")
        slots = Slots("cartesia", section.concurrency, self.store)
        client = CartesiaClient(section.base_url, key, guard, slots=slots, timeout_s=section.timeout_s)
        return await self.stack.enter_async_context(client)

    def models(self) -> "Models":
        """Return the models; nothing is opened before `Models.chat_model`."""
        # Over a second of processor time, which most runs and commands can do without.
        from agents.models import PRICE_FILE, Endpoint, ModelChoice, Models

        settle_tracing()
        providers = self.settings.providers
        endpoints = {
            name: Endpoint(
                name,
                section.base_url,
                section.api_key,
                self.guard(name),
                section.timeout_s,
                "json_schema" if name == "openai" else "tool",
            )
            for name, section in providers.model_providers().items()
        }
        choices = {
            job: tuple(ModelChoice.parse(text) for text in named) for job, named in providers.models.named().items()
        }
        prices = read_prices(Path(providers.models.price_file) if providers.models.price_file else PRICE_FILE)
        return Models(endpoints, choices, prices, providers.models.max_tokens)


@asynccontextmanager
async def outside(
    run_id: UUID | None = None,
    *,
    of: Settings | None = None,
    database: str | None = None,
    more_budgets: tuple[Budget, ...] = (),
) -> AsyncIterator[Outside]:
    """Open the outside world for a run; at the end all clients are closed and all spending is settled.

    Args:
        run_id: whose budget it is.
        of: other settings than the process's own.
        database: another database than the settings' own.
        more_budgets: that hold beside those of the settings.
    """
    chosen = of or settings()
    async with AsyncExitStack() as stack:
        redis = open_redis(redis_url(chosen))
        stack.push_async_callback(redis.aclose)
        engine = open_engine(database or database_url())
        stack.push_async_callback(engine.dispose)
        budgets = (*chosen.providers.budget.budgets(), *more_budgets)
        book = await stack.enter_async_context(LedgerBook(engine, budgets, run_id, _ADVANCE))
        yield Outside(chosen, Store(redis, lost=LOST), book, stack)
