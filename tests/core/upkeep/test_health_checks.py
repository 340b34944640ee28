"""What an error says about a part, and that nothing a provider wrote is repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import errors
from core.upkeep.health_checks import HealthState, Knobs, failed, too_slow

WORDS = "what they wrote"
KINDS = [
    (errors.Unauthorized, 401, True, False),
    (errors.PaymentRequired, 402, True, True),
    (errors.RateLimited, 429, True, None),
    (errors.Rejected, 400, True, None),
    (errors.Gone, 404, True, None),
    (errors.UnexpectedAnswer, 302, True, None),
    (errors.Unavailable, 503, True, None),
    (errors.Unavailable, 200, True, None),
    (errors.Unavailable, None, False, None),
    (errors.Timeout, None, False, None),
]


ACME = Knobs("ACME_BASE_URL", "ACME_API_KEY")


@pytest.mark.parametrize(("kind", "status", "is_reachable", "is_accepted"), KINDS)
def test_every_kind_of_error_has_a_verdict_and_advice(kind, status, is_reachable, is_accepted) -> None:
    found = failed("acme", kind(WORDS, provider="acme", status=status), ACME)
    assert (found.state, found.is_reachable, found.is_key_accepted) == (HealthState.FAILED, is_reachable, is_accepted)
    assert found.detail
    assert found.advice
    assert WORDS not in str(found.as_json())


@given(st.sampled_from(KINDS), st.text())
def test_no_word_of_a_provider_is_repeated(kind, said: str) -> None:
    error, status, *_ = kind
    first = failed("acme", error(said, provider="acme", status=status), ACME)
    assert first == failed("acme", error("", provider="acme", status=status), ACME)


def test_advice_names_the_settings_that_there_are() -> None:
    assert "ACME_BASE_URL" in too_slow("acme", 5, ACME).advice
    assert "ACME_API_KEY" in failed("acme", errors.Unauthorized(WORDS, provider="acme", status=401), ACME).advice
