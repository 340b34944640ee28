"""What a person may write as a run's budget."""

from decimal import Decimal

import pytest
import typer

from app.commands.enrich import budgets_of
from integrations.plugs import own_units


def test_a_budget_is_in_any_unit_that_somebody_is_paid_in() -> None:
    assert budgets_of(["5 usd", "7 Credits", "1 call", "1 session"]) == {
        "budget_usd": Decimal(5),
        "budget_credits": Decimal(7),
        "budget_calls": Decimal(1),
        "budget_units": {"sessions": Decimal(1)},
    }
    assert all(budgets_of([f"2.5 {word}"]) for word in own_units())


@pytest.mark.parametrize("text", ["5", "usd", "5 stamps", "-5 usd", "5 usd more"])
def test_what_is_no_budget_is_answered_with_those_that_are(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r'is no budget: write "5 usd", .*"100 sessions".* or "100 calls"$'):
        budgets_of([text])


def test_half_a_call_is_no_call() -> None:
    with pytest.raises(typer.BadParameter, match="whole number"):
        budgets_of(["1.5 calls"])
