"""Every provider the sandbox stands in for, in the order of their ports."""

from sandbox.apollo.app import Apollo
from sandbox.browserbase import Browserbase
from sandbox.cartesia.app import Cartesia
from sandbox.cast import COMPANIES
from sandbox.close.app import Close
from sandbox.langsmith import LangSmith
from sandbox.models.anthropic import Anthropic
from sandbox.models.cerebras import Cerebras
from sandbox.models.compatible import DeepSeek, OpenAI, OpenRouter
from sandbox.provider import Provider, World
from sandbox.smtp import Mail
from sandbox.websites.network import Network
from sandbox.websites.site import Site

_SERVICES = (
    Close,
    Apollo,
    Browserbase,
    Cerebras,
    Anthropic,
    OpenAI,
    DeepSeek,
    OpenRouter,
    Cartesia,
    LangSmith,
    Network,
    Mail,
)


def every_provider(world: World) -> list[Provider]:
    """Make one of each, the made-up companies' websites last."""
    services: list[Provider] = [kind(world) for kind in _SERVICES]
    return [*services, *(Site(world, company) for company in COMPANIES)]
