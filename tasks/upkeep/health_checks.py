"""A look at everything the installation works with: does it answer, and does it take our key?

Nothing is started, changed or paid for. All looks are taken at once, each with a time limit of its own, and none needs
any other part: a provider is asked without Redis and without the cost book.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from agents.models import Endpoint, ModelChoice, offered_models
from core.crm.config import config_path
from core.errors import Gone, Rejected, SalesAgentError
from core.ledger.spend import ZERO, Budget, Period, Unit
from core.outreach.delivery import Stage
from core.settings import prefect_server
from core.settings.providers import MODEL_PROVIDERS
from core.settings.settings import Settings
from core.upkeep.health_checks import Checkup, State, failed, off, too_slow, wrong
from db.ledger.spend import counted
from db.schema import upgrade as schema
from db.server import embedded
from db.server.engine import open_engine, transaction
from db.server.redis import server_version
from integrations.browserbase.linkedin import has_browser_driver
from integrations.close.crm import CloseCRM
from integrations.guards import NoStore, NotingLimiter, single_call_guard
from integrations.http import ProviderClient
from integrations.langsmith.client import LangSmithClient
from integrations.model_list import ModelListClient
from integrations.resilience.guard import Guard
from integrations.smtp.client import look as look_at_mail
from tasks.outreach import sending
from tasks.runtime.crm_offers import CRMS, crm_config
from tasks.runtime.crm_opening import open_crm
from tasks.runtime.orchestration import server_url
from tasks.runtime.providers import Outside

LIMIT_S = 5.0
"""Seconds one look may take."""
_OLDEST_POSTGRES = 15
_OLDEST_REDIS = 7

Look = Callable[[Settings], Awaitable[Checkup]]


async def examine(settings: Settings, *, limit_s: float = LIMIT_S) -> list[Checkup]:
    """Look at every part at once.

    Args:
        settings: what is set up.
        limit_s: seconds each look may take.

    Returns:
        One finding a part, servers first, always in the same order.
    """
    return list(await asyncio.gather(*(_bounded(name, look, settings, limit_s) for name, look in _LOOKS.items())))


async def _bounded(name: str, look: Look, settings: Settings, limit_s: float) -> Checkup:
    began = time.monotonic()
    try:
        async with asyncio.timeout(limit_s):
            found = await look(settings)
    except TimeoutError:
        found = too_slow(name, limit_s)
    except SalesAgentError as error:
        found = failed(name, error)
    return replace(found, seconds=time.monotonic() - began)


async def _postgres(settings: Settings) -> Checkup:
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
    return Checkup("postgres", State.OK, f"{version}, tables at {found.revision}", is_reachable=True)


async def _redis(settings: Settings) -> Checkup:
    if settings.redis.url is not None:
        url = settings.redis.url.get_secret_value()
    elif (running := embedded.status(settings.home)["redis"]) is not None:
        url = running
    else:
        return off("redis", "a private Valkey, started when it is first needed")
    version = await server_version(url)
    if int(version.partition(".")[0]) < _OLDEST_REDIS:
        return wrong("redis", f"Redis {version} is too old", f"use Redis {_OLDEST_REDIS} or later, or Valkey")
    return Checkup("redis", State.OK, f"speaks Redis {version}", is_reachable=True)


async def _prefect(settings: Settings) -> Checkup:
    url = settings.prefect.api_url or await asyncio.to_thread(server_url)
    if url is None:
        return off("prefect", "no server: flows run without one; `sales-agent up` starts one")
    login = prefect_server.login(settings, url)
    user, _, password = (login or "").partition(":")
    guard, _ = single_call_guard("prefect", LIMIT_S)
    async with ProviderClient(url, guard, auth=(user, password) if login else None) as server:
        version = (await server.request("GET", "/admin/version")).body
    return Checkup("prefect", State.OK, f"Prefect {version}", is_reachable=True)


@dataclass(frozen=True, slots=True)
class _Examined(Outside):
    """The outside world asked once, with guards that share nothing and remember what headers say of limits."""

    limiters: dict[str, NotingLimiter] = field(default_factory=dict)

    def guard(self, provider: str) -> Guard:
        """Return a guard for a single call."""
        guard, self.limiters[provider] = single_call_guard(provider, LIMIT_S)
        return guard

    def limits(self, provider: str) -> dict[str, str]:
        """Return window to what its headers say is left."""
        return {
            f"calls this {name}" if name in ("minute", "hour", "day") else name: _left(seen.remaining, seen.limit)
            for name, seen in self.limiters[provider].noted.items()
            if seen.remaining is not None
        }


def _left(remaining: object, limit: object) -> str:
    return str(remaining) if limit is None else f"{remaining} of {limit}"


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a provider that took the key said: limits beyond those of its headers, models, and what is wrong."""

    limits: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, bool] = field(default_factory=dict)
    complaint: str = ""
    advice: str = ""


Ask = Callable[[_Examined], Awaitable[_Heard]]
"""Ask a provider something that costs nothing."""


