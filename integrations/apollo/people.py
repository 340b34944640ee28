"""Apollo as a directory of a company's people: its search is free, and a few who fill a missing role are bought."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.discovery.company_contacts import (
    SEARCH_TITLES,
    Contact,
    FoundPeople,
    Provenance,
    SourceAttempt,
    worth_buying,
)
from core.discovery.person_details import linkedin_profile
from core.discovery.runs import Site
from core.enrichment.questions import Answer, Unasked
from core.ports import PeopleOffer
from core.text.titles import Role, read_title
from integrations.apollo.client import ApolloClient, PersonQuery
from integrations.apollo.mapping import person_fields
from integrations.apollo.plug import PEOPLE
from integrations.apollo.schemas import ApolloPerson
from integrations.sources import attempt

_HITS = 25
"""People of one company looked at in the free search."""


@dataclass(frozen=True)
class ApolloDirectory:
    """People of a company by their titles.

    Attributes:
        client: open.
        most: people bought for one company at most.
        offer: of the source.
    """

    client: ApolloClient
    most: int
    offer: PeopleOffer = PEOPLE

    async def find(self, site: Site, missing: Sequence[Role], *, has_ceo: bool) -> FoundPeople:
        """Search the company's people, and buy those whose title says a missing role; what was bought is kept."""
        if site.domain is None:
            return FoundPeople(SourceAttempt(self.offer.name, "skipped", "no domain of the company is known"))
        bought: list[ApolloPerson] = []
        stopped = await attempt(lambda: self._buy(site.domain or "", missing, bought))
        if isinstance(stopped, Unasked):
            stopped = stopped.answer
        reason = stopped.reason if isinstance(stopped, Answer) else None
        found = tuple(one for person in bought if (one := self._contact(person, has_ceo=has_ceo)) is not None)
        if found:
            return FoundPeople(SourceAttempt(self.offer.name, "hit", reason, len(found)), found)
        if isinstance(stopped, Answer):
            return FoundPeople(SourceAttempt(self.offer.name, stopped.outcome, reason))
        nobody = f"nobody with a wanted title at {site.domain}"
        return FoundPeople(SourceAttempt(self.offer.name, "miss", nobody))

    async def _buy(self, domain: str, missing: Sequence[Role], bought: list[ApolloPerson]) -> None:
        titles = [title for role in missing for title in SEARCH_TITLES[role]]
        hits = [(hit.id, hit.title) async for hit in self.client.search_people(domain, titles, limit=_HITS)]
        chosen = worth_buying(hits, missing, most=self.most)
        here = PersonQuery(domain=domain)
        async for _, person in self.client.match_people([PersonQuery(id=identity) for identity in chosen]):
            if person is not None and here.works_there(person):
                bought.append(person)

    def _contact(self, person: ApolloPerson, *, has_ceo: bool) -> Contact | None:
        """Make a contact of somebody with an ATL or owner-like title, or None."""
        title = read_title(person.title or "")
        role = title.role or ("CEO" if title.is_president and not has_ceo else None)
        fields = person_fields(person)
        if title.is_past or (role is None and not title.is_owner_like) or "contact_name" not in fields:
            return None
        profile = linkedin_profile(person.linkedin_url or "")
        found = Provenance(self.offer.name, profile, title.text, f"Apollo: {title.text}", None)
        return Contact(
            name=fields["contact_name"],
            title=title.text,
            role=role,
            is_owner_like=role is None,
            linkedin_url=profile,
            email=fields.get("contact_email"),
            phone=None,
            provenance=(found,),
        )
