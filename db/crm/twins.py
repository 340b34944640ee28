"""Which lead of ours a company of the CRM is, before anything links them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from uuid import UUID

from core.crm.records import RecordKind
from core.leads.identities import IdentityKind, identity, own_address
from core.leads.names import Likeness, companies_likeness, company_key
from core.outreach.suppression import spellings
from core.text import normalize
from core.text.folding import fold
from db.leads.matching import current_id
from db.server.engine import Connection
from db.server.statements import select

How = Literal["id", "contact", "identity"]
"""By our id in the CRM; by one of our contacts; by its domain, its page on LinkedIn, or its name."""
_FEW = 20
_CANDIDATES = """
    SELECT l.id, l.company_name, l.name_key, l.alias_keys, l.company_domain, l.is_domain_shared, l.city,
        CASE WHEN NOT k.is_gone THEN k.remote_id END AS linked_to
    FROM leads l LEFT JOIN crm_links k ON k.provider = %(provider)s AND k.kind = 'lead' AND k.own_id = l.id
"""
_ANY_OF_PEOPLE = """
    l.id IN (SELECT lead_id FROM contacts WHERE lower(contact_email) = ANY (%(emails)s)
        UNION SELECT lead_id FROM contacts WHERE id = ANY (%(contact_ids)s)
        UNION SELECT c.lead_id FROM identities i JOIN contacts c ON c.person_id = i.owner_id
            WHERE i.key = ANY (%(keys)s::uuid[]))
