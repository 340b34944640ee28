"""What models cost where a provider says so itself, where no price is known, and who is recorded as asked."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from agents.metering import TokenMeter
from agents.models import Job, ModelChoice
from core.ledger.prices import PriceList, TokenPrice
from core.ledger.spend import Cost
from tests.agents import test_models as asking
from tests.agents.test_models import ANTHROPIC, CEREBRAS, DEEPSEEK, HELLO, LOCAL, OFFERED, openai_answer
from tests.integrations.conftest import Reply

providers, models_of = asking.providers, asking.models_of


@pytest.mark.parametrize("choice", [DEEPSEEK, LOCAL, CEREBRAS, ANTHROPIC])
async def test_who_was_asked_is_recorded_and_not_who_made_the_protocol(providers, models_of, choice: str) -> None:
    provider = choice.partition(":")[0]
    providers.answers = {provider: [HELLO[choice]]}
    meter = TokenMeter()
    async with models_of(choice).chat_model(Job.QUALIFICATION) as model:
        answer = await model.ainvoke("hi", config={"callbacks": [meter]})
    assert answer.response_metadata["model_provider"] == provider
    assert meter.model.partition(":")[0] == provider


WORST = PriceList(date(2026, 11, 30), {}, worst=TokenPrice(Decimal(10), Decimal(10)))


async def test_openrouter_books_what_it_says_and_needs_no_price(providers, models_of, server, book) -> None:
    said = openai_answer("hello") | {"model": "any/model"}
    said["usage"] |= {"cost": 0.0123}
    providers.answers = {"openrouter": [Reply(body=said)]}
    choice = ModelChoice("openrouter", OFFERED["openrouter"])
    models = models_of(str(choice), prices=PriceList(date(2026, 11, 30), {}))
    far = replace(models.endpoints["openrouter"], base_url="https://openrouter.ai/api/v1")
    assert models.price(choice, far).input_usd > 0, "set aside until it has answered"
    async with models.chat_model(Job.QUALIFICATION) as model:
        await model.ainvoke("hi")
    assert book.events[-1] == ("settle", Cost(usd=Decimal("0.0123")))


async def test_what_deepseek_read_from_its_cache_costs_less(providers, models_of, book) -> None:
    said = openai_answer("hello")
    said["usage"] |= {"prompt_cache_hit_tokens": 15, "prompt_cache_miss_tokens": 5}
    providers.answers = {"deepseek": [Reply(body=said)]}
    price = TokenPrice(Decimal(100), Decimal(0), Decimal(1))
    prices = PriceList(date(2026, 11, 30), {("deepseek", "deepseek-flash"): price})
    async with models_of(DEEPSEEK, prices=prices).chat_model(Job.QUALIFICATION) as model:
        await model.ainvoke("hi")
    assert book.events[-1] == ("settle", Cost(usd=Decimal(5 * 100 + 15) / 1_000_000))


def test_a_model_without_a_price_has_the_stated_worst_case(models_of) -> None:
    models = models_of("deepseek:new-model", prices=WORST)
    far = replace(models.endpoints["deepseek"], base_url="https://api.deepseek.example")
    assert models.price(ModelChoice("deepseek", "new-model"), far) == WORST.worst