def _provider(name: str, ask: Ask) -> Look:
    """Return the look at a provider that is on when it has a key."""

    async def look(settings: Settings) -> Checkup:
        if settings.providers.section(name).api_key is None:
            return off(name, f"{name.upper()}_API_KEY is not set")
        async with AsyncExitStack() as stack:
            world = _Examined(settings, NoStore(), None, stack)
            heard = await ask(world)
        return Checkup(
            name,
            State.FAILED if heard.complaint else State.OK,
            heard.complaint or "key accepted",
            heard.advice,
            is_reachable=True,
            is_key_accepted=True,
            limits={**world.limits(name), **heard.limits},
            models=heard.models,
        )

    return look


async def _ask_close(world: _Examined) -> _Heard:
    complaint = await CloseCRM(await world.close()).check()
    return _Heard() if complaint is None else _Heard(complaint=complaint.detail, advice=complaint.advice)


async def _ask_apollo(world: _Examined) -> _Heard:
    profile = await (await world.apollo()).profile()
    left = profile.credits_left
    return _Heard() if left is None else _Heard({"credits": _left(left, profile.effective_num_lead_credits)})


async def _ask_browserbase(world: _Examined) -> _Heard:
    running = len(await (await world.browserbase()).running_sessions())
    allowed = world.settings.providers.browserbase.concurrency
    return _Heard({"sessions": _left(max(allowed - running, 0), allowed)})


async def _ask_cartesia(world: _Examined) -> _Heard:
    client, voice = await world.cartesia(), world.settings.providers.cartesia.voice_id
    await client.voices()
    if voice is None:
        return _Heard()
    try:
        await client.has_voice(voice)
    except (Gone, Rejected):
        return _Heard(complaint="it has no voice of this id", advice="set CARTESIA_VOICE_ID to one the key may use")
    return _Heard()


def _ask_models(name: str) -> Ask:
    async def ask(world: _Examined) -> _Heard:
        endpoint = world.models().endpoints[name]
        limits = await _dollars(endpoint) if name == "openrouter" else {}
        offered = await offered_models(endpoint)
        named = sorted({choice.model for _, choice in _named(world.settings) if choice.provider == name})
        models = {model: model in offered for model in named}
        missing = [model for model, is_offered in models.items() if not is_offered]
        if not missing:
            return _Heard(limits, models)
        some = ", ".join(offered[:5]) or "none"
        return _Heard(limits, models, f"it offers no model {', '.join(missing)}", f"name others in MODELS_...: {some}")

    return ask


async def _dollars(endpoint: Endpoint) -> dict[str, str]:
    """Ask OpenRouter about the key, because its list of models is open to everyone."""
    key = endpoint.api_key.get_secret_value() if endpoint.api_key else ""
    headers = {"Authorization": f"Bearer {key}"}
    async with ModelListClient(endpoint.base_url, endpoint.guard, headers=headers) as client:
        left, limit = await client.key_usd()
    return {} if left is None else {"US dollars": _left(left, limit)}


def _named(settings: Settings) -> list[tuple[str, ModelChoice]]:
    """Return every job with every model named for it. Raises ConfigurationError."""
    named = settings.providers.models.named()
    return [(job, ModelChoice.parse(text)) for job, texts in named.items() for text in texts]


async def _models(settings: Settings) -> Checkup:
    """Look whether each job has a model that can be used; asks nobody."""
    providers = settings.providers.model_providers()
    if all(section.api_key is None for section in providers.values()):
        return off("models", "no provider of models has a key")
    async with AsyncExitStack() as stack:
        models = _Examined(settings, NoStore(), None, stack).models()
    usable: dict[str, list[str]] = {job: [] for job in settings.providers.models.named()}
    for job, choice in _named(settings):
        endpoint = models.endpoints.get(choice.provider)
        if endpoint is None:
            return _unusable("models", f"there is no provider {choice.provider}", f"use one of {', '.join(providers)}")
        if endpoint.api_key is not None:
            models.price(choice, endpoint)
            usable[job].append(str(choice))
    without = [job for job, found in usable.items() if not found]
    if without:
        keys = ", ".join(name for name, section in providers.items() if section.api_key is not None)
        settable = ", ".join(f"MODELS_{job.upper()}" for job in without)
        return _unusable("models", f"no usable model for: {', '.join(without)}", f"name models of {keys} in {settable}")
    said = "; ".join(f"{job}: {', '.join(found)}" for job, found in usable.items())
    return Checkup("models", State.OK, said)


def _unusable(name: str, detail: str, advice: str) -> Checkup:
    return Checkup(name, State.FAILED, detail, advice)


