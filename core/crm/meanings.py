"""What two sides' values of a field mean: when they are one and the same, and how we write what comes from the CRM.

A CRM has its own spelling of countries, states, telephone numbers, amounts and addresses. That is no difference: it is
no conflict and no reason to write, on either side.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from core.crm.records import Value
from core.text import normalize, phones
from core.text.cell_numbers import exact_number
from core.text.countries import country_key
from core.text.regions import state_key

Meaning = Callable[[str], object]
"""Gives what compares two texts: equal where they mean the same."""


def as_written(text: str) -> object:
    """Compare texts letter by letter."""
    return text


def _number(text: str) -> object:
    number = exact_number(text)
    return number if number is not None else normalize.number_range(text) or text


def _or_text(read: Callable[[str], str | None]) -> Callable[[str], str]:
    """Read a text; what cannot be read is kept as it stands."""
    return lambda text: read(text) or text


def _plain_number(text: str) -> str | None:
    number = exact_number(text)
    if number is None or abs(number.adjusted()) > 40:
        return normalize.number_range(text)
    plain = f"{number or Decimal(0):f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


_PHONE = _or_text(phones.phone)
_URL = _or_text(normalize.url)
_PROFILE = _or_text(normalize.linkedin_person)
_PAGE = _or_text(normalize.linkedin_company)

_MEANINGS: Mapping[str, Meaning] = {
    "country": country_key,
    "state": state_key,
    **dict.fromkeys(("annual_revenue", "company_size", "score"), _number),
    **dict.fromkeys(("company_phone", "phones"), _PHONE),
    "company_website": _URL,
    "company_domain": str.lower,
    "company_linkedin_url": _PAGE,
    "linkedin_url": _PROFILE,
}
"""By our field; of all others the letters count."""

_STORED: Mapping[str, Callable[[str], str]] = {
    "country": _or_text(normalize.country),
    **dict.fromkeys(("annual_revenue", "company_size"), _or_text(_plain_number)),
    **dict.fromkeys(("company_phone", "phones"), _PHONE),
    "company_website": _URL,
    "company_linkedin_url": _PAGE,
    "linkedin_url": _PROFILE,
}
"""By our field, how we write it: as an import does, and what that cannot read as it stands."""


def meaning_of(field: str) -> Meaning:
    """Return what compares the values of one of our fields."""
    return _MEANINGS.get(field, as_written)


def stored(field: str, value: Value) -> Value:
    """Return a value as our side keeps it, whoever wrote it."""
    write = _STORED.get(field)
    if write is None or value is None:
        return value
    return write(value) if isinstance(value, str) else tuple(map(write, value))
