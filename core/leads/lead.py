"""What a lead consists of, and the one key by which two rows are the same lead."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Literal

from core.leads.fields import COLUMNS
from core.text.country_readings import shown_country
from core.text.folding import fold

FIELDS: tuple[str, ...] = tuple(field.name for field in COLUMNS)
"""The canonical fields, in storage order."""

POSITION: dict[str, int] = {field: position for position, field in enumerate(FIELDS)}
"""Field -> its place in a list in storage order."""

DedupeKey = Literal["auto", "external_id", "email", "domain", "company", "row"]
"""`auto` takes the first kind that a row has; the others try that kind first, then go on as `auto`."""

MAX_KEY_CHARS = 200
"""Longer keys are cut and end in a hash, so that they always fit an index."""

_SEPARATOR = "|"


def _bounded(key: str) -> str:
    if len(key) <= MAX_KEY_CHARS:
        return key
    digest = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{key[: MAX_KEY_CHARS - 33]}#{digest}"


def row_key(cells: list[str]) -> str:
    """Key a row by nothing but its content: 'row:' and a hash of its stripped cells."""
    content = "\x1f".join(cell.strip() for cell in cells).encode("utf-8", "surrogatepass")
    return f"row:{sha256(content).hexdigest()[:32]}"


def _id_key(external_id: str | None, source: str | None) -> str | None:
    # Another source's ids are other ids, so an id counts only together with the source that gave it.
    return f"id:{fold(source)}{_SEPARATOR}{external_id.strip()}" if external_id and source else None


def _domain_key(domain: str | None, person: str | None) -> str | None:
    return f"domain:{domain}{_SEPARATOR}{fold(person)}" if domain and person else None


def _company_key(name: str | None, city: str | None, country: str | None, person: str | None) -> str | None:
    if not name:
        return None
    parts = [fold(name), fold(city) if city else "", fold(shown_country(country)) if country else ""]
    if person:
        parts.append(fold(person))
    return f"company:{_SEPARATOR.join(parts)}"


def dedupe_key(
    *,
    external_id: str | None = None,
    source: str | None = None,
    email: str | None = None,
    domain: str | None = None,
    person: str | None = None,
    company: str | None = None,
    city: str | None = None,
    country: str | None = None,
    cells: list[str] | None = None,
    prefer: DedupeKey = "auto",
) -> str:
    """Return the one key of a row.

    The first that the row has of: external id with its source, contact e-mail, company domain with person, company
    name with city and country (and person, so that colleagues stay two leads), a company domain alone, a hash of
    the row.

    Args:
        external_id: Id in the system the row comes from; counts only together with `source`.
        source: That system's label.
        email: Normalised address.
        domain: The company's own registrable domain; never a shared host.
        person: The contact's full name.
        company: The company's name.
        city: The company's city.
        country: The company's country, however it is written: its name counts, as in keys of earlier versions.
        cells: The whole row, hashed where nothing else identifies it.
        prefer: Kind to try first.

    Returns:
        'id:…', 'email:…', 'domain:…', 'company:…' or 'row:…', folded, at most `MAX_KEY_CHARS` characters.
    """
    if prefer == "auto":
        # The common case first: most rows have an e-mail, and few an id with a source.
        if email and not (external_id and source):
            return _bounded(f"email:{email.lower()}")
    elif prefer == "row":
        return row_key(cells or [])
    keys = {
        "external_id": _id_key(external_id, source),
        "email": f"email:{email.lower()}" if email else None,
        "domain": _domain_key(domain, person),
        "company": _company_key(company, city, country, person),
    }
    preferred = keys.get(prefer)
    found = preferred or next((key for key in keys.values() if key), None)
    if found:
        return _bounded(found)
    return _bounded(f"domain:{domain}{_SEPARATOR}") if domain else row_key(cells or [])


def further_keys(values: Sequence[str | None], prefer: DedupeKey = "auto", *, ids_count: bool = True) -> list[str]:
    """Return every key that a lead's values have, in the order in which they are tried, the hash of the values last.

    They stand in for a key that turns out to be somebody else's.

    Args:
        values: In the order of `FIELDS`.
        prefer: Kind to try first.
        ids_count: Whether the rows' ids are their own (`core.imports.column_ids`).
    """
    value = dict(zip(FIELDS, values, strict=True))
    person = value["contact_name"] or value["last_name"] or value["first_name"]
    email, domain = value["contact_email"], value["company_domain"]
    keys = {
        "external_id": _id_key(value["external_id"], value["source"]) if ids_count else None,
        "email": f"email:{email.lower()}" if email else None,
        "domain": _domain_key(domain, person),
        "company": _company_key(value["company_name"], value["city"], value["country"], person),
        "domain alone": f"domain:{domain}{_SEPARATOR}" if domain and not person else None,
    }
    first = keys.pop(prefer, None)
    return [*(_bounded(key) for key in (first, *keys.values()) if key), row_key([text or "" for text in values])]
