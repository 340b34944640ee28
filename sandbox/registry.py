"""Every provider the sandbox stands in for, in the order of their ports."""

from sandbox.close.app import Close
from sandbox.provider import Provider, World


def every_provider(world: World) -> list[Provider]:
    """Make one of each."""
    return [Close(world)]
