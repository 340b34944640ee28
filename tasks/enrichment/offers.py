"""The sources there are, as their folders declare them; opens nothing and loads no client."""

from core.enrichment.offers import Offers, by_name
from core.enrichment.text_readings import AGENT
from integrations.apollo import offers as apollo
from integrations.browserbase import offers as browserbase
from integrations.websites import offers as websites

OFFERS: Offers = by_name((*websites.OFFERS, *apollo.OFFERS, *browserbase.OFFERS, AGENT))
"""The cheap before the dear."""
