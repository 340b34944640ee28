from hypothesis import given
from hypothesis import strategies as st

from sandbox.limits import FixedWindows, TokenBucket

GAPS = st.lists(st.floats(0, 2), max_size=60)


@given(GAPS, st.integers(1, 10), st.floats(0.5, 20))
def test_a_bucket_never_gives_more_than_it_holds_and_gains(gaps, capacity, rate):
    bucket, now, given_out = TokenBucket(capacity, rate, 0.0), 0.0, 0
    for gap in gaps:
        now += gap
        given_out += bucket.take(1, now) == 0
        assert given_out <= capacity + rate * now + 1e-6


@given(st.integers(1, 10), st.floats(0.5, 20), st.integers(1, 30))
def test_the_wait_it_names_is_enough(capacity, rate, calls):
    bucket, now = TokenBucket(capacity, rate, 0.0), 0.0
    for _ in range(calls):
        wait_s = bucket.take(1, now)
        if wait_s:
            now += wait_s
            assert bucket.take(1, now) == 0


@given(GAPS, st.floats(0.5, 5))
def test_a_window_opens_at_the_first_call_and_ends_after_its_length(gaps, length):
    windows, now = FixedWindows(), 0.0
    for gap in gaps:
        now += gap
        window = windows.look("key", length, now)
        assert now < window.ends_at <= now + length
