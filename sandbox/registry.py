"""Every provider the sandbox stands in for, in the order of their ports."""

from sandbox.close.app import Close
from sandbox.models.anthropic import Anthropic
from sandbox.models.cerebras import Cerebras
from sandbox.models.compatible import DeepSeek, OpenAI, OpenRouter
from sandbox.provider import Provider, World


def every_provider(world: World) -> list[Provider]:
    """Make one of each."""
    return [Close(world), Cerebras(world), Anthropic(world), OpenAI(world), DeepSeek(world), OpenRouter(world)]
