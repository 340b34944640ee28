"""Providers are off without a key; limits and budgets are read from text."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from core.errors import ConfigurationError, ProviderNotConfigured
from core.ledger.spend import Period, Unit
from core.settings.environment import Environment
from core.settings.settings import Settings
from integrations import plugs
from integrations.apollo.plug import ApolloSettings
from integrations.browserbase.plug import LinkedInSettings
from integrations.close.plug import CloseSettings
from integrations.langsmith.plug import LangSmithSettings
from integrations.plugs import BudgetSettings, ModelSettings


def test_nothing_is_configured_by_default() -> None:
    settings = Settings(Environment({}, {}))
    called = [plug for plug in plugs.PLUGS if plug.over_http]
    assert len(called) >= 9
    for plug in called:
        with pytest.raises(ProviderNotConfigured, match=f"{plug.name.upper()}_API_KEY"):
            plug.settings(settings).key()
    assert not settings.read(LinkedInSettings).enabled
    assert not settings.read(LangSmithSettings).tracing
    with pytest.raises(ConfigurationError, match="'models'; known are websites, close"):
        plugs.find("models")
    with pytest.raises(ConfigurationError, match="smtp is not called over HTTP"):
        plugs.find("smtp").settings(settings)


def test_a_key_is_never_shown() -> None:
    close = Environment({"CLOSE_API_KEY": "api_secret"}, {}).read(CloseSettings)
    assert close.key() == "api_secret"
    assert "api_secret" not in repr(close)


def test_limits_are_read() -> None:
    assert ApolloSettings(rate_limits=" minute=200/60, hour=600/3600").windows == (
        ("minute", 200, 60.0),
        ("hour", 600, 3600.0),
    )
    assert ApolloSettings(rate_limits="").windows == ()


@pytest.mark.parametrize("text", ["200", "minute=200", "minute=x/60", "minute=0/60", "=1/1"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="is no limit"):
        ApolloSettings(rate_limits=text)


def test_budgets_are_read() -> None:
    given = Environment({"BUDGET_MONTH_USD": "", "BUDGET_APOLLO_RUN_CREDITS": "0"}, {})
    budgets = {str(budget) for budget in given.read(BudgetSettings).budgets()}
    assert "0 credits a run for apollo" in budgets
    assert "1 usd a run" in budgets
    assert not any("usd a month" in budget for budget in budgets)
    found = BudgetSettings(run_usd=None, month_usd=None, day_usd=Decimal("2.5")).budgets()
    assert [(b.period, b.unit, b.limit) for b in found if b.provider is None] == [
        (Period.DAY, Unit.USD, Decimal("2.5"))
    ]


def test_models_are_named_by_job() -> None:
    named = ModelSettings(writing="anthropic:claude-haiku-4-5, cerebras:gpt-oss-120b").named()
    assert named["writing"] == ("anthropic:claude-haiku-4-5", "cerebras:gpt-oss-120b")
    assert "research" not in named
