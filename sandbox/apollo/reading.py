"""Reads what is asked of Apollo: parameters, filters, seeded companies."""

from starlette.datastructures import QueryParams

from sandbox.apollo import gate
from sandbox.apollo.data import Known, Row, bare_domain, object_id
from sandbox.cast import Company, Person

_SENIORITIES = frozenset(
    {"owner", "founder", "c_suite", "partner", "vp", "head", "director", "manager", "senior", "entry", "intern"}
)


def params_of(query: QueryParams) -> Row:
    """Return query parameters; `name[]` becomes a list."""
    found: Row = {}
    for name, value in query.multi_items():
        if name.endswith("[]"):
            found.setdefault(name[:-2], []).append(value)
        else:
            found[name] = value
    return found


def number(params: Row, name: str, default: int) -> int:
    """Return a whole number, or raise Apollo's 422."""
    try:
        return int(params.get(name, default))
    except (TypeError, ValueError):
        raise gate.invalid() from None


def is_true(params: Row, name: str) -> bool:
    """Return whether a flag is set."""
    return str(params.get(name, "")).lower() == "true"


def answers(known: Known, params: Row) -> bool:
    """Return whether a person answers a search's filters."""
    for seniority in params.get("person_seniorities") or []:
        if seniority not in _SENIORITIES:
            raise gate.invalid(f"unknown seniority {seniority!r}")
    title, company = known.person.title.lower(), known.company
    domains = [bare_domain(domain) for domain in params.get("q_organization_domains_list") or []]
    titles = [str(wanted).lower() for wanted in params.get("person_titles") or []]
    ids = params.get("organization_ids") or []
    words = str(params.get("q_keywords", "")).lower()
    return (
        (not domains or company.domain in domains)
        and (not titles or any(set(wanted.split()) <= set(title.replace("&", " ").split()) for wanted in titles))
        and (not ids or object_id("organization", company.domain) in ids)
        and (known.person.seniority in (params.get("person_seniorities") or [known.person.seniority]))
        and words in f"{known.person.name} {title} {company.name}".lower()
    )


def company_from(entry: Row) -> Company:
    """Return a seeded company with its people."""
    people = tuple(
        Person(
            one["first_name"],
            one["last_name"],
            one.get("title", ""),
            one.get("seniority", "manager"),
            one.get("department", "operations"),
            one.get("email"),
            one.get("email_status", "verified"),
        )
        for one in entry.get("people", [])
    )
    return Company(
        entry.get("slug", entry["domain"].split(".")[0]),
        entry["name"],
        entry["domain"],
        entry.get("industry", "machinery"),
        entry.get("city", "Springfield"),
        entry.get("country", "United States"),
        entry.get("country_code", "US"),
        entry.get("employee_count", 50),
        entry.get("founded", 2000),
        entry.get("revenue", 5_000_000.0),
        people,
        entry.get("catches_all_mail", False),
    )
