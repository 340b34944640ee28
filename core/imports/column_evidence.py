"""How far a column's cells support a field: 1 for yes or nothing known, 0 for a veto."""

from collections.abc import Callable

from core.imports.column_content import ColumnProfile
from core.leads.fields import BY_NAME, FieldType


def supports(field: str, cells: ColumnProfile) -> float:
    """Return a factor 0-1 for `field` given the column's cells. An empty column vetoes nothing."""
    if cells.count == 0:
        return 1.0
    if cells.share("json") > 0.5 and field != "notes" and not _is_list_of(field, cells):
        return 0.0
    check = _RULES.get(field) or _BY_TYPE[BY_NAME[field].type]
    return check(cells)


def _is_list_of(field: str, cells: ColumnProfile) -> bool:
    """Return whether lists in brackets hold what is found within text: addresses, numbers."""
    kind = BY_NAME[field].type
    return (kind is FieldType.EMAIL and cells.share("email") > 0.5) or (
        kind is FieldType.PHONE and cells.share("phone") > 0.5
    )


def _at_least(share: float, needed: float) -> float:
    return 1.0 if share >= needed else 0.0


def _email(cells: ColumnProfile) -> float:
    # An address that is merely broken still looks like one; a column of names or truth values does not.
    return _at_least(cells.share("email"), 0.2)


def _phone(cells: ColumnProfile) -> float:
    if cells.share("email") > 0.5 or cells.share("date") > 0.5:
        return 0.0
    return _at_least(cells.share("phone"), 0.25)


def _site(cells: ColumnProfile) -> float:
    if cells.share("email") > 0.5 or cells.share("linkedin") > 0.5 or cells.is_of_one_host:
        return 0.0
    return _at_least(cells.share("url"), 0.25)


def _linkedin_person(cells: ColumnProfile) -> float:
    if cells.share("linkedin_company") > 0.5 or cells.share("truth") > 0.5 or cells.share("number") > 0.5:
        return 0.0
    return 1.0 if cells.share("linkedin") > 0.2 or cells.share("url") > 0.2 else 0.6


def _linkedin_company(cells: ColumnProfile) -> float:
    if cells.share("linkedin_person") > 0.5 or cells.share("truth") > 0.5 or cells.share("number") > 0.5:
        return 0.0
    return 1.0 if cells.share("linkedin") > 0.2 or cells.share("url") > 0.2 else 0.6


def _company(cells: ColumnProfile) -> float:
    strange = max(
        cells.share("email"), cells.share("truth"), cells.share("date"), cells.share("phone") * cells.share("number")
    )
    record_ids = cells.share("id")
    if cells.count >= 100 and cells.distinct < 0.05:  # a brand, a group: hardly what the list is of
        return 0.55
    return 0.0 if max(strange, record_ids) > 0.6 or cells.share("url") > 0.9 else 1.0


def _person(cells: ColumnProfile) -> float:
    strange = max(
        cells.share("email"), cells.share("url"), cells.share("number"), cells.share("date"), cells.share("truth")
    )
    if cells.count >= 50 and cells.distinct < 0.03:  # of so many people nearly all would have one name
        return 0.0
    return 0.0 if max(strange, cells.share("id")) > 0.6 or cells.mean_chars > 80 else 1.0


def _place(cells: ColumnProfile) -> float:
    strange = max(
        cells.share("email"),
        cells.share("url"),
        cells.share("number"),
        cells.share("date"),
        cells.share("long"),
        cells.share("truth"),
    )
    return 0.0 if strange > 0.5 else 1.0


def _state(cells: ColumnProfile) -> float:
    if cells.share("status") > 0.5:
        return 0.0
    strange = max(
        cells.share("email"), cells.share("url"), cells.share("date"), cells.share("long"), cells.share("truth")
    )
    return 0.0 if strange > 0.5 or (cells.share("number") > 0.5 and cells.mean_chars > 3) else 1.0


def _country(cells: ColumnProfile) -> float:
    strange = max(
        cells.share("email"), cells.share("url"), cells.share("date"), cells.share("digits"), cells.share("long")
    )
    return 0.0 if strange > 0.5 else 1.0


def _postal(cells: ColumnProfile) -> float:
    if cells.mean_chars > 14 or cells.share("date") > 0.5:
        return 0.0
    return _at_least(cells.share("digits"), 0.4)


def _size(cells: ColumnProfile) -> float:
    if cells.share("email") > 0.3 or cells.share("url") > 0.3:
        return 0.0
    if cells.share("digits") > 0.4:
        return 1.0
    return 0.9 if cells.share("size_word") > 0.3 or cells.distinct < 0.1 else 0.0  # numbers say more than 'large'


def _number(cells: ColumnProfile) -> float:
    return 0.0 if cells.share("url") > 0.3 else _at_least(cells.share("digits"), 0.4)


def _words(cells: ColumnProfile) -> float:
    strange = max(
        cells.share("email"), cells.share("url"), cells.share("number"), cells.share("date"), cells.share("truth")
    )
    return 0.0 if strange > 0.5 else 1.0


def _trade(cells: ColumnProfile) -> float:
    # Ids of a record are letters and digits without a blank; no trade is.
    if cells.share("id") > 0.5 and cells.share("digits") > 0.5:
        return 0.0
    return 0.7 * _words(cells) if cells.share("digits") > 0.6 and cells.mean_chars < 6 else _words(cells)


def _title(cells: ColumnProfile) -> float:
    return 0.0 if cells.share("honorific") > 0.5 else _words(cells)


def _notes(cells: ColumnProfile) -> float:
    strange = max(cells.share("email"), cells.share("number"), cells.share("date"), cells.share("truth"))
    return 0.0 if strange > 0.6 else 1.0


def _source(cells: ColumnProfile) -> float:
    strange = max(cells.share("email"), cells.share("date"), cells.share("truth"), cells.share("number"))
    return 0.0 if strange > 0.5 else 1.0


def _external_id(cells: ColumnProfile) -> float:
    if cells.share("date") > 0.5 or cells.share("email") > 0.5:
        return 0.0
    if cells.count >= 5 and cells.distinct < 0.8:
        return 0.0
    if cells.share("person_shape") > 0.7 and cells.share("digits") < 0.1:
        return 0.0
    return 0.5 if cells.mean_chars > 60 else 1.0


_BY_TYPE: dict[FieldType, Callable[[ColumnProfile], float]] = {
    FieldType.TEXT: _words,
    FieldType.NAME: _person,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _phone,
    FieldType.URL: _site,
    FieldType.DOMAIN: _site,
    FieldType.PERSON_PROFILE: _linkedin_person,
    FieldType.COMPANY_PROFILE: _linkedin_company,
    FieldType.COUNTRY: _country,
    FieldType.REGION: _state,
    FieldType.POSTAL_CODE: _postal,
    FieldType.NUMBER: _number,
    FieldType.ID: _external_id,
}
_RULES: dict[str, Callable[[ColumnProfile], float]] = {
    "company_name": _company,
    "city": _place,
    "company_size": _size,
    "contact_title": _title,
    "industry": _trade,
    "notes": _notes,
    "source": _source,
}
"""Fields whose cells say more, or less, than their type."""
