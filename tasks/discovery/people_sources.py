"""Where to ask for a company's people after its website: LinkedIn's company page, then Apollo. Each is optional."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from core.discovery.company_contacts import (
    SEARCH_TITLES,
    Contact,
    Provenance,
    SourceAttempt,
    merge_contacts,
    missing_roles,
    worth_buying,
)
from core.discovery.person_details import linkedin_profile
from core.discovery.runs import Site, linkedin_slug
from core.errors import InvalidInput, LimitReached, ProviderError, ProviderNotConfigured
from core.settings.settings import Settings
from core.text.titles import Role, read_title
from integrations.apollo import plug as apollo_plug
from integrations.apollo.client import ApolloClient, PersonQuery
from integrations.apollo.mapping import person_fields
from integrations.apollo.plug import ApolloPeopleSettings, ApolloSettings
from integrations.apollo.schemas import ApolloPerson
from integrations.browserbase import plug as browserbase
from integrations.browserbase.linkedin import CompanyPages
from integrations.browserbase.mapping import company_fields
from integrations.browserbase.plug import LinkedInSettings
from integrations.browserbase.schemas import PageOutcome
from tasks.runtime.providers import outside

_HITS = 25
"""People of one company looked at in Apollo's free search."""


@dataclass(frozen=True)
class FurtherSources:
    """The sources after the website.

    Attributes:
        linkedin: company pages, or why they are off.
        apollo: the client, or why it is off.
        apollo_people: people bought for one company at most.
    """

    linkedin: CompanyPages | str
    apollo: ApolloClient | str
    apollo_people: int

    async def ask(
        self, site: Site, contacts: tuple[Contact, ...], wanted: Sequence[Role]
    ) -> tuple[tuple[Contact, ...], list[SourceAttempt]]:
        """Ask one source after the other while a wanted role is missing; raises nothing for what a provider does.

        Returns:
            The contacts with what was added, and one attempt a source.
        """
        attempts = []
        if not missing_roles(contacts, wanted):
            return contacts, [_skipped("linkedin"), _skipped("apollo")]
        attempts.append(await self._visit_linkedin(site))
        missing = missing_roles(contacts, wanted)
        found, attempt = await self._search_apollo(site, missing, has_ceo="CEO" not in missing_roles(contacts))
        return merge_contacts(contacts, found), [*attempts, attempt]

    async def _visit_linkedin(self, site: Site) -> SourceAttempt:
        if isinstance(self.linkedin, str):
            return SourceAttempt("linkedin", "skipped", self.linkedin)
        slug = linkedin_slug(site.linkedin_url)
        if slug is None:
            return SourceAttempt("linkedin", "skipped", "no lead names the company's LinkedIn page")
        try:
            page = await self.linkedin.visit(slug)
        except LimitReached as limit:
            return SourceAttempt("linkedin", "later", str(limit))
        except (ProviderError, ProviderNotConfigured, InvalidInput) as error:
            return SourceAttempt("linkedin", "error", str(error))
        if page.facts is not None:
            reason = "the company page names no people"
            members = {"member_count": page.facts.member_count} if page.facts.member_count else {}
            return SourceAttempt("linkedin", "miss", reason, details=company_fields(page.facts) | members)
        is_answer = page.outcome in (PageOutcome.NOT_FOUND, PageOutcome.EMPTY)
        return SourceAttempt("linkedin", "miss" if is_answer else "unknown", page.reason or page.outcome.value)

    async def _search_apollo(
        self, site: Site, missing: Sequence[Role], *, has_ceo: bool
    ) -> tuple[list[Contact], SourceAttempt]:
        if isinstance(self.apollo, str):
            return [], SourceAttempt("apollo", "skipped", self.apollo)
        if site.domain is None:
            return [], SourceAttempt("apollo", "skipped", "no domain of the company is known")
        titles = [title for role in missing for title in SEARCH_TITLES[role]]
        people: list[ApolloPerson] = []
        stopped: SourceAttempt | None = None
        try:
            hits = [(hit.id, hit.title) async for hit in self.apollo.search_people(site.domain, titles, limit=_HITS)]
            chosen = worth_buying(hits, missing, most=self.apollo_people)
            here = PersonQuery(domain=site.domain)
            async for _, person in self.apollo.match_people([PersonQuery(id=identity) for identity in chosen]):
                if person is not None and here.works_there(person):
                    people.append(person)
        except LimitReached as limit:
            stopped = SourceAttempt("apollo", "later", str(limit))
        except (ProviderError, InvalidInput) as error:
            stopped = SourceAttempt("apollo", "error", str(error))
        found = [contact for person in people if (contact := _contact(person, has_ceo=has_ceo)) is not None]
        if found:
            return found, SourceAttempt("apollo", "hit", stopped.reason if stopped else None, len(found))
        return [], stopped or SourceAttempt("apollo", "miss", f"nobody with a wanted title at {site.domain}")


def _skipped(source: str) -> SourceAttempt:
    return SourceAttempt("linkedin" if source == "linkedin" else "apollo", "skipped", "no wanted role is missing")


def _contact(person: ApolloPerson, *, has_ceo: bool) -> Contact | None:
    """Make a contact of somebody with an ATL or owner-like title, or None."""
    title = read_title(person.title or "")
    role = title.role or ("CEO" if title.is_president and not has_ceo else None)
    fields = person_fields(person)
    if title.is_past or (role is None and not title.is_owner_like) or "contact_name" not in fields:
        return None
    profile = linkedin_profile(person.linkedin_url or "")
    found = Provenance("apollo", profile, title.text, f"Apollo: {title.text}", None)
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


@asynccontextmanager
async def further_sources(chosen: Settings, run_id: UUID) -> AsyncIterator[FurtherSources]:
    """Open what is configured; without a key nothing is opened, and each source says what to set."""
    people, has_key = chosen.read(ApolloPeopleSettings).apollo_people, chosen.read(ApolloSettings).api_key is not None
    off = "switched off: DISCOVERY_APOLLO_PEOPLE=0"
    if not chosen.read(LinkedInSettings).enabled and (not has_key or not people):
        apollo = off if has_key else "not configured: set APOLLO_API_KEY"
        yield FurtherSources("not configured: LINKEDIN_ENABLED is not true", apollo, people)
        return
    async with outside(run_id, of=chosen) as world:
        linkedin: CompanyPages | str
        client: ApolloClient | str
        try:
            linkedin = await world.client(browserbase.LINKEDIN)
        except ProviderNotConfigured as missing:
            linkedin = f"not configured: {missing}"
        try:
            client = await world.client(apollo_plug.PLUG) if people else off
        except ProviderNotConfigured as missing:
            client = f"not configured: {missing}"
        yield FurtherSources(linkedin, client, people)
