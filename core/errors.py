"""Every error this project raises on purpose, named for what the caller does about it.

    SalesAgentError                   carries a message and plain attributes; survives pickling
    ├─ ConfigurationError             fix the settings
    │  ├─ InvalidSetting               a variable's value; asked for wrongly, so the exit code is 2
    │  ├─ ProviderNotConfigured
    │  └─ InvalidConfig               a configuration file; carries all problems by line and key
    ├─ InvalidInput                   reject this one, go on
    │  ├─ UnreadablePage              a web page, and why it is given up
    │  ├─ InvalidFile                 the file as a whole: nothing of it was written
    │  ├─ InvalidRow                  one row, with line, column, value and reason
    │  └─ MalformedAnswer             a provider's or model's answer that cannot be used
    ├─ NotFound
    │  ├─ ApprovalNotFound
    │  ├─ DeadLetterNotFound
    │  ├─ ImportNotFound
    │  ├─ LeadNotFound
    │  ├─ RunNotFound
    │  └─ ThreadNotFound
    ├─ Conflict                       someone was first
    │  ├─ ApprovalExpired
    │  ├─ ImportBusy
    │  ├─ NotPending
    │  ├─ StaleDraft
    │  ├─ Suppressed
    │  ├─ ThreadBusy
    │  └─ SyncBusy
    ├─ LimitReached                   due later, not failed
    │  ├─ BudgetExhausted
    │  └─ AnswerPending                carries retry_after_s
    └─ ProviderError                  carries provider, status, request_id
       ├─ Transient                   try again
       │  ├─ Unavailable
       │  ├─ DatabaseUnavailable      what was committed is safe
       │  ├─ Timeout
       │  ├─ RateLimited              carries retry_after_s
       │  └─ CircuitOpen              carries until
       └─ Permanent                   do not try again
          ├─ Unauthorized
          ├─ PaymentRequired
          ├─ Rejected
          ├─ Gone
          └─ UnexpectedAnswer

A message names the thing, its id and what to do next; never a secret, never a person's data.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple


class SalesAgentError(Exception):
    """Root of the tree. Keyword arguments become attributes and cross process borders with the error."""

    def __init__(self, message: str, **attributes: Any) -> None:
        super().__init__(message)
        self.message = message
        self.attributes = attributes
        for name, value in attributes.items():
            setattr(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.attributes)

    def __str__(self) -> str:
        return self.message


def _rebuild(kind: type[SalesAgentError], message: str, attributes: dict[str, Any]) -> SalesAgentError:
    return kind(message, **attributes)


class ConfigurationError(SalesAgentError):
    """A setting is missing or wrong; the message names it and what to set."""


class InvalidSetting(ConfigurationError):
    """A setting has a value that it cannot have; the message names the variable, the value and what is allowed."""


class ProviderNotConfigured(ConfigurationError):
    """A provider has no key or its extra is not installed; it is off, and nothing else is."""


class ConfigProblem(NamedTuple):
    """One thing that is wrong in a configuration file.

    Attributes:
        line: as an editor counts; None where there is none.
        key: its place, as `criteria[2].weight`; '' for the file as a whole.
        message: what is wrong.
    """

    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}: "
        return f"{place}{self.key}{': ' if self.key else ''}{self.message}"


class InvalidConfig(ConfigurationError):
    """A configuration file says something that cannot be meant. Attributes: `path` and all `problems`."""

    path: str
    problems: Sequence[ConfigProblem]

    def __init__(self, problems: Sequence[ConfigProblem], *, path: str) -> None:
        first = ConfigProblem(*problems[0])
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{path}, {first}{more}", path=path, problems=tuple(problems))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_config, (self.path, self.problems)


def _rebuild_config(path: str, problems: Sequence[ConfigProblem]) -> InvalidConfig:
    return InvalidConfig(problems, path=path)


class InvalidInput(SalesAgentError):
    """One input cannot be used; reject it and go on."""


class UnreadablePage(InvalidInput):
    """A web page cannot be read within its bounds; the message is a phrase for people."""


class InvalidFile(InvalidInput):
    """A file cannot be read as a whole; nothing of it was written.

    Attributes: `path` and, where known, `line` (1-based, as an editor counts).
    """

    path: str
    line: int | None

    def __init__(self, message: str, *, path: str, line: int | None = None) -> None:
        super().__init__(message, path=path, line=line)

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}, line {self.line}"
        return f"{place}: {self.message}"


class InvalidRow(InvalidInput):
    """One row cannot be imported. Attributes: `line`, `column`, `value`, `reason` (a fixed snake_case word)."""


class MalformedAnswer(InvalidInput):
    """An answer of a provider or model that does not have the shape that was asked for.

    Attributes: `usage_metadata` and `model_name`, as LangChain's messages say them, where a model's answer never became
    one; None elsewhere.
    """

    usage_metadata: Mapping[str, Any] | None = None
    model_name: str | None = None


class NotFound(SalesAgentError):
    """No record has this id."""


class ApprovalNotFound(NotFound):
    """No approval has this id."""


class ImportNotFound(NotFound):
    """No import has this id."""


class LeadNotFound(NotFound):
    """No lead has this id."""


class RunNotFound(NotFound):
    """No run over leads has this id, or it has no report."""


class ThreadNotFound(NotFound):
    """No thread of an agent has this id."""


class DeadLetterNotFound(NotFound):
    """No dead letter has this id."""


class Conflict(SalesAgentError):
    """Somebody else was first."""


class ImportBusy(Conflict):
    """The import is being worked on by another process right now."""


class SyncBusy(Conflict):
    """Another run keeps the same CRM in step right now."""


class ApprovalExpired(Conflict):
    """The time to decide or to execute an approval is over."""


class NotPending(Conflict):
    """An approval is not in the state this needs: somebody else was first."""


class StaleDraft(Conflict):
    """What was approved, or shown, is no longer what there is: content or facts have changed."""


class Suppressed(Conflict):
    """The recipient must not be written to: they opted out, bounced, or were erased."""


class ThreadBusy(Conflict):
    """The thread is being worked on by another process right now."""


class LimitReached(SalesAgentError):
    """A limit is used up: the work is due later, it has not failed.

    Attribute: `retry_at`, aware UTC, or None where nobody can say when there is room again.
    """

    retry_at: datetime | None = None


class BudgetExhausted(LimitReached):
    """A budget in money or credits is used up."""


class AnswerPending(LimitReached):
    """The provider still works on the answer. Attribute: `retry_after_s`, seconds, or None where it did not say."""

    retry_after_s: float | None = None


class ProviderError(SalesAgentError):
    """A provider's call failed. Attributes: `provider`, `status` (HTTP, or None), `request_id` (or None)."""

    provider: str
    status: int | None
    request_id: str | None

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        status: int | None = None,
        request_id: str | None = None,
        **attributes: Any,
    ) -> None:
        super().__init__(message, provider=provider, status=status, request_id=request_id, **attributes)


