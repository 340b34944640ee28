"""The CRMs there are, as their folders declare them, and the configured one; opens nothing and loads no client."""

from core.crm.config import CrmConfig, current_config
from core.crm.offers import CRMOffers, by_name
from core.settings.settings import Settings
from integrations.close import offers as close
from integrations.json_directory import offers as json_directory

CRMS: CRMOffers = by_name((close.CRM, json_directory.CRM))


def crm_config(settings: Settings) -> CrmConfig:
    """Return the `crm.yaml` that counts, the example where there is none. Raises InvalidConfig."""
    return current_config(settings, CRMS)
