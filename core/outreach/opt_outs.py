"""Who is meant by a refusal: the row's person, by address and by name at the company; or a company with all its people.

A person whose address is not known yet is kept by what is known: the name together with the company's name or domain,
or the LinkedIn profile. An address that is found for them later is met by the same keys. A name alone is nobody, and a
host that many companies share is no company's.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

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


def _folded(name: object) -> str:
    """Return a company's name, folded, without its legal form; a name that is nothing else keeps it."""
    words = " ".join(re.findall(r"\w+", fold(str(name or ""))))
    return " ".join(_LEGAL_FORM.sub(" ", words).split()) or words


def _firm(lead: LeadFields) -> str:
    return _folded(lead.get("company_name"))


def _firms(lead: LeadFields) -> list[str]:
    """Return the names a company is known by, each once: its own, and those it was met under."""
    names = (lead.get("company_name"), *(lead.get("aliases") or ()))
    return [firm for firm in dict.fromkeys(map(_folded, names)) if firm]


def _own_domain(lead: LeadFields) -> str:
    """Return a company's domain, or '' where it is a shared host's or other companies have it too."""
    domain = str(lead.get("company_domain") or "")
    return "" if is_shared(domain) or lead.get("is_domain_shared") else domain


def _places(lead: LeadFields) -> list[str]:
    """Return what names a lead's company: its own domain, its names."""
    domain = _own_domain(lead)
    return [*([domain] if domain else []), *_firms(lead)]


def person_keys(lead: LeadFields, name: str, linkedin_url: str | None) -> tuple[str, ...]:
    """Return the keys of a person at a lead, where nothing but the name or the profile is known."""
    key = person_key(name) if name.strip() else ""
    keys = [f"person:{key}|{place}" for place in _places(lead) if key]
    return (*keys, f"person:{linkedin_url}") if linkedin_url else tuple(keys)


def company_keys(lead: LeadFields) -> tuple[str, ...]:
    """Return the keys of a lead's company: its own domain, and its names with its city."""
    domain, city = _own_domain(lead), fold(str(lead.get("city") or ""))
    own = [f"company:{domain}"] if domain else []
    return (*own, *(f"company:{firm}|{city}" for firm in _firms(lead)))


def targets(
    lead: LeadFields,
    addresses: Iterable[str] = (),
    *,
    of_company: bool = False,
    person_ids: Iterable[str] = (),
    company_ids: Iterable[str] = (),
) -> list[Target]:
    """Return what to suppress where a row or a record says that it must not be written to.

    A row is its person's: only one without a person, or what is said of the company, is the company's.

    Args:
        lead: the row's fields.
        addresses: every address of its person, canonical.
        of_company: the refusal is the company's, whoever else the row names.
        person_ids: keys of the person that outlast name, address and company, of `id_keys`.
        company_ids: the same of the company.

    Returns:
        The addresses, the person without one of their own, the company; nothing where nobody can be told.
    """
    known = list(dict.fromkeys(addresses))
    own = [address for address in known if not is_shared_mailbox(address)]
    name, profile, ids = person_name(lead), lead.get("linkedin_url"), tuple(person_ids)
    keys = (*person_keys(lead, name, profile), *ids)
    found = [Target("address", address, keys if address in own else ()) for address in known]
    if of_company or not (name or profile or own or ids):
        return found + _company(lead, tuple(company_ids))
    if keys and not own:
        # Who refuses is not the mailbox: an address of their own that is found later is theirs as well.
        found.append(Target("person", _listed("person", name or str(profile or ids[0]), lead), keys))
    return found


def _company(lead: LeadFields, ids: tuple[str, ...]) -> list[Target]:
    keys = (*company_keys(lead), *ids)
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
    keys = {*company_keys(lead), *(f"company:{firm}|" for firm in _firms(lead))}
    domain = normalize.own_domain(address.partition("@")[2]) if address else None
    if domain and not (lead.get("is_domain_shared") and domain == lead.get("company_domain")):
        keys.add(f"company:{domain}")
    for name, profile in people:
        keys.update(person_keys(lead, name, profile))
    return frozenset(keys)


def id_keys(*, people: Iterable[UUID] = (), leads: Iterable[UUID] = (), identities: Iterable[UUID] = ()) -> list[str]:
    """Return the keys by which somebody is found whose name, address and company may all be others by now.

    Args:
        people: ids a person ever had.
        leads: ids a lead ever had.
        identities: keys of theirs, which outlive the record: who is deleted and imported again has the same.
    """
    return [
        *(f"person id:{each}" for each in people),
        *(f"lead id:{each}" for each in leads),
        *(f"identity:{each}" for each in identities),
    ]
