"""A provider's method as the tests of all of them call it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from core.errors import Gone, ProviderError, Unavailable, UnexpectedAnswer
from integrations.plugs import PLUGS
from sandbox.server import SandboxControl


@dataclass
class Case:
    """What a row works with: a client, the sandbox, and the ids of what was put there before anything went wrong."""

    client: Any
    sandbox: SandboxControl
    ids: dict[str, Any] = field(default_factory=dict)


Use = Callable[[Case], Awaitable[Any]]


@dataclass(frozen=True)
class Row:
    """One method.

    Attributes:
        use: calls it; iterates to the end where it yields.
        good: tells a success from what `use` returned.
        empty: the same call where there is nothing, and what comes back then; None: there is no such thing.
        many: makes more than a page of what it lists and calls it; returns what came and what should. None: no pages.
        gone: what a 404 means, where it does not mean `Gone`.
        spoiled: what a body that cannot be read means, where the body is read at all.
    """

    use: Use
    good: Callable[[Any], bool] = bool
    empty: tuple[Use, Any] | None = None
    many: Callable[[Case], Awaitable[tuple[int, int]]] | None = None
    gone: type[ProviderError] | None = Gone
    spoiled: tuple[type[ProviderError], ...] | None = (Unavailable, UnexpectedAnswer)


async def all_of(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


def is_held_by_contract(folder: str) -> bool:
    """Tell whether the provider of a folder offers sources of enrichment alone; their contract tries all of this."""
    own = [plug for plug in PLUGS if plug.sections and plug.sections[0].__module__ == f"integrations.{folder}.plug"]
    return bool(own) and all(set(plug.all_ports) == {"enrichment"} for plug in own)
