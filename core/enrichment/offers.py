"""What a source of enrichment offers, as its provider's folder declares it: a plain value, without any client.

Whatever knows sources by name is handed these values: `enrichment.yaml` is checked against them, a plan adds up their
prices, a run puts its questions together as they allow.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.discovery.runs import choose_site
from core.enrichment.questions import KnownRecord, Provider, Question, Source
from core.ledger.spend import FREE, Cost
from core.settings.sections import SettingsReader
from core.text import normalize


def _nothing(_read: SettingsReader) -> str | None:
    return None


@dataclass(frozen=True)
class SourceOffer:
    """What is true of a source before anybody opens it.

    Attributes:
        name: as `enrichment.yaml` and a value's provenance write it.
        gives: the fields it can know, of `core.leads.fields.ENRICHABLE`.
        asked: makes the question about a lead's company or one of its contacts, or says why there is nothing to ask
            with. Only what identifies the company or the person goes out; never notes or columns of a file.
        trust: 0-100, whose value counts where two differ and the configuration does not say; higher wins.
        confidence: 0-1, of a value that it gives without saying how sure it is.
        price: the most that one question costs, in the account's own credits or in US dollars.
        account: who is paid, as the cost book names it; None where nobody is, or who that is shows when it is asked.
        bulk: questions it takes in one call.
        width: calls at once.
        is_late: whether an answer may have to be collected later, by a ticket.
        asked_with: what it is asked with, in words, for the documents.
        missing: says what is to be set before it can be used, or None.
    """

    name: Provider
    gives: frozenset[str]
    asked: Callable[[KnownRecord], Question | str]
    trust: int
    confidence: float
    price: Cost = FREE
    account: str | None = None
    bulk: int = 1
    width: int = 4
    is_late: bool = False
    asked_with: str = ""
    missing: Callable[[SettingsReader], str | None] = _nothing


Offers = Mapping[Provider, SourceOffer]
"""Name to offer, the cheap before the dear: the order in which they are asked unless a configuration says otherwise."""


def by_name(offers: Iterable[SourceOffer]) -> Offers:
    """Return offers by their names. Raises ValueError where two have the same."""
    found: dict[Provider, SourceOffer] = {}
    for offer in offers:
        if offer.name in found:
            raise ValueError(f"two sources are called {offer.name}")
        found[offer.name] = offer
    return found


def usual_trust(offers: Offers) -> tuple[Source, ...]:
    """Return whose value counts unless a configuration says otherwise: the import's, then by the sources' trust."""
    return ("import", *sorted(offers, key=lambda name: -offers[name].trust))


def asked_of_site(provider: Provider, lead: KnownRecord) -> Question | str:
    """Return a question about the company's own website, or why there is none to be asked about."""
    site = choose_site(lead.values.get("company_website"), lead.values.get("company_domain"))
    return site if isinstance(site, str) else Question(provider, (("site", site.site),), site.website)


def own_domain(lead: KnownRecord) -> str | None:
    """Return the domain that is the company's own, or None."""
    for written in (lead.values.get("company_domain"), lead.values.get("company_website")):
        found = normalize.own_domain(written) if written else None
        if found:
            return found
    return None


def asked_of_person(provider: Provider, lead: KnownRecord) -> Question | str:
    """Return a question about the lead's person, or why nothing identifies one."""
    values, domain = lead.values, own_domain(lead)
    name = values.get("contact_name") or " ".join(filter(None, (values.get("first_name"), values.get("last_name"))))
    email, profile = values.get("contact_email"), values.get("linkedin_url")
    company = values.get("company_name")
    if not (email or profile or (name and (domain or company))):
        return "nothing identifies a person: no e-mail, no profile, no name with a company"
    return Question.of(
        provider, email=email, linkedin_url=profile, name=name or None, domain=domain,
        organization_name=None if domain else company,
    )  # fmt: skip
