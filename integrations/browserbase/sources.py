"""LinkedIn's public company pages as a source: of a company's facts, one visit a question; they name no people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.discovery.company_contacts import FoundPeople, SourceAttempt
from core.discovery.runs import Site
from core.enrichment.cleaning import cleaned
from core.enrichment.offers import SourceOffer
from core.enrichment.questions import Answer, Question, Unasked
from core.outcomes import Outcome
from core.ports import PeopleOffer
from core.text.titles import Role
from integrations.browserbase.linkedin import CompanyPages
from integrations.browserbase.mapping import company_fields
from integrations.browserbase.offers import COMPANY_PAGE, linkedin_slug
from integrations.browserbase.plug import PEOPLE
from integrations.browserbase.schemas import CompanyPage, PageOutcome
from integrations.sources import AnswersAtOnce, Timing, attempt

_KNOWS_NOTHING = (PageOutcome.NOT_FOUND, PageOutcome.EMPTY)
"""What is an answer of LinkedIn although it says nothing; all else says nothing of the company."""


@dataclass(frozen=True)
class LinkedInPages(AnswersAtOnce):
    """What companies' pages say of them."""

    pages: CompanyPages
    offer: SourceOffer = COMPANY_PAGE

    async def ask(self, questions: Sequence[Question]) -> Sequence[Answer] | Unasked:
        """Visit one company's page."""
        if not questions:
            return []
        (question,) = questions
        timing = Timing()
        visited = await attempt(lambda: self.pages.visit(question.get("slug") or ""))
        if isinstance(visited, Unasked):
            return visited
        return [visited if isinstance(visited, Answer) else self._answer(visited, timing)]

    def _answer(self, visited: CompanyPage, timing: Timing) -> Answer:
        facts = timing.facts() | {"cost": self.offer.price}
        if visited.facts is None:
            outcome: Outcome = "miss" if visited.outcome in _KNOWS_NOTHING else "error"
            return Answer(outcome, visited.reason or visited.outcome.value, **facts)
        values = company_fields(visited.facts)
        if visited.facts.description:
            values["company_description"] = visited.facts.description
        found = cleaned(values, self.offer, source_url=visited.url)
        return Answer("hit" if found else "miss", None if found else "the page says nothing of it", found, **facts)


@dataclass(frozen=True)
class LinkedInCompanies:
    """What a company's page says of it, kept beside what is known of its people."""

    pages: CompanyPages
    offer: PeopleOffer = PEOPLE

    async def find(self, site: Site, missing: Sequence[Role], *, has_ceo: bool) -> FoundPeople:  # noqa: ARG002 - the port's
        """Visit the company's page."""
        slug = linkedin_slug(site.linkedin_url)
        if slug is None:
            return self._nobody("skipped", "no lead names the company's LinkedIn page")
        page = await attempt(lambda: self.pages.visit(slug))
        if isinstance(page, Unasked):
            page = page.answer
        if isinstance(page, Answer):
            return self._nobody(page.outcome, page.reason)
        if page.facts is None:
            is_answer = page.outcome in _KNOWS_NOTHING
            return self._nobody("miss" if is_answer else "error", page.reason or page.outcome.value)
        members = {"member_count": page.facts.member_count} if page.facts.member_count else {}
        return self._nobody("miss", "the company page names no people", company_fields(page.facts) | members)

    def _nobody(self, outcome: Outcome, reason: str | None, details: Mapping[str, str] | None = None) -> FoundPeople:
        attempted = SourceAttempt(self.offer.name, outcome, reason, details=details, names_people=False)
        return FoundPeople(attempted)
