"""Slices of work, and coroutines side by side within a bound."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def sliced(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield slices of at most `size` items, in order."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def bounded_gather(work: Callable[[T], Awaitable[R]], items: Sequence[T], *, width: int) -> list[R]:
    """Do work for each item, at most `width` at once.

    The first error ends it all: what runs is cancelled and waited for, and that error is raised.

    Returns:
        The results, in the order of the items.
    """
    results: dict[int, R] = {}
    waiting = iter(enumerate(items))

    async def take() -> None:
        for number, item in waiting:
            results[number] = await work(item)

    takers = [asyncio.ensure_future(take()) for _ in range(min(width, len(items)))]
    try:
        await asyncio.gather(*takers)
    finally:
        for taker in takers:
            taker.cancel()
        await asyncio.gather(*takers, return_exceptions=True)
    return [results[number] for number in range(len(items))]
