"""The sources of enrichment there are, as their plugs declare them; opens nothing and loads no client."""

from core.enrichment.offers import Offers, by_name
from core.enrichment.text_readings import AGENT
from integrations.plugs import PLUGS

OFFERS: Offers = by_name((*(offer for plug in PLUGS for offer in plug.sources), AGENT))
"""In the order of the plugs, the cheap before the dear; the agent, which is our own, last."""
