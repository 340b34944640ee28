"""What is tried again, and after how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    CircuitOpen,
    Gone,
    LimitReached,
    ProviderError,
    RateLimited,
    Rejected,
    Timeout,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
)
from integrations.resilience.retry import STRATEGIES, RetryPolicy, is_ambiguous, retrying

POLICY = RetryPolicy(retries=3, base_s=1.0, ceiling_s=60.0)


@given(retry=st.integers(1, 50), draw=st.floats(0, 1), asked=st.none() | st.floats(0, 60))
def test_waits_stay_between_what_was_asked_and_the_ceiling(retry: int, draw: float, asked: float | None) -> None:
    wait_s = POLICY.wait_s(retry, RateLimited("slow", provider="acme", retry_after_s=asked), lambda: draw)
    assert (asked or 0) <= wait_s <= 60
    if asked is None:
        assert wait_s <= 2.0 ** (retry - 1)


@pytest.mark.parametrize("name", STRATEGIES)
def test_named_strategies_keep_the_product_s_bounds(name: str) -> None:
    strategy = STRATEGIES[name]
    assert 1 <= strategy.retries <= 3
    assert 1 <= strategy.base_s <= 2
    assert strategy.ceiling_s == 60


CASES = [
    (Unavailable("x", provider="p"), True, False),
    (Unavailable("x", provider="p", was_sent=False), True, True),
    (Unavailable("x", provider="p", retry_after_s=3600), False, False),
    (Timeout("x", provider="p"), True, False),
    (RateLimited("x", provider="p", retry_after_s=3), True, True),
    (RateLimited("x", provider="p", retry_after_s=3600), False, False),
    (CircuitOpen("x", provider="p", until=None), False, False),
    (Rejected("x", provider="p"), False, False),
    (Unauthorized("x", provider="p"), False, False),
    (Gone("x", provider="p"), False, False),
    (UnexpectedAnswer("x", provider="p"), False, False),
    (LimitReached("x"), False, False),
    (ValueError("a bug"), False, False),
]


@pytest.mark.parametrize(("error", "if_repeatable", "if_not"), CASES, ids=lambda c: type(c).__name__)
def test_only_what_can_get_better_is_tried_again(error: Exception, if_repeatable: bool, if_not: bool) -> None:
    assert POLICY.is_worth(error, may_repeat=True) is if_repeatable
    assert POLICY.is_worth(error, may_repeat=False) is if_not


def test_a_refusal_is_never_ambiguous() -> None:
    assert not is_ambiguous(RateLimited("x", provider="p"))
    assert not is_ambiguous(Rejected("x", provider="p"))
    assert is_ambiguous(UnexpectedAnswer("x", provider="p"))


@pytest.mark.parametrize("failures", range(5))
async def test_tries_as_often_as_the_policy_says(failures: int) -> None:
    policy = RetryPolicy(retries=3, base_s=0.0)
    calls = 0

    async def attempt() -> str:
        nonlocal calls
        calls += 1
        if calls <= failures:
            raise Unavailable("down", provider="acme")
        return "done"

    def worth(error: BaseException) -> bool:
        return isinstance(error, ProviderError)

    if failures > 3:
        with pytest.raises(Unavailable):
            await retrying(attempt, policy, is_worth=worth)
    else:
        assert await retrying(attempt, policy, is_worth=worth) == "done"
    assert calls == min(failures, 3) + 1
