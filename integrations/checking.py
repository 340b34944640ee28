"""What the plugs' health checks share: a provider that took the key is asked something that costs nothing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from core.settings.providers import ProviderSettings
from core.upkeep.health_checks import HealthCheck, HealthState
from integrations.model_endpoint import Endpoint
from integrations.plug import ChatOffer, Check, Examination


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """What a provider that took the key said: limits beyond those of its headers, models, what is wrong or unknown."""

    limits: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, bool] = field(default_factory=dict)
    complaint: str = ""
    advice: str = ""
    note: str = ""


Ask = Callable[[Examination], Awaitable[KeyCheck]]
"""Ask a provider something that costs nothing."""


def left(remaining: object, limit: object) -> str:
    """Return what is left of a limit, in words."""
    return str(remaining) if limit is None else f"{remaining} of {limit}"


def unusable(name: str, detail: str, advice: str) -> HealthCheck:
    """Return the finding about a part that cannot be used as it is set up; nobody was asked."""
    return HealthCheck(name, HealthState.FAILED, detail, advice)


def key_check(name: str, ask: Ask) -> Check:
    """Return the check of a provider that is on when it has a key."""

    async def check(examination: Examination) -> HealthCheck:
        told = await ask(examination)
        return HealthCheck(
            name,
            HealthState.FAILED if told.complaint else HealthState.OK,
            told.complaint or "; ".join(filter(None, ("key accepted", told.note))),
            told.advice,
            is_reachable=True,
            is_key_accepted=True,
            limits={**examination.limits(name), **told.limits},
            models=told.models,
        )

    return check


async def no_limits(endpoint: Endpoint) -> dict[str, str]:  # noqa: ARG001 - one of several
    """Return that nothing beyond the headers is known."""
    return {}


def models_check(
    name: str,
    section: type[ProviderSettings],
    chat: ChatOffer,
    limits: Callable[[Endpoint], Awaitable[dict[str, str]]] = no_limits,
) -> Check:
    """Return the check of a provider of models: whether it offers those that the settings name.

    Args:
        name: of the provider.
        section: its settings.
        chat: its offer.
        limits: asks what is left of the key, where a list of models says nothing about it.
    """

    async def ask(examination: Examination) -> KeyCheck:
        read = examination.read(section)
        endpoint = Endpoint(name, read.base_url, read.api_key, examination.guard(name), read.timeout_s)
        known = await limits(endpoint)
        offered = await chat.offered(endpoint)
        models = {model: model in offered for model in examination.models_named(name)}
        missing = [model for model, is_offered in models.items() if not is_offered]
        if not missing:
            return KeyCheck(known, models)
        some = ", ".join(offered[:5]) or "none"
        return KeyCheck(known, models, f"it offers no model {', '.join(missing)}", f"name others in MODELS_...: {some}")

    return key_check(name, ask)
