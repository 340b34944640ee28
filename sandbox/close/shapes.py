"""What Close accepts of leads and contacts, and how it shows them.

Source: Close API, "Leads", "Contacts", "Custom fields", checked August 2026.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from sandbox.close.gate import invalid
from sandbox.close.setup import is_field_of
from sandbox.close.store import USER_NAME, CloseStore, Row

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CUSTOM = re.compile(r"custom\.(cf_\w+?)(?:\.(add|remove))?")
_COUNTRY = re.compile("[A-Z]{2}")
_ADDRESS_KEYS = ("label", "address_1", "address_2", "city", "state", "zipcode", "country")
LEAD_KEYS = frozenset(
    {"name", "url", "description", "status", "status_id", "contacts", "addresses", "custom", "source"}
)
CONTACT_KEYS = frozenset({"name", "title", "lead_id", "emails", "phones", "urls", "timezone"})


def lead_values(store: CloseStore, body: Row, current: Row) -> Row:
    """Return the columns a lead's POST or PUT sets. Raises a 400 for what Close refuses."""
    if "status" in body and "status_id" in body:
        raise invalid(fields={"status": "Provide either status or status_id, not both."})
    values: Row = {key: body[key] for key in ("name", "url", "description", "source") if key in body}
    for key, value in values.items():
        if value is not None and not isinstance(value, str):
            raise invalid(fields={key: "Expected a string."})
    if values.get("url") and urlsplit(values["url"]).scheme not in {"", "http", "https"}:
        raise invalid(fields={"url": "Invalid URL."})
    if "addresses" in body:
        values["addresses"] = _addresses(body)
    if "status" in body or "status_id" in body:
        values["status_id"] = _status_id(store, body)
    return values | custom_values(store, "lead", body, current)


def _addresses(body: Row) -> list[Row]:
    """Return a body's addresses with every key; a country is a code of ISO 3166 alpha-2, or nothing."""
    addresses = list_of_objects(body, "addresses")
    wrong = {
        str(place): {"errors": [], "field-errors": {"country": "Invalid country code."}}
        for place, address in enumerate(addresses)
        if address.get("country") and not _COUNTRY.fullmatch(str(address["country"]))
    }
    if wrong:
        raise invalid(fields={"addresses": {"errors": wrong}})
    return [dict.fromkeys(_ADDRESS_KEYS, "") | {"label": "business"} | address for address in addresses]


def contact_values(store: CloseStore, body: Row, current: Row) -> Row:
    """Return the columns a contact's POST or PUT sets; lists replace what was there."""
    values: Row = {key: body[key] for key in ("name", "title", "timezone") if key in body}
    for key in ("emails", "phones", "urls"):
        if key in body:
            values[key] = list_of_objects(body, key)
    for email in values.get("emails", []):
        if not _EMAIL.fullmatch(str(email.get("email", ""))):
            raise invalid(fields={"emails": "Invalid email address."})
        email.setdefault("type", "office")
        email.setdefault("is_unsubscribed", False)
    for phone in values.get("phones", []):
        if len(re.sub(r"\D", "", str(phone.get("phone", "")))) < 5:
            raise invalid(fields={"phones": "Invalid phone number."})
        phone.setdefault("type", "office")
        phone.setdefault("country", None)
        phone["phone_formatted"] = phone["phone"]
    return values | custom_values(store, "contact", body, current)


def custom_values(store: CloseStore, kind: str, body: Row, current: Row) -> Row:
    """Return the custom fields a body sets: `null` unsets, `.add` and `.remove` edit multi-value fields."""
    values: Row = {}
    for key, value in body.items():
        if not key.startswith("custom."):
            continue
        match = _CUSTOM.fullmatch(key)
        field = store.rows["custom_field"].get(match[1]) if match is not None else None
        if match is None or field is None or not is_field_of(field, kind):
            raise invalid(fields={key: "Unknown custom field."})
        _check_custom(key, field, value)
        name, edit = f"custom.{match[1]}", match[2]
        if edit is not None and not field["accepts_multiple_values"]:
            raise invalid(fields={key: "This field does not accept multiple values."})
        held = values.get(name, current.get(name))
        values[name] = value if edit is None else _edited(held or [], value, adds=edit == "add")
    return values


