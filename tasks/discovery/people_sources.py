"""Where to ask for a company's people after its website: each source that is configured, while a role is missing."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from core.discovery.company_contacts import Contact, SourceAttempt, merge_contacts, missing_roles
from core.discovery.runs import Site
from core.ports import PeopleOffer, PeopleSource
from core.settings.settings import Settings
from core.text.titles import Role
from integrations.plugs import PLUGS
from tasks.runtime.providers import outside

OFFERS = tuple(sorted((plug.people for plug in PLUGS if plug.people is not None), key=lambda offer: offer.place))
"""In the order in which they are asked: the cheap before the dear."""


@dataclass(frozen=True)
class PeopleSources:
    """The sources after the website, in the order in which they are asked: each open, or why it is off."""

    sources: Sequence[tuple[PeopleOffer, PeopleSource | str]]

    async def ask(
        self, site: Site, contacts: tuple[Contact, ...], wanted: Sequence[Role]
    ) -> tuple[tuple[Contact, ...], list[SourceAttempt]]:
        """Ask one source after the other while a wanted role is missing; raises nothing for what a provider does.

        Returns:
            The contacts with what was added, and one attempt a source.
        """
        attempts = []
        for offer, source in self.sources:
            missing = missing_roles(contacts, wanted)
            if not missing or isinstance(source, str):
                reason = source if isinstance(source, str) and missing else "no wanted role is missing"
                attempts.append(SourceAttempt(offer.name, "skipped", reason, names_people=offer.names_people))
                continue
            found = await source.find(site, missing, has_ceo="CEO" not in missing_roles(contacts))
            contacts = merge_contacts(contacts, found.contacts)
            attempts.append(found.attempt)
        return contacts, attempts


@asynccontextmanager
async def opened_people_sources(chosen: Settings, run_id: UUID) -> AsyncIterator[PeopleSources]:
    """Open what is configured; without a key nothing is opened, and each source says what to set."""
    off = {offer.name: offer.off(chosen.read) for offer in OFFERS}
    if all(off.values()):
        yield PeopleSources([(offer, off[offer.name] or "") for offer in OFFERS])
        return
    async with outside(run_id, of=chosen) as world:
        yield PeopleSources([(one, off[one.name] or await world.open("people", one.name)) for one in OFFERS])