async def _budgets(settings: Settings) -> Checkup:
    """Look what is left of the budgets of this day and month."""
    budgets = [budget for budget in settings.providers.budget.budgets() if budget.period is not Period.RUN]
    if not budgets:
        return off("budgets", "no BUDGET_... of a day or a month is set")
    url = await _own_database(settings)
    if url is None:
        return off("budgets", "nothing was spent yet: there is no database of this version")
    engine = open_engine(url, connect_timeout_s=int(LIMIT_S))
    try:
        async with transaction(engine) as connection:
            now = datetime.now(UTC)
            left = {budget: budget.limit - await counted(connection, budget, now=now) for budget in budgets}
    finally:
        await engine.dispose()
    limits = {_spelt(budget): _left(f"{max(rest, ZERO):.2f}", budget.limit) for budget, rest in left.items()}
    used_up = [_spelt(budget) for budget, rest in left.items() if rest <= 0]
    said = f"used up: {', '.join(used_up)}; what needs them is due later" if used_up else "there is room in all of them"
    return Checkup("budgets", State.OK, said, limits=limits)


def _spelt(budget: Budget) -> str:
    unit = "US dollars" if budget.unit is Unit.USD else "credits"
    return " ".join(filter(None, (budget.provider, unit, f"this {budget.period}")))


async def _smtp(settings: Settings) -> Checkup:
    """Look whether the mail server greets us and lets us log in, and whether sending is paused; sends nothing."""
    if not settings.outreach.smtp.host:
        return off("smtp", "SMTP_HOST is not set")
    server = sending.mail_server(settings.outreach.smtp)
    trouble = await look_at_mail(server)
    if trouble is not None:
        advice = "mend that; approved messages wait for it until they expire"
        is_reachable = trouble.stage is not Stage.CONNECT
        return Checkup("smtp", State.FAILED, trouble.detail, advice, is_reachable=is_reachable)
    url = await _own_database(settings)
    pause = await sending.pause_of(server, url) if url is not None else None
    if pause is not None:
        since = f"sending is paused since {pause.since:%Y-%m-%d %H:%M} UTC: {pause.reason}"
        advice = f"mend that at the mail server; one message tries again after {pause.retry_at:%Y-%m-%d %H:%M} UTC"
        return wrong("smtp", since, advice)
    return Checkup("smtp", State.OK, "it greets and lets us in", is_reachable=True)


async def _own_database(settings: Settings) -> str | None:
    """Return the address of our database where it runs and has the tables of this version, else None."""
    url = settings.postgres.url.get_secret_value() if settings.postgres.url else None
    url = url or embedded.status(settings.home)["postgres"]
    if url is None:
        return None
    found = await schema.state_of(url, connect_timeout_s=int(LIMIT_S))
    return url if found.revision == found.known[-1] else None


async def _linkedin(settings: Settings) -> Checkup:
    """Look whether visits could be made; none is."""
    if not settings.providers.linkedin.enabled:
        return off("linkedin", "LINKEDIN_ENABLED is not set")
    if settings.providers.browserbase.api_key is None:
        advice = "set BROWSERBASE_API_KEY, or LINKEDIN_ENABLED=false"
        return _unusable("linkedin", "it needs Browserbase, which has no key", advice)
    if not has_browser_driver():
        return _unusable("linkedin", "Playwright is missing", "install sales-agent with its extra 'browser'")
    return Checkup("linkedin", State.OK, f"switched on, {settings.providers.linkedin.pages_a_day} pages a day at most")


async def _crm(settings: Settings) -> Checkup:
    """Look which CRM is kept in step, and whether `crm.yaml` can be read; the provider's own look asks it."""
    config = crm_config(settings)
    missing = CRMS[config.provider].missing(settings.read)
    if missing is not None:
        return off("crm", f"no CRM: {missing}, and crm.yaml names no other")
    if config.provider not in _LOOKS:
        async with open_crm(config) as crm:
            complaint = await crm.check()
        if complaint is not None:
            return _unusable("crm", complaint.detail, complaint.advice)
    path = config_path(settings)
    return Checkup("crm", State.OK, f"{config.provider}, as {path.name if path else 'the example crm.yaml'} says")


async def _langsmith(settings: Settings) -> Checkup:
    section = settings.providers.langsmith
    if not section.tracing:
        return off("langsmith", "LANGSMITH_TRACING is not set")
    if section.api_key is None:
        advice = "set LANGSMITH_API_KEY, or LANGSMITH_TRACING=false"
        return _unusable("langsmith", "it is switched on and has no key", advice)
    guard, _ = single_call_guard("langsmith", LIMIT_S)
    async with LangSmithClient(section.endpoint, section.api_key.get_secret_value(), guard) as client:
        await client.projects()
    return Checkup("langsmith", State.OK, "key accepted", is_reachable=True, is_key_accepted=True)


_LOOKS: dict[str, Look] = {
    "postgres": _postgres,
    "redis": _redis,
    "prefect": _prefect,
    "budgets": _budgets,
    "crm": _crm,
    "close": _provider("close", _ask_close),
    "apollo": _provider("apollo", _ask_apollo),
    "browserbase": _provider("browserbase", _ask_browserbase),
    "linkedin": _linkedin,
    "smtp": _smtp,
    **{name: _provider(name, _ask_models(name)) for name in MODEL_PROVIDERS},
    "models": _models,
    "cartesia": _provider("cartesia", _ask_cartesia),
    "langsmith": _langsmith,
}
