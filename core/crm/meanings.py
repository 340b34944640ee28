"""What two sides' values of a field mean: when they are one and the same, and how we write what comes from the CRM.

A CRM has its own spelling of countries, states, telephone numbers, amounts and addresses. That is no difference: it is
no conflict and no reason to write, on either side.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from core.crm.records import Value
from core.leads.fields import COLUMNS, FieldType, shown
from core.text import normalize, phones
from core.text.cell_numbers import exact_number
from core.text.country_readings import country, country_key
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
_PUNCTUATION = re.compile(r"[\s()./-]+")
_URL = _or_text(normalize.url)
_PROFILE = _or_text(normalize.linkedin_person)
_PAGE = _or_text(normalize.linkedin_company)


def _dialled(text: str) -> object:
    """Compare telephone numbers, those that are none by what is dialled: a CRM writes them with its own punctuation."""
    return _PUNCTUATION.sub("", _PHONE(text))


_MEANINGS: Mapping[FieldType, Meaning] = {
    FieldType.COUNTRY: country_key,
    FieldType.REGION: state_key,
    FieldType.NUMBER: _number,
    FieldType.PHONE: _dialled,
    FieldType.URL: _URL,
    FieldType.DOMAIN: str.lower,
    FieldType.COMPANY_PROFILE: _PAGE,
    FieldType.PERSON_PROFILE: _PROFILE,
}
"""By type; of all others the letters count."""

_STORED: Mapping[FieldType, Callable[[str], str | None]] = {
    FieldType.COUNTRY: country,
    FieldType.NUMBER: _or_text(_plain_number),
    FieldType.PHONE: _PHONE,
    FieldType.URL: _URL,
    FieldType.COMPANY_PROFILE: _PAGE,
    FieldType.PERSON_PROFILE: _PROFILE,
}
"""By type, how we keep it: as an import does. What that cannot read is kept as it stands; what is no country is not."""

_TYPES: Mapping[str, FieldType] = {
    name: field.type for field in COLUMNS for name in (field.name, field.of_contact) if name
}
"""By our field, also by what `crm.yaml` calls it of a contact."""
_COMPUTED: Mapping[str, FieldType] = {"score": FieldType.NUMBER}
"""What we work out, and therefore never store as the CRM has it."""


def meaning_of(field: str) -> Meaning:
    """Return what compares the values of one of our fields."""
    kind = _TYPES.get(field) or _COMPUTED.get(field, FieldType.TEXT)
    return _MEANINGS.get(kind, as_written)


def written(field: str, value: Value) -> Value:
    """Return a value of ours as it is handed to a CRM: a country by its name, which each spells as it wants it."""
    return shown(field, value) if isinstance(value, str) else value


def stored(field: str, value: Value) -> Value:
    """Return a value as our side keeps it, whoever wrote it; None where it says nothing that the field can hold."""
    write = _STORED.get(_TYPES.get(field, FieldType.TEXT))
    if write is None or value is None:
        return value
    return write(value) if isinstance(value, str) else tuple(filter(None, map(write, value)))
