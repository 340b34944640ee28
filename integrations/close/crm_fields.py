"""Close's leads and contacts field by field: what `crm.yaml` calls them, and how they are read and written.

A lead's address is the first in its list; a contact's LinkedIn profile is the first such link. Close writes a country
as its ISO 3166 alpha-2 code and a state of the United States or Canada by its postal code, and says of a telephone
number of which country it is; numbers are kept to the last digit.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from core.crm.opt_outs import refusing
from core.crm.records import Description, RecordKind, RecordValues, Value
from core.crm.values import same
from core.errors import ConfigurationError
from core.imports.opt_out_columns import read_header
from core.outreach.suppression import Reason
from core.text import phones
from core.text.country_readings import country, shown_country
from core.text.regions import state_code
from integrations.close.schemas import CloseContact, CloseLead, CloseObject

_PLAIN_LEAD = {"name": "name", "url": "url", "description": "description"}
_ADDRESS = {
    "address.street": "address_1",
    "address.city": "city",
    "address.state": "state",
    "address.postal_code": "zipcode",
    "address.country": "country",
}
_COUNTRY = "address.country"
LEAD_FIELDS = (*_PLAIN_LEAD, "status", *_ADDRESS)
CONTACT_FIELDS = ("name", "title", "emails", "phones", "linkedin")
_WIRE = {"status": "status_id", "linkedin": "urls"} | dict.fromkeys(_ADDRESS, "addresses")
_READ_FIRST = frozenset({*_ADDRESS, "emails", "phones", "linkedin"})
_CUSTOM_KEY = re.compile(r"custom\.(cf_\w+)")
_NUMBERS = frozenset({"number"})
_DIGITS = 40
"""A number of more than so many, before the point or after it, is no amount: it stays the text it is."""


class FieldNames:
    """Names of fields, as `crm.yaml` and as Close write them.

    Args:
        description: what Close said it has.
        wanted: the fields to read, by kind; None: all.
    """

    def __init__(self, description: Description, wanted: Mapping[RecordKind, Sequence[str]] | None = None) -> None:
        self._ids = description.ids
        self._wanted = {kind: tuple((wanted or {}).get(kind) or description.fields(kind)) for kind in RecordKind}

    def own_field(self, kind: CloseObject) -> str | None:
        """Return the id of the custom field with our ids, where Close had one when it was asked."""
        return self._ids.get(f"{kind}.own")

    def wire(self, kind: RecordKind, name: str) -> str:
        """Return the key of Close's JSON that holds a field."""
        if name.startswith("custom."):
            return f"custom.{self._custom_id(kind, name)}"
        return _WIRE.get(name, name)

    def _custom_id(self, kind: RecordKind, name: str) -> str:
        found = self._ids.get(f"{kind}.{name}")
        if found is None:
            raise ConfigurationError(f"Close has no {kind} custom field {name.removeprefix('custom.')!r}")
        return found

    def named(self, text: str) -> str:
        """Return a text of Close's with its custom fields by their names."""
        names = {each: key.partition(".")[2] for key, each in self._ids.items() if ".custom." in key}
        return _CUSTOM_KEY.sub(lambda match: names.get(match[1], match[0]), text)

    def changed(self, kind: RecordKind, keys: Iterable[str] | None) -> tuple[str, ...] | None:
        """Return the wanted fields among changed keys; None where Close does not say which changed."""
        if keys is None:
            return None
        told = set(keys)
        return tuple(name for name in self._wanted[kind] if self.wire(kind, name) in told)

    def values(self, kind: RecordKind, shape: CloseLead | CloseContact) -> dict[str, Value]:
        """Return the wanted fields of an object."""
        read = _lead_value if isinstance(shape, CloseLead) else _contact_value
        return {
            name: _custom(shape.custom_values.get(self._custom_id(kind, name)))
            if name.startswith("custom.")
            else self._status(shape)
            if name == "status"
            else read(shape, name)  # type: ignore[arg-type]  # chosen by the same test
            for name in self._wanted[kind]
        }

    def _status(self, shape: CloseLead | CloseContact) -> str | None:
        if not isinstance(shape, CloseLead):
            return None
        labels = {each: key.removeprefix("status.") for key, each in self._ids.items() if key.startswith("status.")}
        return shape.status_label or labels.get(shape.status_id or "")

    def refusing(self, kind: RecordKind, shape: CloseLead | CloseContact) -> tuple[str, Reason] | None:
        """Return the custom field or status that says nobody is to write there, whether `crm.yaml` names it or not."""
        start = f"{kind}.custom."
        names = {each: name.removeprefix(start) for name, each in self._ids.items() if name.startswith(start)}
        fields = {names[each]: value for each, value in shape.custom_values.items() if each in names}
        return refusing(fields, status=self._status(shape))

    def may_refuse(self, kind: RecordKind, keys: Iterable[str]) -> bool:
        """Return whether one of some changed keys is a custom field that can say that nobody is to write there."""
        start = f"{kind}.custom."
        refusing_ids = {
            each for name, each in self._ids.items() if name.startswith(start) and read_header(name[len(start) :])
        }
        return any(key.removeprefix("custom.") in refusing_ids for key in keys)

    def needs_reading(self, changes: RecordValues) -> bool:
        """Return whether a change touches a list, which Close replaces as a whole."""
        return not _READ_FIRST.isdisjoint(changes)

    def lead_body(self, values: RecordValues, held: CloseLead | None) -> dict[str, Any]:
        """Return the JSON that sets fields of a lead; `held` is the lead as it is."""
        body: dict[str, Any] = {}
        address: dict[str, Value] = {}
        for name, value in values.items():
            if name in _PLAIN_LEAD:
                body[name] = value if value is not None or name != "description" else ""
            elif name in _ADDRESS:
                address[_ADDRESS[name]] = _WRITTEN.get(name, _plain)(value)
            elif name == "status" and value is not None:  # a lead is never without one
                body["status_id"] = self._ids.get(f"status.{value}")
            elif name.startswith("custom."):
                body[self.wire(RecordKind.LEAD, name)] = self._written(RecordKind.LEAD, name, value)
        if address:
            body["addresses"] = _addresses(address, held)
        return body

    def contact_body(self, values: RecordValues, held: CloseContact | None) -> dict[str, Any]:
        """Return the JSON that sets fields of a contact; `held` is the contact as it is."""
        body: dict[str, Any] = {}
        for name, value in values.items():
            if name in ("name", "title"):
                body[name] = value or ""
            elif name in ("emails", "phones"):
                items = [each.model_dump(exclude_none=True) for each in (getattr(held, name) if held else ())]
                body[name] = _list(items, name.removesuffix("s"), value)
            elif name == "linkedin":
                body["urls"] = _urls(value, held)
            elif name.startswith("custom."):
                body[self.wire(RecordKind.CONTACT, name)] = self._written(RecordKind.CONTACT, name, value)
        return body

    def _written(self, kind: RecordKind, name: str, value: Value) -> Any:
        if value is None or not isinstance(value, str):
            return list(value) if value else None
        if self._ids.get(f"type.{self._custom_id(kind, name)}") in _NUMBERS:
            return _number(value)
        return value


