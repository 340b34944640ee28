"""What a plug is: all that is true of one provider alone, declared in `integrations/<name>/plug.py`.

`integrations/plugs.py` is the one list of them; clients, settings, guards, budgets, health checks, webhook routes and
tables in the documents follow from it. A plug is data and functions that import what they need when they are called:
listing the plugs loads no client.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from core.crm.offers import CRMOffer
from core.enrichment.offers import SourceOffer
from core.errors import ConfigurationError
from core.ledger.spend import Period, Unit
from core.ports import PeopleOffer
from core.settings.providers import ProviderSettings
from core.settings.sections import Section
from core.upkeep.health_checks import HealthCheck, Knobs

if TYPE_CHECKING:
    from integrations.model_endpoint import Endpoint
    from integrations.resilience.guard import Guard
    from integrations.resilience.store import Store

S = TypeVar("S", bound=Section)

PORTS: Mapping[str, str] = MappingProxyType(
    {
        "enrichment": "source of enrichment",
        "people": "source of people",
        "crm": "CRM",
        "calendar": "calendar",
        "mail": "mail server",
        "chat": "provider of language models",
        "speech_to_text": "provider of speech to text",
        "turn_taking": "provider that finds turns in speech",
        "text_to_speech": "provider of text to speech",
    }
)
"""What providers may offer (`core/ports.py`), and what people call who offers it."""


class Reader(Protocol):
    """Who can read settings."""

    def read(self, section: type[S]) -> S:
        """Return a section. Raises InvalidSetting."""
        ...


class PlugContext(Reader, Protocol):
    """What an opener may use; whatever it opens is closed with `stack`."""

    @property
    def store(self) -> "Store": ...  # noqa: D102 - state that all processes share

    @property
    def stack(self) -> AsyncExitStack: ...  # noqa: D102 - the class tells

    def guard(self, provider: str) -> "Guard":
        """Return the guard of a provider. Raises ConfigurationError for a name that is none."""
        ...


class Examination(PlugContext, Protocol):
    """What a health check may use: guards for single calls, and what was seen and asked for."""

    def limits(self, provider: str) -> dict[str, str]:
        """Return window to what the headers of a provider's answers say is left."""
        ...

    def models_named(self, provider: str) -> list[str]:
        """Return the models of a provider that the settings name, sorted. Raises ConfigurationError."""
        ...


Opener = Callable[..., Awaitable[Any]]
"""Open a client or a port: gets a `PlugContext`, and by name what a port's users give (`config` for the port crm)."""

Check = Callable[[Examination], Awaitable[HealthCheck]]
"""Look whether a provider that is set up answers and takes our key; changes and costs nothing."""


@dataclass(frozen=True, slots=True)
class Paid:
    """Something that a provider is paid for, beside US dollars.

    Attributes:
        unit: how the cost book counts it.
        word: what one is called on a command line, in the plural: "credits".
        what: the same in a sentence: "Apollo credits".
        budgets: for each period with a setting, the default limit; None: no limit.
    """

    unit: Unit
    word: str
    what: str
    budgets: Mapping[Period, Decimal | None]


@dataclass(frozen=True, slots=True)
class ChatOffer:
    """Language models of a provider.

    Attributes:
        open: gets endpoint, model, bound of tokens and an exit stack; returns a chat model of LangChain's that has yet
            to be guarded, or a client of our own as `agents.ports.CompletionsClient` describes it.
        offered: returns the ids of the models that the key may use.
        structured_by: how a value is asked for: by a tool's arguments, or by a JSON schema.
        says_cost: whether each answer says what it has cost, in US dollars, so that no price is needed.
    """

    open: Callable[["Endpoint", str, int, AsyncExitStack], Awaitable[Any]]
    offered: Callable[["Endpoint"], Awaitable[list[str]]]
    structured_by: Literal["tool", "json_schema"] = "tool"
    says_cost: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """Deliveries that a provider posts to us.

    Attributes:
        path: where it posts them.
        key: returns what signatures are checked with. Raises ConfigurationError naming the variable that is empty.
        is_genuine: tells from that key, the headers (lower case), the raw body and the time now whether the provider
            sent it, and not too long ago. The one way in which a delivery is believed; it asks nobody.
    """

    path: str
    key: Callable[[Reader], str]
    is_genuine: Callable[[str, Mapping[str, str], bytes, datetime], bool]


