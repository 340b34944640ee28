"""Money is exact, never negative, never a float."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ledger.spend import FREE, Budget, Cost, Period, Unit, total

AMOUNTS = st.decimals(0, 1_000_000, places=10)
COSTS = st.builds(Cost, AMOUNTS, AMOUNTS)


@given(a=COSTS, b=COSTS, c=COSTS)
def test_costs_add_exactly(a: Cost, b: Cost, c: Cost) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + FREE == a
    assert (a + b) - b == a
    assert total([a, b, c]) == a + b + c
    assert (a + b).covers(a)


@given(cost=COSTS, count=st.integers(0, 1000))
def test_times_is_repeated_addition(cost: Cost, count: int) -> None:
    assert cost.times(count) == Cost(cost.usd * count, cost.credits * count)


@pytest.mark.parametrize("amount", [Decimal(-1), Decimal("NaN"), Decimal("Infinity"), 1.5, 1])
def test_only_finite_positive_decimals_are_money(amount: object) -> None:
    with pytest.raises(ValueError, match="finite Decimal"):
        Cost(usd=amount)


def test_fractions_of_a_place_are_rounded_up() -> None:
    assert Cost(usd=Decimal("1e-11")).usd == Decimal("1e-10")


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1 < moment.year < 9999))
def test_spans_hold_their_moment_and_meet(now: datetime) -> None:
    for period in (Period.DAY, Period.MONTH):
        budget = Budget(period, Unit.USD, Decimal(1))
        start, end = budget.span(now)
        assert start <= now < end
        assert budget.span(end)[0] == end
        assert budget.span(end - timedelta(microseconds=1)) == (start, end)


def test_days_are_counted_in_utc() -> None:
    evening = datetime(2026, 3, 31, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert Budget(Period.MONTH, Unit.USD, Decimal(1)).span(evening)[0] == datetime(2026, 4, 1, tzinfo=UTC)


def test_a_budget_counts_what_it_is_about() -> None:
    run = uuid4()
    everything = Budget(Period.DAY, Unit.USD, Decimal(1))
    of_run = Budget(Period.RUN, Unit.CREDITS, Decimal(1), provider="acme")
    assert everything.is_about("acme", None)
    assert of_run.is_about("acme", run)
    assert not of_run.is_about("other", run)
    assert not of_run.is_about("acme", None)
    with pytest.raises(ValueError, match="names its provider"):
        Budget(Period.DAY, Unit.CREDITS, Decimal(1))
    with pytest.raises(ValueError, match="negative"):
        Budget(Period.DAY, Unit.USD, Decimal(-1))
