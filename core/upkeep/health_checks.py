"""What a look at the installation found: of each part whether it is set up, answers, and takes our key.

The advice says what to do about an error, by its kind. Nothing here quotes what a provider wrote, because an answer to
a wrong key may repeat the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from core.errors import (
    ConfigurationError,
    DatabaseUnavailable,
    PaymentRequired,
    ProviderError,
    ProviderNotConfigured,
    RateLimited,
    SalesAgentError,
    Timeout,
    Unauthorized,
    Unavailable,
)


class HealthState(StrEnum):
    """How a part is."""

    OK = "ok"
    OFF = "off"
    """Not set up; nothing is wrong with that."""
    FAILED = "failed"
    """Set up, and does not work."""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """What was found about one part.

    Attributes:
        name: "postgres", "redis", "prefect", or a provider.
        state: the verdict.
        detail: what was found, in a few words.
        advice: what to do; empty unless it failed.
        is_reachable: whether it answered; None where nobody asked.
        is_key_accepted: whether it took our key; None where that was not seen.
        limits: name of a limit to what is left of it.
        models: model id to whether this provider offers it; only those that the settings name.
        seconds: how long the look took.
    """

    name: str
    state: HealthState
    detail: str
    advice: str = ""
    is_reachable: bool | None = None
    is_key_accepted: bool | None = None
    limits: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    models: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the stable form of `sales-agent doctor --json`."""
        return {
            "name": self.name,
            "state": self.state.value,
            "configured": self.state is not HealthState.OFF,
            "reachable": self.is_reachable,
            "key_accepted": self.is_key_accepted,
            "limits": dict(self.limits),
            "models": dict(self.models),
            "detail": self.detail,
            "advice": self.advice,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Knobs:
    """The settings that say where a part is and how it knows us, for advice; a provider's stand in its plug."""

    address: str
    key: str


def off(name: str, detail: str) -> HealthCheck:
    """Return the finding about a part that is not set up."""
    return HealthCheck(name, HealthState.OFF, detail)


def wrong(name: str, detail: str, advice: str) -> HealthCheck:
    """Return the finding about a part that answers, but cannot be used as it is."""
    return HealthCheck(name, HealthState.FAILED, detail, advice, is_reachable=True)


def too_slow(name: str, limit_s: float, knobs: Knobs) -> HealthCheck:
    """Return the finding about a part that did not answer within `limit_s` seconds."""
    advice = f"check {knobs.address} and the way there (proxy, firewall), or try again later"
    return HealthCheck(name, HealthState.FAILED, f"no answer within {limit_s:g} s", advice, is_reachable=False)


def failed(name: str, error: SalesAgentError, knobs: Knobs) -> HealthCheck:
    """Return the finding that an error stands for, a provider's words left out."""
    detail, advice, is_reachable, is_accepted = _verdict(error, knobs)
    return HealthCheck(name, HealthState.FAILED, detail, advice, is_reachable=is_reachable, is_key_accepted=is_accepted)


def _verdict(error: SalesAgentError, knobs: Knobs) -> tuple[str, str, bool | None, bool | None]:
    """Return detail, advice, whether it answered, and whether it took the key."""
    status: int | None = getattr(error, "status", None)
    answered = f"answered with status {status}" if status else "answered something that is not its API"
    where = f"check {knobs.address}"
    way = f"{where} and the way there (proxy, firewall)"
    match error:
        case ProviderNotConfigured():
            return error.message, "do that, or switch it off", None, None
        case ConfigurationError():
            return error.message, where, None, None
        case Unauthorized():
            return "the key was refused", f"set {knobs.key} to one that it accepts", True, False
        case PaymentRequired():
            return "its credits or plan are used up", f"top up there, or empty {knobs.key}", True, True
        case RateLimited():
            return "its rate limit is used up", "wait a little", True, None
        case Timeout():
            return "no answer in time", f"{way}, or try again later", False, None
        case DatabaseUnavailable():
            return error.message.partition(";")[0], f"check that the server runs, and {knobs.address}", False, None
        case Unavailable() if status is None:
            return "the connection failed", way, False, None
        case Unavailable() if status and status >= 500:
            return answered, "it has a fault of its own: try again later", True, None
        case Unavailable():
            return "answered something that is not its API", where, True, None
        case ProviderError():
            return answered, where, True, None
        case _:
            return error.message, where, None, None
