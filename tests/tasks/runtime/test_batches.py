import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.runtime.batches import bounded_gather, sliced


@given(st.lists(st.integers()), st.integers(1, 9))
def test_slices_are_the_whole_in_order(items, size):
    slices = list(sliced(items, size))
    assert [item for part in slices for item in part] == items
    assert all(1 <= len(part) <= size for part in slices)


async def test_results_keep_their_order_and_the_bound_holds():
    running = most = 0

    async def work(item):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001 * (5 - item % 5))
        running -= 1
        return item * 2

    assert await bounded_gather(work, list(range(20)), width=4) == [item * 2 for item in range(20)]
    assert most == 4
    assert await bounded_gather(work, [], width=4) == []


async def test_the_first_error_ends_it_all():
    ended = []

    async def work(item):
        if item == 1:
            raise LookupError("1")
        try:
            await asyncio.sleep(30)
        finally:
            ended.append(item)

    with pytest.raises(LookupError, match="1"):
        await bounded_gather(work, list(range(6)), width=3)
    assert sorted(ended) == [0, 2]
