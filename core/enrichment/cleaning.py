"""Values as a provider writes them, made into ours: normalised like an import's, and only the fields it declares."""

from collections.abc import Mapping

from core.enrichment.offers import SourceOffer
from core.enrichment.questions import Found
from core.leads.fields import clean
from core.text.country_readings import read_country


def cleaned(values: Mapping[str, str], offer: SourceOffer, *, source_url: str | None = None) -> tuple[Found, ...]:
    """Return what a source found, as it may be stored; what is none of its fields, or no value, is left out.

    Args:
        values: field to what the provider wrote.
        offer: of the source that found them.
        source_url: the page they stand on, or None.
    """
    country = read_country(values.get("country", "")).code
    found = []
    for name, written in values.items():
        if name in offer.gives and (value := clean(name, written, country)):
            found.append(Found(name, value, source_url, offer.confidence))
    return tuple(found)
