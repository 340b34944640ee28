"""Close's leads and contacts to our field names, and back."""

from collections.abc import Mapping
from typing import Any

from integrations.close.schemas import CloseContact, CloseLead


def lead_fields(lead: CloseLead) -> dict[str, str]:
    """Return the company's fields in our names; what Close does not know is absent."""
    address = lead.addresses[0] if lead.addresses else None
    found = {
        "company_name": lead.name,
        "company_website": lead.url,
        "notes": lead.description,
        "street": " ".join(filter(None, (address.address_1, address.address_2))) if address else None,
        "city": address and address.city,
        "state": address and address.state,
        "postal_code": address and address.zipcode,
        "country": address and address.country,
    }
    return {name: value for name, value in found.items() if value}


def contact_fields(contact: CloseContact) -> dict[str, str]:
    """Return a person's fields in our names, the first of each list."""
    profile = next((link.url for link in contact.urls if "linkedin.com/" in link.url.lower()), None)
    found = {
        "contact_name": contact.name,
        "contact_title": contact.title,
        "contact_email": contact.emails[0].email if contact.emails else None,
        "contact_phone": contact.phones[0].phone if contact.phones else None,
        "linkedin_url": profile,
    }
    return {name: value for name, value in found.items() if value}


_ADDRESS = {"street": "address_1", "city": "city", "state": "state", "postal_code": "zipcode", "country": "country"}


def lead_body(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return Close's lead for our fields; only what is given."""
    body: dict[str, Any] = {}
    for ours, theirs in (("company_name", "name"), ("company_website", "url"), ("notes", "description")):
        if fields.get(ours):
            body[theirs] = fields[ours]
    address = {theirs: fields[ours] for ours, theirs in _ADDRESS.items() if fields.get(ours)}
    if address:
        body["addresses"] = [{"label": "business", **address}]
    return body


def contact_body(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return Close's contact for our fields; only what is given."""
    body: dict[str, Any] = {}
    for ours, theirs in (("contact_name", "name"), ("contact_title", "title")):
        if fields.get(ours):
            body[theirs] = fields[ours]
    if fields.get("contact_email"):
        body["emails"] = [{"email": fields["contact_email"], "type": "office"}]
    if fields.get("contact_phone"):
        body["phones"] = [{"phone": fields["contact_phone"], "type": "office"}]
    if fields.get("linkedin_url"):
        body["urls"] = [{"url": fields["linkedin_url"], "type": "url"}]
    return body