class Transient(ProviderError):
    """May succeed when tried again.

    Attribute: `was_sent`, False where the request certainly never reached the provider.
    """

    was_sent: bool = True


class Unavailable(Transient):
    """The provider could not be reached or answered with a fault of its own."""


class DatabaseUnavailable(Transient):
    """Postgres cannot be reached or went away; what was committed is safe."""


class Timeout(Transient):
    """No answer in time; whether the provider acted is unknown."""


class RateLimited(Transient):
    """Too many calls. Attribute: `retry_after_s`, seconds, or None where the provider did not say."""

    retry_after_s: float | None = None


class CircuitOpen(Transient):
    """The provider's circuit breaker is open; nothing was sent. Attribute: `until`, aware UTC."""

    until: datetime


class Permanent(ProviderError):
    """Will fail again in the same way."""


class Unauthorized(Permanent):
    """The key is missing, wrong, or not allowed to do this."""


class PaymentRequired(Permanent):
    """The provider's own credits or plan are used up; waiting does not help."""


class Rejected(Permanent):
    """The provider refused the request's content.

    Attributes: `field_errors`, field to reason, where it named fields; `record`, the id of what was refused, where
    that is known: the provider's, or ours of what was to be created.
    """

    field_errors: Mapping[str, str] = MappingProxyType({})
    record: str | None = None


class Gone(Permanent):
    """What was asked for does not exist there (any more)."""


class UnexpectedAnswer(Permanent):
    """The provider answered with something its contract does not allow."""
