"""Who is meant by a refusal: the row's person, by address and by name at the company; or a company with all its people.

A person whose address is not known yet is kept by what is known: the name together with the company's name or domain,
or the LinkedIn profile. An address that is found for them later is met by the same keys. A name alone is nobody, and a
host that many companies share is no company's.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from core.outreach.suppression import Target
from core.text import normalize
from core.text.folding import fold
from core.text.lexicons import alternatives, any_word
from core.text.mailboxes import is_shared as is_shared_mailbox
from core.text.names import person_key
from core.text.shared_hosts import is_shared

LeadFields = Mapping[str, Any]
"""A lead's fields by name."""

_LONGEST_VALUE = 300
_LEGAL_FORM = re.compile(rf"\b(?:{any_word('companies.legal_forms')}|{alternatives('companies.not_compared')})\b")


def person_name(lead: LeadFields) -> str:
    """Return the name of a lead's person, or ''."""
    parts = (lead.get("first_name"), lead.get("last_name"))
    return str(lead.get("contact_name") or " ".join(part for part in parts if part))


def _firm(lead: LeadFields) -> str:
    """Return the company's name, folded, without its legal form; a name that is nothing else keeps it."""
    words = " ".join(re.findall(r"\w+", fold(str(lead.get("company_name") or ""))))
    return " ".join(_LEGAL_FORM.sub(" ", words).split()) or words


def _places(lead: LeadFields) -> list[str]:
    """Return what names a lead's company: its own domain, its name."""
    domain = str(lead.get("company_domain") or "")
    return [place for place in ("" if is_shared(domain) else domain, _firm(lead)) if place]


def person_keys(lead: LeadFields, name: str, linkedin_url: str | None) -> tuple[str, ...]:
    """Return the keys of a person at a lead, where nothing but the name or the profile is known."""
    key = person_key(name) if name.strip() else ""
    keys = [f"person:{key}|{place}" for place in _places(lead) if key]
    return (*keys, f"person:{linkedin_url}") if linkedin_url else tuple(keys)


def company_keys(lead: LeadFields) -> tuple[str, ...]:
    """Return the keys of a lead's company: its own domain, and its name with its city."""
    domain, firm = str(lead.get("company_domain") or ""), _firm(lead)
    own = [f"company:{domain}"] if domain and not is_shared(domain) else []
    return (*own, f"company:{firm}|{fold(str(lead.get('city') or ''))}") if firm else tuple(own)


def targets(lead: LeadFields, addresses: Iterable[str] = (), *, of_company: bool = False) -> list[Target]:
    """Return what to suppress where a row or a record says that it must not be written to.

    Args:
        lead: the row's fields.
        addresses: every address of its person, canonical.
        of_company: the refusal is the company's, whoever else the row names.

    Returns:
        The addresses, the person without one, the company; nothing where nobody can be told.
    """
    known = list(dict.fromkeys(addresses))
    name, profile = person_name(lead), lead.get("linkedin_url")
    has_person = bool(name or profile or any(not is_shared_mailbox(address) for address in known))
    keys = person_keys(lead, name, profile)
    found = [Target("address", address, () if is_shared_mailbox(address) else keys) for address in known]
    if of_company or not has_person:
        return found + _company(lead)
    return found or ([Target("person", _listed("person", name or str(profile), lead), keys)] if keys else [])


def _company(lead: LeadFields) -> list[Target]:
    keys = company_keys(lead)
    return [Target("company", _listed("company", _firm(lead), lead), keys)] if keys else []


def _listed(kind: str, name: str, lead: LeadFields) -> str:
    """Name who has no address, for a list, in one spelling."""
    firm = _firm(lead) if kind == "person" else fold(str(lead.get("city") or ""))
    parts = [fold(name), firm, str(lead.get("company_domain") or "")]
    return f"{kind}: {', '.join(part for part in parts if part)}"[:_LONGEST_VALUE]


def keys_of(lead: LeadFields, people: Iterable[tuple[str, str | None]], address: str | None) -> frozenset[str]:
    """Return every key under which a lead's person, or its company, may have been suppressed.

    Args:
        lead: its fields.
        people: name and LinkedIn profile of whoever is written to.
        address: theirs, canonical; its domain counts as the company's where it is nobody else's.
    """
    keys = set(company_keys(lead))
    if firm := _firm(lead):
        keys.add(f"company:{firm}|")
    domain = normalize.own_domain(address.partition("@")[2]) if address else None
    if domain:
        keys.add(f"company:{domain}")
    for name, profile in people:
        keys.update(person_keys(lead, name, profile))
    return frozenset(keys)
