"""Values as a provider writes them, made into ours: normalised like an import's, and only the fields it declares."""

from collections.abc import Callable, Mapping

from core.enrichment.offers import SourceOffer
from core.enrichment.questions import Found
from core.text import cell_text, normalize, phones
from core.text.countries import country_code

_CLEANERS: dict[str, Callable[[str], str | None]] = {
    "company_website": normalize.url,
    "company_domain": normalize.own_domain,
    "company_size": normalize.number_range,
    "annual_revenue": normalize.number_range,
    "country": normalize.country,
    "postal_code": normalize.postal_code,
    "company_linkedin_url": normalize.linkedin_company,
    "linkedin_url": normalize.linkedin_person,
    "contact_email": normalize.email,
}


def cleaned(values: Mapping[str, str], offer: SourceOffer, *, source_url: str | None = None) -> tuple[Found, ...]:
    """Return what a source found, as it may be stored; what is none of its fields, or no value, is left out.

    Args:
        values: field to what the provider wrote.
        offer: of the source that found them.
        source_url: the page they stand on, or None.
    """
    country = country_code(values.get("country", ""))
    found = []
    for name, written in values.items():
        if name not in offer.gives:
            continue
        if name.endswith("_phone"):
            value = phones.phone(written, country)
        else:
            value = _CLEANERS.get(name, cell_text.text)(written)
        if value:
            found.append(Found(name, value, source_url, offer.confidence))
    return tuple(found)
