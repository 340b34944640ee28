"""From settings to clients that work, and to a settled ledger at the end."""

from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from agents.models import Job
from core.errors import BudgetExhausted, ProviderNotConfigured
from core.settings.settings import Settings
from db.ledger import spend
from db.server.engine import open_engine, transaction
from integrations import plugs
from integrations.apollo.client import PersonQuery
from integrations.apollo.plug import ApolloSettings
from integrations.browserbase.plug import LinkedInSettings
from integrations.cerebras.plug import CerebrasSettings
from integrations.close.plug import CloseSettings
from integrations.plugs import BudgetSettings
from tasks.runtime.providers import outside
from tests.integrations.conftest import Reply, ScriptedServer, server
from tests.integrations.test_cerebras import completion

__all__ = ["server"]

ANA = {"id": "p1", "name": "Ana Sample", "title": "CFO", "organization": {"name": "Fernhill Tools"}}


@pytest.fixture
def configured(home: Path, server: ScriptedServer) -> Settings:
    chosen = Settings()
    key = SecretStr("key-secret")
    chosen.use(CloseSettings(api_key=key, base_url=server.url))
    chosen.use(ApolloSettings(api_key=key, base_url=server.url))
    chosen.use(CerebrasSettings(api_key=key, base_url=server.url))
    chosen.use(BudgetSettings(apollo_run_credits=Decimal(2)))
    return chosen


async def test_without_keys_everything_is_off(home: Path, database: str) -> None:
    async with outside(of=Settings(), database=database) as world:
        opened = [plug for plug in plugs.PLUGS if plug.client is not None]
        assert len(opened) >= 5
        for plug in opened:
            with pytest.raises(ProviderNotConfigured):
                await world.client(plug)
        with pytest.raises(ProviderNotConfigured, match="cerebras has no key"):
            async with world.models().chat_model(Job.QUALIFICATION):
                pass


async def test_linkedin_needs_its_switch_and_browserbase(configured: Settings, database: str) -> None:
    configured.use(LinkedInSettings(enabled=True))
    async with outside(of=configured, database=database) as world:
        with pytest.raises(ProviderNotConfigured, match="BROWSERBASE_API_KEY"):
            await world.client(plugs.find("linkedin"))


async def test_clients_work_within_the_run_s_budget(
    configured: Settings, database: str, server: ScriptedServer
) -> None:
    run_id = uuid4()
    async with outside(run_id, of=configured, database=database) as world:
        server.then(Reply(body={"id": "user_1"}))
        assert (await (await world.client(plugs.find("close"))).me()).id == "user_1"
        apollo = await world.client(plugs.find("apollo"))
        server.then(Reply(body={"person": ANA}), Reply(body={"person": None}), Reply(body={"person": ANA}))
        for name in ("Ana Sample", "Nobody", "Ana Sample"):
            await apollo.match_person(PersonQuery(name=name))
        with pytest.raises(BudgetExhausted, match="2 credits a run for apollo"):
            await apollo.match_person(PersonQuery(name="Ana Sample"))
        server.then(
            Reply(
                body={
                    "object": "list",
                    "data": [{"id": "gpt-oss-120b", "object": "model", "created": 0, "owned_by": "x"}],
                }
            )
        )
        server.then(Reply(body=completion(content="hello")))
        async with world.models().chat_model(Job.RESEARCH) as model:
            assert (await model.ainvoke("Say hello")).text == "hello"
    engine = open_engine(database)
    async with transaction(engine) as connection:
        spent = await spend.by_provider(connection, run_id)
    await engine.dispose()
    assert spent["apollo"].cost.credits == 2
    assert spent["cerebras"].cost.usd == Decimal("0.00007275")
