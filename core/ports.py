"""What a provider may offer us: one small protocol for each kind of thing, met by classes in the providers' folders.

Who uses a port knows no provider's name; which object stands behind it is decided where it is opened. What came of
asking has one vocabulary for all of them: hit, miss, error, skipped, due (`core.outcomes`). Errors that a port raises
are those of `core.errors`. The port of language models is `agents.ports.ChatModels`.
"""

from collections.abc import Sequence
from typing import Protocol

from core.enrichment.offers import SourceOffer
from core.enrichment.questions import Answer, Question, Unasked


class EnrichmentSource(Protocol):
    """Somebody who can be asked about companies or people. Raises nothing for what its provider does.

    Attributes:
        offer: what is true of it whether or not it is open: its name, fields, price, how much it takes at once.
    """

    @property
    def offer(self) -> SourceOffer: ...  # noqa: D102 - the class tells

    async def ask(self, questions: Sequence[Question]) -> Sequence[Answer] | Unasked:
        """Ask at most `offer.bulk` questions in one call; nothing, where there are none.

        Returns:
            One answer a question, in the order of the questions, each with its share of what the call cost; or that
            certainly none of them was asked, and why.
        """
        ...

    async def collect(self, ticket: str) -> Answer:
        """Fetch an answer that was `due` with this ticket. Costs nothing; safe twice."""
        ...
