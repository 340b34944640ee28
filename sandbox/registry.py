"""Every provider the sandbox stands in for, in the order of their ports."""

from sandbox.apollo.app import Apollo
from sandbox.cartesia.app import Cartesia
from sandbox.close.app import Close
from sandbox.models.anthropic import Anthropic
from sandbox.models.cerebras import Cerebras
from sandbox.models.compatible import DeepSeek, OpenAI, OpenRouter
from sandbox.provider import Provider, World


def every_provider(world: World) -> list[Provider]:
    """Make one of each."""
    kinds = (Close, Apollo, Cerebras, Anthropic, OpenAI, DeepSeek, OpenRouter, Cartesia)
    return [kind(world) for kind in kinds]
