"""What a person looks for a lead or a contact by: an id, an e-mail address, a domain, or the beginning of a name."""

from typing import NamedTuple
from uuid import UUID

from core.leads.identities import IdentityKind, identity
from core.leads.names import company_key, person_key
from core.text import normalize


class Search(NamedTuple):
    """What is looked for; one of these, but a name has both keys.

    Attributes:
        id: of a lead or contact.
        address: an e-mail address, in lower case.
        domain: a registrable domain.
        key: the identity of address or domain.
        company: the key of the name, were it a company's.
        person: the key of the name, were it a person's.
    """

    id: UUID | None = None
    address: str | None = None
    domain: str | None = None
    key: UUID | None = None
    company: str | None = None
    person: str | None = None


def search_of(text: str) -> Search:
    """Read what is looked for: `0198…`, `ada@firm.example`, `firm.example`, `Brightwell`."""
    given = text.strip()
    try:
        return Search(id=UUID(given))
    except ValueError:
        pass
    if "@" in given and (address := normalize.email(given)):
        return Search(address=address.lower(), key=UUID(identity(IdentityKind.EMAIL, address.lower()).key))
    if "." in given and " " not in given and (domain := normalize.own_domain(given)):
        return Search(domain=domain, key=UUID(identity(IdentityKind.DOMAIN, domain).key))
    return Search(company=company_key(given) or given.lower(), person=person_key(given) or given.lower())
