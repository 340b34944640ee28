"""By which configuration, and with whom on, a run of enrichment asks."""

from hashlib import sha256

from core.enrichment.config import EnrichmentConfig, current_config
from core.enrichment.questions import Provider
from core.enrichment.runs import EnrichRequest
from core.ledger.spend import Unit
from core.settings.settings import settings
from integrations import plugs
from tasks.enrichment.offers import OFFERS
from tasks.enrichment.wiring import configured
from tasks.runtime.named_files import allowed_config


def chosen_config(request: EnrichRequest) -> tuple[EnrichmentConfig, dict[Provider, str], str]:
    """Return the configuration, who is off, and the version of both: a new key makes leads due."""
    chosen = settings()
    config = current_config(allowed_config(request.config), chosen.enrichment.config, chosen.home, OFFERS)
    off = configured(chosen, config)
    on = ",".join(provider for provider in config.offers if provider not in off)
    return config, off, sha256(f"{config.version} {on}".encode()).hexdigest()[:16]


def paid_in_credits() -> tuple[str, ...]:
    """Return the providers that a run's budget in credits holds for."""
    return plugs.paid_in(Unit.CREDITS, "credits")
