"""Tracing as the settings say it: LangChain itself would follow whatever variables the machine has."""

import logging

from core.errors import ProviderNotConfigured
from core.settings.settings import settings
from integrations import plugs

log = logging.getLogger(__name__)

_settled: set[object] = set()


def settle_tracing() -> None:
    """Switch tracing on or off for this process; to be called before its first chain or graph. Costs nothing again."""
    for plug in plugs.PLUGS:
        if plug.settle is None or not (chosen := {settings().read(section) for section in plug.sections} - _settled):
            continue
        _settled.update(chosen)
        try:
            plug.settle(settings())
        except ProviderNotConfigured as error:
            log.warning("not_traced", extra={"reason": error.message})
