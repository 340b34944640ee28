"""Tracing as the settings say it: LangChain itself would follow whatever variables the machine has."""

import logging
from functools import cache

from core.errors import ProviderNotConfigured
from core.settings.providers import LangSmithSettings
from core.settings.settings import settings

log = logging.getLogger(__name__)


def settle_tracing() -> None:
    """Switch tracing on or off for this process; to be called before its first chain or graph. Costs nothing again."""
    _settle(settings().providers.langsmith)


@cache
def _settle(chosen: LangSmithSettings) -> None:
    # LangChain takes a second to load, which most commands can do without.
    from agents.tracing import switch_tracing_off, switch_tracing_on

    if not chosen.tracing:
        switch_tracing_off()
        return
    key = chosen.api_key.get_secret_value() if chosen.api_key else None
    try:
        switch_tracing_on(
            endpoint=chosen.endpoint, api_key=key, project=chosen.project, show_content=chosen.show_content
        )
    except ProviderNotConfigured as error:
        log.warning("not_traced", extra={"reason": error.message})