"""


@dataclass(frozen=True, slots=True)
class CompanyTraits:
    """What a company of the CRM is recognised by.

    Attributes:
        own_id: our id that it carries.
        contact_ids: our ids that its people carry.
        emails: of its people.
        profiles: of its people on LinkedIn.
        page: its own.
    """

    own_id: UUID | None
    contact_ids: tuple[UUID, ...]
    emails: tuple[str, ...]
    profiles: tuple[str, ...]
    page: str | None
    domain: str | None
    name: str | None
    city: str | None


class Twin(NamedTuple):
    """A lead that a company of the CRM is.

    Attributes:
        linked_to: another company there that the lead is linked to already.
        has_its_name: whether both have one name, or one of them none.
    """

    lead_id: UUID
    how: How
    linked_to: str | None
    has_its_name: bool


async def find_twin(connection: Connection, provider: str, remote_id: str, facts: CompanyTraits) -> Twin | None:
    """Find the lead that a company of the CRM is: by our id, by one of our contacts, by an identity of its own.

    A shared domain finds nobody without the name, a name nobody whom anything contradicts.
    """
    if facts.own_id is not None:
        found = await _candidates(connection, provider, "l.id = %(id)s", id=await current_id(connection, facts.own_id))
        if found:
            return _twin(found[0], "id", remote_id, facts)
    by_people = await _by_people(connection, provider, facts)
    if by_people is not None:
        return _twin(by_people, "contact", remote_id, facts)
    for candidates in (_by_page, _by_domain, _by_name):
        row = await candidates(connection, provider, facts)
        if row is not None:
            return _twin(row, "identity", remote_id, facts)
    return None


def _twin(row: Any, how: How, remote_id: str, facts: CompanyTraits) -> Twin:
    linked_to = row.linked_to if row.linked_to != remote_id else None
    return Twin(row.id, how, linked_to, _has_name(row, facts))


async def _candidates(connection: Connection, provider: str, condition: str, **values: Any) -> Sequence[Any]:
    statement = f"{_CANDIDATES} WHERE {condition} ORDER BY l.created_at, l.id LIMIT {_FEW}"
    return await select(connection, statement, values | {"provider": provider})


async def _by_people(connection: Connection, provider: str, facts: CompanyTraits) -> Any:
    addresses = [address for each in facts.emails if (address := own_address(normalize.email(each))) is not None]
    emails = {spelling.lower() for address in addresses for spelling in spellings(address)}
    keys = [identity(IdentityKind.EMAIL, email).key for email in emails]
    keys += [identity(IdentityKind.PROFILE, profile).key for profile in facts.profiles]
    if not emails and not keys and not facts.contact_ids:
        return None
    values = {"emails": sorted(emails), "keys": keys, "contact_ids": list(facts.contact_ids)}
    found = await _candidates(connection, provider, _ANY_OF_PEOPLE, **values)
    # Somebody who stands at several companies says which it is only together with what it says of itself.
    return _the_one(found) or _the_one([row for row in found if _agrees(row, facts)])


async def _by_page(connection: Connection, provider: str, facts: CompanyTraits) -> Any:
    if facts.page is None:
        return None
    condition = "l.id IN (SELECT owner_id FROM identities WHERE key = %(key)s::uuid)"
    key = identity(IdentityKind.COMPANY_PAGE, facts.page).key
    return _the_one(await _candidates(connection, provider, condition, key=key))


async def _by_domain(connection: Connection, provider: str, facts: CompanyTraits) -> Any:
    if facts.domain is None:
        return None
    found = await _candidates(connection, provider, "l.company_domain = %(domain)s", domain=facts.domain)
    if len(found) == 1 and not found[0].is_domain_shared:
        return None if _is_contradicted(found[0], facts) else found[0]
    named = [row for row in found if _has_name(row, facts)]
    return _the_one(named) or (named[0] if named else None)


async def _by_name(connection: Connection, provider: str, facts: CompanyTraits) -> Any:
    key = company_key(facts.name)
    if key is None:
        return None
    condition = (
        "l.id IN (SELECT id FROM leads WHERE name_key = %(key)s"
        " UNION SELECT id FROM leads WHERE alias_keys <> '{}' AND alias_keys @> ARRAY[%(key)s::text])"
    )
    found = await _candidates(connection, provider, condition, key=key)
    agreeing = [row for row in found if not (row.company_domain and facts.domain)]
    if len(found) == 1:
        return agreeing[0] if agreeing and not _is_elsewhere(agreeing[0], facts) else None
    return _the_one([row for row in agreeing if row.city and facts.city and fold(row.city) == fold(facts.city)])


def _the_one(rows: Collection[Any]) -> Any:
    """Return the only one, or the only one that is not linked yet."""
    if len(rows) == 1:
        return next(iter(rows))
    free = [row for row in rows if row.linked_to is None]
    return free[0] if len(free) == 1 else None


def _agrees(row: Any, facts: CompanyTraits) -> bool:
    return (facts.domain is not None and row.company_domain == facts.domain) or (
        facts.name is not None and row.company_name is not None and _has_name(row, facts)
    )


def _has_name(row: Any, facts: CompanyTraits) -> bool:
    if company_key(facts.name) in row.alias_keys:
        return True
    likeness = companies_likeness(row.company_name, facts.name)
    return likeness is None or likeness >= Likeness.PART


def _is_elsewhere(row: Any, facts: CompanyTraits) -> bool:
    return bool(row.city) and facts.city is not None and fold(row.city) != fold(facts.city)


def _is_contradicted(row: Any, facts: CompanyTraits) -> bool:
    """Return whether one domain is two companies': they have other names and other places."""
    return not _has_name(row, facts) and _is_elsewhere(row, facts)


async def release_decided(connection: Connection, provider: str, reason: str, still: Collection[UUID]) -> None:
    """Let leads take part again that several companies of the CRM matched, and now do not (any more)."""
    await connection.execute(
        "UPDATE crm_links SET is_gone = false, state = 'pending', reason = NULL, since = now(), local_token = NULL"
        " WHERE provider = %s AND kind = %s AND remote_id IS NULL AND is_gone AND starts_with(reason, %s)"
        " AND own_id <> ALL (%s)",
        [provider, str(RecordKind.LEAD), reason, list(still)],
    )
