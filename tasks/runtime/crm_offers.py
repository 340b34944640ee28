"""The CRMs there are, as their plugs declare them, and the configured one; opens nothing and loads no client."""

from core.crm.config import CrmConfig, current_config
from core.crm.offers import CRMOffers, by_name
from core.settings.settings import Settings
from integrations.plugs import PLUGS

CRMS: CRMOffers = by_name(plug.crm for plug in PLUGS if plug.crm is not None)


def crm_config(settings: Settings) -> CrmConfig:
    """Return the `crm.yaml` that counts, the example where there is none. Raises InvalidConfig."""
    return current_config(settings, CRMS)
