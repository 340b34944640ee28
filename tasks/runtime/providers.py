"""Everyone we talk to, wired from the plugs and the settings: shared state in Redis, the run's cost book in Postgres.

Clients belong to the event loop that opened them, so a task opens what it needs and closes it at its end.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from core.ledger.prices import read_prices
from core.ledger.spend import Budget
from core.settings.sections import Section
from core.settings.settings import Settings, settings
from db.ledger.book import LedgerBook
from db.server.embedded import redis_url
from db.server.engine import open_engine
from db.server.redis import LOST, open_redis
from integrations import plugs
from integrations.guards import NoStore, guard_from, single_call_guard
from integrations.model_endpoint import Endpoint
from integrations.plug import Plug
from integrations.resilience.budget import CostBook
from integrations.resilience.guard import Guard
from integrations.resilience.store import Store
from tasks.runtime.resources import database_url
from tasks.runtime.tracing import settle_tracing

if TYPE_CHECKING:
    from agents.models import Models

S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True)
class Outside:
    """The outside world as one run may use it; what plugs open with (`integrations.plug.PlugContext`)."""

    settings: Settings
    store: Store
    book: CostBook | None
    stack: AsyncExitStack

    def read(self, section: type[S]) -> S:
        """Return a section of the settings. Raises InvalidSetting."""
        return self.settings.read(section)

    def guard(self, provider: str) -> Guard:
        """Return the guard of a provider. Raises ConfigurationError for a name that is none."""
        plug = plugs.find(provider)
        return guard_from(plug, plug.settings(self), store=self.store, book=self.book)

    async def client(self, plug: Plug) -> Any:
        """Open a provider's client. Raises ProviderNotConfigured where its key is missing."""
        return await plug.open(self)

    async def open(self, port: str, provider: str | None = None, *, where: str = "", **given: Any) -> Any:
        """Open what offers a port.

        Args:
            port: as plugs name it, `calendar` or `crm`.
            provider: whose; None: of the first that is set up.
            where: the setting or file that names the provider, for the error.
            given: what users of the port give.

        Raises:
            ConfigurationError: nobody of that name offers it; the known ones are listed.
            ProviderNotConfigured: its key is missing, or nobody is set up.
        """
        plug = plugs.first(port, self) if provider is None else plugs.chosen(port, provider, where=where or port)
        return await plug.ports[port](self, **given)

    def models(self) -> "Models":
        """Return the models; nothing is opened before `Models.chat_model`."""
        # Over a second of processor time, which most runs and commands can do without.
        from agents.models import ModelChoice, Models
        from agents.price_file import PRICE_FILE

        settle_tracing()
        endpoints = {}
        for name, plug in plugs.model_providers().items():
            assert plug.chat is not None
            section, by = plug.settings(self), plug.chat.structured_by
            endpoints[name] = Endpoint(name, section.base_url, section.api_key, self.guard(name), section.timeout_s, by)
        chosen = self.read(plugs.ModelSettings)
        choices = {job: tuple(ModelChoice.parse(text) for text in named) for job, named in chosen.named().items()}
        prices = read_prices(Path(chosen.price_file) if chosen.price_file else PRICE_FILE, chosen.unpriced_usd_per_m)
        return Models(endpoints, choices, prices, chosen.max_tokens)


@dataclass(frozen=True, slots=True)
class Unshared(Outside):
    """The outside world asked for what costs nothing, with guards that share nothing: no Redis, no cost book."""

    limit_s: float = 30.0

    def guard(self, provider: str) -> Guard:
        """Return a guard for a single call."""
        return single_call_guard(provider, self.limit_s)[0]


@asynccontextmanager
async def unshared(of: Settings | None = None) -> AsyncIterator[Unshared]:
    """Open the outside world for what is neither paid nor limited, as a calendar."""
    async with AsyncExitStack() as stack:
        yield Unshared(of or settings(), NoStore(), None, stack)


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
        budgets = (*plugs.budgets(chosen), *more_budgets)
        ahead = {plug.name: plug.calls_ahead for plug in plugs.PLUGS if plug.calls_ahead > 1}
        book = await stack.enter_async_context(LedgerBook(engine, budgets, run_id, ahead))
        yield Outside(chosen, Store(redis, lost=LOST), book, stack)
