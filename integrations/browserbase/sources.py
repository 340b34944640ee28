"""LinkedIn's public company pages as a source of enrichment: one visit a question."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.enrichment.cleaning import cleaned
from core.enrichment.offers import SourceOffer
from core.enrichment.questions import Answer, Question, Unasked
from core.outcomes import Outcome
from integrations.browserbase.linkedin import CompanyPages
from integrations.browserbase.mapping import company_fields
from integrations.browserbase.offers import COMPANY_PAGE
from integrations.browserbase.schemas import CompanyPage, PageOutcome
from integrations.sources import AnswersAtOnce, Timing, attempt

KNOWS_NOTHING = (PageOutcome.NOT_FOUND, PageOutcome.EMPTY)
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
            outcome: Outcome = "miss" if visited.outcome in KNOWS_NOTHING else "error"
            return Answer(outcome, visited.reason or visited.outcome.value, **facts)
        values = company_fields(visited.facts)
        if visited.facts.description:
            values["company_description"] = visited.facts.description
        found = cleaned(values, self.offer, source_url=visited.url)
        return Answer("hit" if found else "miss", None if found else "the page says nothing of it", found, **facts)
