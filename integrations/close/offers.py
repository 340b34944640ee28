"""What Close offers as a CRM. Needs no client."""

from core.crm.offers import CRMOffer
from core.settings.providers import CloseSettings
from core.settings.sections import SettingsReader


def _missing(read: SettingsReader) -> str | None:
    return "CLOSE_API_KEY is not set" if read(CloseSettings).api_key is None else None


CRM = CRMOffer("close", _missing)
