"""The kit itself: a sound source passes all of it, and a wrong one fails the property that it breaks."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.enrichment.offers import SourceOffer
from core.enrichment.questions import Answer, Found, Question, Unasked
from core.ledger.spend import FREE, Cost
from core.outcomes import Outcome
from tests.contracts.source_contract import PROPERTIES, Property, SourceCase, SourceContract

CREDIT = Cost(credits=Decimal(1))
OFFER = SourceOffer(
    name="ledger",
    gives=frozenset({"industry", "city"}),
    asked=lambda lead: Question.of("ledger", domain=lead.values.get("company_domain")),
    trust=50,
    confidence=0.7,
    price=CREDIT,
    account="ledger",
    bulk=2,
)
KNOWN = [Question.of("ledger", domain=f"firm{number}.example") for number in range(5)]
UNKNOWN = Question.of("ledger", domain="nobody.example")
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass
class Ledger:
    """A source without a network, wrong in one way or in none."""

    wrong: str = ""
    offer: SourceOffer = OFFER
    has_room: bool = True
    is_down: bool = False
    status: int = 200
    calls: list[int] = field(default_factory=list)
    billed: int = 0
    asked_before: int = 0

    async def ask(self, questions: Sequence[Question]) -> Sequence[Answer] | Unasked:
        if not questions and self.wrong != "calls without a question":
            return []
        if not self.has_room and self.wrong != "spends what it has not":
            return Unasked(Answer("due", "the budget is used up"), is_for_all=True, is_over_budget=True)
        if self.is_down:
            if self.wrong == "raises":
                raise OSError("the ledger burns")
            return [Answer("miss" if self.wrong == "takes a fault for an answer" else "error", "it burns")] * len(
                questions
            )
        if self.status != 200:
            return self._refused(questions)
        self.calls += [1] * len(questions) if self.wrong == "calls once a question" else [len(questions)]
        self.asked_before += 1
        answers = [self._answer(question) for question in questions]
        return answers[::-1] if self.wrong == "mixes up answers" else answers

    def _refused(self, questions: Sequence[Question]) -> Sequence[Answer] | Unasked:
        reason = f"the ledger says {self.status}"
        if self.status == 404 or self.wrong == "takes errors for answers":
            return [Answer("miss", reason)] * len(questions)
        if self.status == 422 or self.wrong == "asks on with a wrong key":
            return [Answer("due" if self.status in {402, 429} else "error", reason)] * len(questions)
        outcome: Outcome = "due" if self.status in {402, 429} and self.wrong != "gives up what is due" else "error"
        return Unasked(Answer(outcome, reason), is_for_all=self.status != 429)

    def _answer(self, question: Question) -> Answer:
        if question == UNKNOWN:
            reason = None if self.wrong == "gives no reason" else "not in the ledger"
            return Answer("miss", reason, asked_at=NOW)
        self.billed += 1
        city = " Leeds " if self.wrong == "does not clean" else "Leeds"
        if self.wrong == "changes its mind":
            city += str(self.asked_before)
        found = [Found("industry", f"trade of {question.get('domain')}"), Found("city", city)]
        if self.wrong == "finds what it did not declare":
            found.append(Found("company_size", "5"))
        if self.wrong == "finds something else":
            found = found[1:]
        cost = FREE if self.wrong == "hides its price" else CREDIT
        ticket = "7" if self.wrong == "hands out tickets" else None
        return Answer("hit", None, tuple(found), cost=cost, ticket=ticket, asked_at=NOW)

    async def collect(self, ticket: str) -> Answer:
        return Answer("error", f"no such ticket: {ticket}")


def case_of(ledger: Ledger) -> SourceCase:
    def break_down() -> None:
        ledger.is_down = True

    def answer_with(status: int, _wait_s: float | None) -> None:
        ledger.status = status

    poor = replace(ledger, has_room=False)
    return SourceCase(
        source=ledger,
        known=KNOWN,
        unknown=UNKNOWN,
        expected={"industry": "trade of firm0.example", "city": "Leeds"},
        seen=lambda: ledger.calls,  # those of its poor twin too: the list is the same
        charged=lambda: CREDIT.times(ledger.billed),
        break_down=break_down,
        poor=poor,
        answer_with=answer_with,
    )


class TestSoundSource(SourceContract):
    source = "ledger"

    @pytest.fixture
    def case(self) -> SourceCase:
        return case_of(Ledger())


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ("mixes up answers", "answers_in_the_order_asked"),
        ("gives no reason", "answers_in_the_vocabulary"),
        ("finds something else", "finds_what_the_provider_knows"),
        ("does not clean", "finds_only_declared_fields"),
        ("finds what it did not declare", "finds_only_declared_fields"),
        ("hides its price", "books_the_declared_price"),
        ("changes its mind", "says_the_same_twice"),
        ("calls without a question", "asks_nobody_without_a_question"),
        ("calls once a question", "keeps_to_bulk"),
        ("raises", "raises_nothing_for_a_broken_provider"),
        ("takes a fault for an answer", "raises_nothing_for_a_broken_provider"),
        ("takes errors for answers", "tells_errors_of_the_provider_apart"),
        ("asks on with a wrong key", "tells_errors_of_the_provider_apart"),
        ("gives up what is due", "tells_errors_of_the_provider_apart"),
        ("spends what it has not", "puts_off_what_the_budget_refuses"),
        ("hands out tickets", "parks_answers_only_as_declared"),
    ],
)
async def test_a_wrong_source_fails_the_property_it_breaks(wrong: str, name: str) -> None:
    (holds,) = [one for one in PROPERTIES if getattr(one, "__name__", "") == name]
    await _fails(holds, case_of(Ledger(wrong)))


async def test_an_offer_that_cannot_be_kept_fails_too() -> None:
    for change in ({"gives": frozenset({"shoe_size"})}, {"gives": frozenset()}, {"bulk": 0}, {"price": FREE}):
        case = case_of(Ledger(offer=replace(OFFER, **change)))
        await _fails(PROPERTIES[0], case)


async def _fails(holds: Property, case: SourceCase) -> None:
    try:
        await holds(case)
    except (AssertionError, OSError):
        return
    pytest.fail(f"{holds} holds of a source that breaks it")
