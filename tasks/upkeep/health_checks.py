"""A look at everything the installation works with: does it answer, and does it take our key?

Nothing is started, changed or paid for. All looks are taken at once, each with a time limit of its own, and none needs
any other part: a provider is asked without Redis and without the cost book.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from agents.models import ModelChoice
from core.crm.config import config_path
from core.errors import SalesAgentError
from core.ledger.spend import ZERO, Budget, Period, Unit
from core.settings import prefect_server
from core.settings.settings import Settings
from core.upkeep.health_checks import HealthCheck, HealthState, Knobs, failed, off, too_slow, wrong
from db.ledger.spend import counted
from db.schema import upgrade as schema
from db.server import embedded
from db.server.engine import open_engine, transaction
from db.server.redis import server_version
from integrations import plugs
from integrations.checking import left, unusable
from integrations.guards import NoStore, NotingLimiter, single_call_guard
from integrations.http import ProviderClient
from integrations.plug import Plug
from integrations.resilience.guard import Guard
from tasks.outreach import sending
from tasks.runtime.crm_offers import crm_config
from tasks.runtime.crm_opening import open_crm
from tasks.runtime.orchestration import server_url
from tasks.runtime.providers import Unshared

LIMIT_S = 5.0
"""Seconds one look may take."""
_OLDEST_POSTGRES = 15
_OLDEST_REDIS = 7

Look = Callable[[Settings], Awaitable[HealthCheck]]


@dataclass(frozen=True, slots=True)
class CheckedPart:
    """A part that is looked at, and the settings that advice names."""

    look: Look
    knobs: Knobs


async def examine(settings: Settings, *, limit_s: float = LIMIT_S) -> list[HealthCheck]:
    """Look at every part at once.

    Args:
        settings: what is set up.
        limit_s: seconds each look may take.

    Returns:
        One finding a part, servers first, always in the same order.
    """
    for plug in plugs.PLUGS:
        if plug.check is not None and plug.off_because(settings) is None:
            plug.load()
    return list(await asyncio.gather(*(_bounded(name, part, settings, limit_s) for name, part in _parts().items())))


async def _bounded(name: str, part: CheckedPart, settings: Settings, limit_s: float) -> HealthCheck:
    began = time.monotonic()
    try:
        async with asyncio.timeout(limit_s):
            found = await part.look(settings)
    except TimeoutError:
        found = too_slow(name, limit_s, part.knobs)
    except SalesAgentError as error:
        found = failed(name, error, part.knobs)
    return replace(found, seconds=time.monotonic() - began)


async def _postgres(settings: Settings) -> HealthCheck:
    if settings.postgres.url is not None:
        url = settings.postgres.url.get_secret_value()
    elif (running := embedded.status(settings.home)["postgres"]) is not None:
        url = running
    else:
        return off("postgres", "a private PostgreSQL, started when it is first needed")
    found = await schema.state_of(url, connect_timeout_s=int(LIMIT_S))
    version = f"PostgreSQL {found.server_version}"
    if found.major_version < _OLDEST_POSTGRES:
        return wrong("postgres", f"{version} is too old", f"use PostgreSQL {_OLDEST_POSTGRES} or later")
    if found.revision is None:
        return wrong("postgres", f"{version}, no tables yet", "run `sales-agent db upgrade`")
    if found.revision not in found.known:
        return wrong("postgres", f"{version}, tables of a newer version", "install that version of sales-agent")
    if found.revision != found.known[-1]:
        return wrong("postgres", f"{version}, tables of an older version", "run `sales-agent db upgrade`")
    return HealthCheck("postgres", HealthState.OK, f"{version}, tables at {found.revision}", is_reachable=True)


async def _redis(settings: Settings) -> HealthCheck:
    if settings.redis.url is not None:
        url = settings.redis.url.get_secret_value()
    elif (running := embedded.status(settings.home)["redis"]) is not None:
        url = running
    else:
        return off("redis", "a private Valkey, started when it is first needed")
    version = await server_version(url)
    if int(version.partition(".")[0]) < _OLDEST_REDIS:
        return wrong("redis", f"Redis {version} is too old", f"use Redis {_OLDEST_REDIS} or later, or Valkey")
    return HealthCheck("redis", HealthState.OK, f"speaks Redis {version}", is_reachable=True)


async def _prefect(settings: Settings) -> HealthCheck:
    url = settings.prefect.api_url or await asyncio.to_thread(server_url)
    if url is None:
        return off("prefect", "no server: flows run without one; `sales-agent up` starts one")
    login = prefect_server.login(settings, url)
    user, _, password = (login or "").partition(":")
    guard, _ = single_call_guard("prefect", LIMIT_S)
    async with ProviderClient(url, guard, auth=(user, password) if login else None) as server:
        version = (await server.request("GET", "/admin/version")).body
    return HealthCheck("prefect", HealthState.OK, f"Prefect {version}", is_reachable=True)


def _named(settings: Settings) -> list[tuple[str, ModelChoice]]:
    """Return every job with every model named for it. Raises ConfigurationError."""
    named = settings.read(plugs.ModelSettings).named()
    return [(job, ModelChoice.parse(text)) for job, texts in named.items() for text in texts]


@dataclass(frozen=True, slots=True)
class _Examination(Unshared):
    """The outside world asked once (`integrations.plug.Examination`); remembers what headers say of limits."""

    limiters: dict[str, NotingLimiter] = field(default_factory=dict)

    def guard(self, provider: str) -> Guard:
        """Return a guard for a single call."""
        guard, self.limiters[provider] = single_call_guard(provider, self.limit_s)
        return guard

    def limits(self, provider: str) -> dict[str, str]:
        """Return window to what its headers say is left."""
        return {
            f"calls this {name}" if name in ("minute", "hour", "day") else name: left(seen.remaining, seen.limit)
            for name, seen in self.limiters[provider].noted.items()
            if seen.remaining is not None
        }

    def models_named(self, provider: str) -> list[str]:
        """Return the models of a provider that the settings name, sorted. Raises ConfigurationError."""
        return sorted({choice.model for _, choice in _named(self.settings) if choice.provider == provider})


def _plugged(plug: Plug) -> CheckedPart:
    """Return the look at a provider, as its plug has it."""

    async def look(settings: Settings) -> HealthCheck:
        if (why := plug.off_because(settings)) is not None:
            return off(plug.name, why)
        assert plug.check is not None
        async with AsyncExitStack() as stack:
            found = await plug.check(_Examination(settings, NoStore(), None, stack, LIMIT_S))
        return await _paused(found, settings) if "mail" in plug.ports else found

    return CheckedPart(look, plug.own_knobs())


async def _paused(found: HealthCheck, settings: Settings) -> HealthCheck:
    """Return what was found of a mail server, or that sending through it is paused."""
    url = await _own_database(settings) if found.state is HealthState.OK else None
    pause = await sending.pause_of(sending.mail_server(settings), url) if url is not None else None
    if pause is None:
        return found
    since = f"sending is paused since {pause.since:%Y-%m-%d %H:%M} UTC: {pause.reason}"
    advice = f"mend that at the mail server; one message tries again after {pause.retry_at:%Y-%m-%d %H:%M} UTC"
    return wrong(found.name, since, advice)


async def _models(settings: Settings) -> HealthCheck:
    """Look whether each job has a model that can be used; asks nobody."""
    providers = plugs.model_providers()
    with_key = [name for name, plug in providers.items() if plug.off_because(settings) is None]
    if not with_key:
        return off("models", "no provider of models has a key")
    async with AsyncExitStack() as stack:
        models = _Examination(settings, NoStore(), None, stack).models()
    usable: dict[str, list[str]] = {job: [] for job in settings.read(plugs.ModelSettings).named()}
    for job, choice in _named(settings):
        endpoint = models.endpoints.get(choice.provider)
        if endpoint is None:
            return unusable("models", f"there is no provider {choice.provider}", f"use one of {', '.join(providers)}")
        if endpoint.api_key is not None:
            models.price(choice, endpoint)
            usable[job].append(str(choice))
    without = [job for job, found in usable.items() if not found]
    if without:
        keys = ", ".join(with_key)
        settable = ", ".join(f"MODELS_{job.upper()}" for job in without)
        return unusable("models", f"no usable model for: {', '.join(without)}", f"name models of {keys} in {settable}")
    said = "; ".join(f"{job}: {', '.join(found)}" for job, found in usable.items())
    return HealthCheck("models", HealthState.OK, said)


async def _budgets(settings: Settings) -> HealthCheck:
    """Look what is left of the budgets of this day and month."""
    budgets = [budget for budget in plugs.budgets(settings) if budget.period is not Period.RUN]
    if not budgets:
        return off("budgets", "no BUDGET_... of a day or a month is set")
    url = await _own_database(settings)
    if url is None:
        return off("budgets", "nothing was spent yet: there is no database of this version")
    engine = open_engine(url, connect_timeout_s=int(LIMIT_S))
    try:
        async with transaction(engine) as connection:
            now = datetime.now(UTC)
            rests = {budget: budget.limit - await counted(connection, budget, now=now) for budget in budgets}
    finally:
        await engine.dispose()
    limits = {_spelt(budget): left(f"{max(rest, ZERO):.2f}", budget.limit) for budget, rest in rests.items()}
    used_up = [_spelt(budget) for budget, rest in rests.items() if rest <= 0]
    said = f"used up: {', '.join(used_up)}; what needs them is due later" if used_up else "there is room in all of them"
    return HealthCheck("budgets", HealthState.OK, said, limits=limits)


def _spelt(budget: Budget) -> str:
    unit = "US dollars" if budget.unit is Unit.USD else budget.called
    return " ".join(filter(None, (budget.provider, unit, f"this {budget.period}")))


async def _own_database(settings: Settings) -> str | None:
    """Return the address of our database where it runs and has the tables of this version, else None."""
    url = settings.postgres.url.get_secret_value() if settings.postgres.url else None
    url = url or embedded.status(settings.home)["postgres"]
    if url is None:
        return None
    found = await schema.state_of(url, connect_timeout_s=int(LIMIT_S))
    return url if found.revision == found.known[-1] else None


async def _crm(settings: Settings) -> HealthCheck:
    """Look which CRM is kept in step, and whether `crm.yaml` can be read; the CRM's own look asks it."""
    config = crm_config(settings)
    plug = plugs.chosen("crm", config.provider, where="crm.yaml")
    if (why := plug.off_because(settings)) is not None:
        return off("crm", f"no CRM: {why}, and crm.yaml names no other")
    if plug.check is None:
        async with open_crm(config) as crm:
            complaint = await crm.check()
        if complaint is not None:
            return unusable("crm", complaint.detail, complaint.advice)
    path = config_path(settings)
    return HealthCheck(
        "crm", HealthState.OK, f"{config.provider}, as {path.name if path else 'the example crm.yaml'} says"
    )


def _parts() -> dict[str, CheckedPart]:
    """Return every part: our own servers, what is configured, then the providers as the plugs list them."""
    budgets, models = Knobs("BUDGET_...", "BUDGET_..."), Knobs("MODELS_...", "MODELS_...")
    return {
        "postgres": CheckedPart(_postgres, Knobs("POSTGRES_URL", "POSTGRES_URL")),
        "redis": CheckedPart(_redis, Knobs("REDIS_URL", "REDIS_URL")),
        "prefect": CheckedPart(_prefect, Knobs("PREFECT_API_URL", "PREFECT_API_AUTH_STRING")),
        "budgets": CheckedPart(_budgets, budgets),
        "crm": CheckedPart(_crm, Knobs("crm.yaml", "crm.yaml")),
        **{plug.name: _plugged(plug) for plug in plugs.PLUGS if plug.check is not None},
        "models": CheckedPart(_models, models),
    }