def _number(text: str) -> float | int | str:
    """Return a number as JSON has it; what is none is left to Close to refuse."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS:
        return text
    return int(number) if number == number.to_integral_value() else float(number)


def _plain(value: Value) -> Value:
    return value or ""


def _state(value: Value) -> Value:
    """Return a state's postal code, which Close's own addresses have; a region of another country as it stands."""
    return (state_code(value) if isinstance(value, str) else None) or value or ""


def _country(value: Value) -> Value:
    """Return a country's code; nothing for what is no country we know, which Close would refuse with all the rest."""
    return (country(value) or "") if isinstance(value, str) else ""


_WRITTEN: Mapping[str, Callable[[Value], Value]] = {_COUNTRY: _country, "address.state": _state}


def _lead_value(lead: CloseLead, name: str) -> Value:
    if name in _ADDRESS:
        if not lead.addresses:
            return None
        first = lead.addresses[0]
        if name == "address.street":
            return " ".join(filter(None, (first.address_1, first.address_2))) or None
        found: str | None = getattr(first, _ADDRESS[name])
        return shown_country(found) if found and name == _COUNTRY else found or None
    plain: str | None = getattr(lead, name)
    return plain or None


def _contact_value(contact: CloseContact, name: str) -> Value:
    if name == "emails":
        return tuple(each.email for each in contact.emails)
    if name == "phones":
        return tuple(_number_of(each.phone, each.country) for each in contact.phones)
    if name == "linkedin":
        return next((each.url for each in contact.urls if _is_profile(each.url)), None)
    plain: str | None = getattr(contact, name)
    return plain or None


def _number_of(written: str, land: object) -> str:
    """Return a telephone number in E.164 where Close says of which country it is, else as it stands there."""
    return phones.phone(written, land if isinstance(land, str) else None) or written


def _is_profile(url: str) -> bool:
    return "linkedin.com/" in url.lower()


def _custom(value: object) -> Value:
    if value is None or value == "":
        return None
    return tuple(map(_said, value)) if isinstance(value, list) else _said(value)


def _said(value: object) -> str:
    """Return a custom field's value as text: of a number every digit, and none more."""
    if isinstance(value, bool):
        return "true" if value else "false"
    number = Decimal(str(value)) if isinstance(value, Decimal | float) else None
    if number is None or not number.is_finite() or abs(number.adjusted()) > _DIGITS:
        return str(value)
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _addresses(changes: Mapping[str, Value], held: CloseLead | None) -> list[dict[str, Any]]:
    known = [address.model_dump(exclude_none=True) for address in held.addresses] if held else []
    first: dict[str, Any] = known[0] if known else {"label": "business"}
    if "address_1" in changes:
        first.pop("address_2", None)
    return [first | dict(changes), *known[1:]]


def _list(known: Sequence[dict[str, Any]], key: str, value: Value) -> list[dict[str, Any]]:
    """Return a list with exactly the items of `value`; those that are there keep what else Close knows of them."""
    wanted = (value,) if isinstance(value, str) else value or ()
    held = {same(str(item[key])): item for item in known}
    if key == "phone":
        held = {same(_number_of(item[key], item.get("country"))): item for item in known} | held
    return [held.get(same(item)) or {key: item, "type": "office"} for item in wanted]


def _urls(value: Value, held: CloseContact | None) -> list[dict[str, Any]]:
    others = [each.model_dump(exclude_none=True) for each in held.urls if not _is_profile(each.url)] if held else []
    return [{"url": value, "type": "url"}, *others] if value else others
