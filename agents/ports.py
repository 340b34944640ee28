"""What agents need of others: language models, and clients of chat completions that are ours."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol

from langchain_core.language_models import BaseChatModel

from core.ledger.prices import TokenUsage
from core.ledger.spend import Cost

if TYPE_CHECKING:
    from agents.models import Job


class ChatModels(Protocol):
    """The models of an installation, by what they are asked for."""

    def chat_model(self, job: "Job") -> AbstractAsyncContextManager[BaseChatModel]:
        """Open the model for a job, with its fallbacks. Raises ProviderNotConfigured, ConfigurationError."""
        ...


class ToolCall(Protocol):
    """A tool call, or while streaming a piece of one; `arguments` is JSON text."""

    @property
    def id(self) -> str | None: ...  # noqa: D102 - the class tells - see above

    @property
    def name(self) -> str | None: ...  # noqa: D102 - the class tells

    @property
    def arguments(self) -> str: ...  # noqa: D102 - the class tells

    @property
    def index(self) -> int | None: ...  # noqa: D102 - the class tells


class Completion(Protocol):
    """An answer, or while streaming a piece of one; finish_reason and usage are None before the last piece."""

    @property
    def id(self) -> str: ...  # noqa: D102 - the class tells

    @property
    def model(self) -> str: ...  # noqa: D102 - the class tells

    @property
    def content(self) -> str: ...  # noqa: D102 - the class tells

    @property
    def reasoning(self) -> str | None: ...  # noqa: D102 - the class tells

    @property
    def tool_calls(self) -> Sequence[ToolCall]: ...  # noqa: D102 - the class tells

    @property
    def finish_reason(self) -> str | None: ...  # noqa: D102 - the class tells

    @property
    def usage(self) -> TokenUsage | None: ...  # noqa: D102 - the class tells

    @property
    def time_info(self) -> Mapping[str, float]: ...  # noqa: D102 - the class tells


class CompletionsClient(Protocol):
    """A client of chat completions that guards its calls itself.

    Attributes:
        provider: its name.
    """

    provider: str

    async def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        model: str,
        max_tokens: int,
        estimate: Cost,
        cost_of: Callable[[TokenUsage], Cost],
        **options: Any,
    ) -> Completion:
        """Return an answer. Raises ProviderError, LimitReached."""
        ...

    def stream(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        model: str,
        max_tokens: int,
        estimate: Cost,
        cost_of: Callable[[TokenUsage], Cost],
        **options: Any,
    ) -> AsyncIterator[Completion]:
        """Yield an answer in pieces. Raises ProviderError, LimitReached."""
        ...