def _edited(held: Iterable[Any], value: Any, *, adds: bool) -> list[Any]:
    """Return the values of a field with some added at their end, or with these removed."""
    named = value if isinstance(value, list) else [value]
    rest = [one for one in held if one not in named]
    return [*rest, *named] if adds else rest


def _check_custom(key: str, field: Row, value: Any) -> None:
    for one in value if isinstance(value, list) else [value]:
        if one is None:
            continue
        if field["type"] == "number" and (isinstance(one, bool) or not isinstance(one, int | float)):
            raise invalid(fields={key: "Expected a number."})
        if field["type"] in {"text", "textarea", "date", "datetime", "choices", "url"} and not isinstance(one, str):
            raise invalid(fields={key: "Expected a string."})
        if field["type"] == "choices" and one not in field["choices"]:
            raise invalid(fields={key: f"{one!r} is not a valid choice."})


def _status_id(store: CloseStore, body: Row) -> str:
    for status in store.rows["status"].values():
        if status["id"] == body.get("status_id") or ("status" in body and status["label"] == body["status"]):
            return str(status["id"])
    raise invalid(fields={"status_id" if "status_id" in body else "status": "Unknown status."})


def list_of_objects(body: Row, key: str) -> list[Row]:
    """Return a list of copied objects from a body, or raise a 400."""
    value = body[key]
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise invalid(fields={key: "Expected a list of objects."})
    return [dict(one) for one in value]


def shown_lead(store: CloseStore, lead: Row) -> Row:
    """Return a lead as Close shows it: children nested, optional keys there or not, one key nobody documents."""
    contacts = [shown_contact(one) for one in store.rows["contact"].values() if one["lead_id"] == lead["id"]]
    status = store.rows["status"].get(lead["status_id"], {})
    fields = store.rows["custom_field"]
    custom = {fields[key[7:]]["name"]: lead[key] for key in lead if key.startswith("custom.") and key[7:] in fields}
    shown = {
        **lead,
        "display_name": lead["name"] or "Untitled lead",
        "status_label": status.get("label"),
        "html_url": f"https://app.close.com/lead/{lead['id']}/",
        "contacts": contacts,
        "opportunities": [one for one in store.rows["opportunity"].values() if one["lead_id"] == lead["id"]],
        "tasks": [one for one in store.rows["task"].values() if one.get("lead_id") == lead["id"]],
        "integration_links": [],
        "custom": custom,
        "created_by_name": USER_NAME,
        "updated_by_name": USER_NAME,
    }
    optional = {
        "contact_ids": [contact["id"] for contact in contacts],
        "primary_email": next((e for c in contacts for e in c["emails"]), None),
        "primary_phone": next((p for c in contacts for p in c["phones"]), None),
        "summaries": [],
        "recent_calls": [],
        "localtime": None,
        "sandbox_undocumented": True,
    }
    dice = int(hashlib.sha256(lead["id"].encode()).hexdigest(), 16)
    return shown | {key: value for place, (key, value) in enumerate(optional.items()) if dice >> place & 1}


def shown_contact(contact: Row) -> Row:
    """Return a contact as Close shows it."""
    return {
        **contact,
        "display_name": contact["name"] or (contact["emails"][0]["email"] if contact["emails"] else ""),
        "timezone_source": None,
        "integration_links": [],
    }


def only(row: Row, fields: str | None) -> Row:
    """Return the keys named by `_fields`; `custom` stands for every custom field."""
    if not fields or fields == "_all":
        return row
    names = {name.strip() for name in fields.split(",")}
    return {
        key: value for key, value in row.items() if key in names or ("custom" in names and key.startswith("custom."))
    }