@dataclass(frozen=True, kw_only=True)
class Plug:
    """A provider.

    Attributes:
        name: in settings, configuration files, the cost book, and as the key of its shared state.
        title: as people write it.
        sections: of its settings, its own first; see `ProviderSettings` for those that are called over HTTP.
        words: names that only it has, which must not stand elsewhere in the program; none for a protocol.
        client: opens its client.
        module: in its folder, what opening or checking it loads, as far as that takes time.
        ports: what it offers to the program (`core/ports.py`), by name, and how that is opened.
        sources: what it offers as sources of enrichment; the port enrichment opens the one of the `offer` it is given.
        people: what it offers as a source of people.
        crm: what it offers as a CRM.
        chat: its language models.
        announces_limits: headers of its answers say what the limits are; what is configured is a guess until then.
        is_strict: no call is made where nothing can be counted, because its calls are paid.
        calls_ahead: calls for which room in the budget is drawn at once; one where a call is dear.
        paid: what it is paid for beside US dollars.
        webhook: what it posts to us.
        off: returns why it is not set up, None where it is. By default: its key is missing.
        check: for `sales-agent doctor`.
        tidy: ends what a killed run left open with it, and returns how many; due also after it was switched off.
        settle: sets this process up for it, before the first chain or graph. Raises ProviderNotConfigured.
        keeps_of_persons: what may be left with it of a person who was erased here, in words; None: what it was sent
            for keeping is told otherwise, or nothing.
        knobs: the variables that say where it is and how it knows us. By default those of `ProviderSettings`.
    """

    name: str
    title: str
    sections: tuple[type[Section], ...] = ()
    words: tuple[str, ...] = ()
    client: Opener | None = None
    module: str = "client"
    ports: Mapping[str, Opener] = field(default_factory=lambda: MappingProxyType({}))
    sources: tuple[SourceOffer, ...] = ()
    people: PeopleOffer | None = None
    crm: CRMOffer | None = None
    chat: ChatOffer | None = None
    announces_limits: bool = False
    is_strict: bool = False
    calls_ahead: int = 1
    paid: tuple[Paid, ...] = ()
    webhook: Webhook | None = None
    off: Callable[[Reader], str | None] | None = None
    check: Check | None = None
    tidy: Callable[[PlugContext], Awaitable[int]] | None = None
    settle: Callable[[Reader], None] | None = None
    keeps_of_persons: str | None = None
    knobs: Knobs | None = None

    @property
    def over_http(self) -> type[ProviderSettings] | None:
        """The section with key, address, limits and breaker; None for what is not called over HTTP."""
        return next((section for section in self.sections if issubclass(section, ProviderSettings)), None)

    @property
    def all_ports(self) -> tuple[str, ...]:
        """The names of the ports it offers."""
        return (*self.ports, *(("chat",) if self.chat else ()))

    def settings(self, reader: Reader) -> ProviderSettings:
        """Return key, address, limits and breaker. Raises ConfigurationError for what is not called over HTTP."""
        if self.over_http is None:
            raise ConfigurationError(f"{self.name} is not called over HTTP")
        return reader.read(self.over_http)

    def off_because(self, reader: Reader) -> str | None:
        """Return why it is not set up, None where it is."""
        if self.off is not None:
            return self.off(reader)
        if self.over_http is None or reader.read(self.over_http).api_key is not None:
            return None
        return f"{self.over_http.prefix}API_KEY is not set"

    def own_knobs(self) -> Knobs:
        """Return the variables that say where it is and how it knows us."""
        if self.knobs is not None:
            return self.knobs
        prefix = self.over_http.prefix if self.over_http else f"{self.name.upper()}_"
        return Knobs(f"{prefix}BASE_URL", f"{prefix}API_KEY")

    def load(self) -> None:
        """Load what it is opened with (an SDK may take a second), before anything is timed."""
        folder = self.sections[0].__module__.rpartition(".")[0] if self.sections else ""
        if folder and find_spec(f"{folder}.{self.module}") is not None:
            import_module(f"{folder}.{self.module}")

    async def open(self, opening: PlugContext) -> Any:
        """Open its client. Raises ProviderNotConfigured where its key is missing."""
        if self.client is None:
            raise ConfigurationError(f"{self.name} has no client")
        return await self.client(opening)
