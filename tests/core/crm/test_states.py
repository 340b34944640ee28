"""When a failing record is tried again, and what goes to the dead letters."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.crm.states import LONGEST_DISTANCE, distance, failure_of
from core.errors import CircuitOpen, LimitReached, Rejected, Unauthorized, Unavailable

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@given(st.integers(-5, 10_000))
def test_the_distance_grows_and_is_bounded(failures: int) -> None:
    assert timedelta(0) < distance(failures) <= distance(failures + 1) <= LONGEST_DISTANCE


def test_only_what_is_refused_goes_to_the_dead_letters() -> None:
    refused = failure_of(Rejected("close: 400", provider="close", status=400), 1, NOW)
    assert (refused.is_dead, refused.is_everybodys, refused.retry_at > NOW) == (True, False, True)
    lost = failure_of(Unavailable("close: 500", provider="close"), 3, NOW)
    assert (lost.is_dead, lost.retry_at) == (False, NOW + distance(3))


def test_the_providers_own_trouble_is_no_records() -> None:
    for error in (
        CircuitOpen("open", provider="close", until=NOW),
        Unauthorized("401", provider="close"),
        LimitReached("used up"),
    ):
        assert failure_of(error, 1, NOW).is_everybodys
