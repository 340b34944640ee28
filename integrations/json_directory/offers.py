"""What a directory of JSON files offers as a CRM."""

from core.crm.offers import CRMOffer

CRM = CRMOffer("directory", needs=(("directory", "say where the JSON files are"),))
