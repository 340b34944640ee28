"""What every source of enrichment must hold, whoever stands behind it: a kit for the tests of a new provider.

    class TestAcmeCompanies(SourceContract):
        source = "acme_company"

        @pytest.fixture
        async def case(self, sandbox, guard_of):
            async with (
                AcmeClient(..., guard_of("acme")) as client,
                AcmeClient(..., guard_of("acme", book=NoRoom())) as poor,
            ):
                yield SourceCase(
                    source=AcmeCompanies(client),
                    known=[...],  # questions about whom the stand-in knows, one more than fit a call
                    unknown=...,
                    expected={"city": "Leeds"},  # what is found for the first of them
                    seen=lambda: [1 for _ in sandbox.requests("acme", path="*/companies")],
                    charged=lambda: charged_by(sandbox, "acme", "credits"),
                    break_down=breaks_down(sandbox, "acme"),
                    answer_with=answers_with(sandbox, "acme"),
                    poor=AcmeCompanies(poor),
                )

Each property is a function of its own, so that one can be called alone. They ask as a run does: at most `bulk`
questions a call, and what is parked is collected by its ticket.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

import pytest

from core.enrichment.offers import SourceOffer
from core.enrichment.questions import Answer, Question, Unasked
from core.errors import BudgetExhausted
from core.leads.fields import ENRICHABLE
from core.ledger.spend import FREE, Cost, total
from core.outcomes import OUTCOMES
from core.ports import EnrichmentSource
from sandbox.server import SandboxControl

MOST_LOOKS = 20
"""So often a parked answer is asked for before it counts as lost."""


@dataclass
class SourceCase:
    """A source before its stand-in, and what the stand-in knows.

    Attributes:
        source: open.
        known: questions whose answers the stand-in has, no two alike, one more than fit a call at least.
        unknown: a question it answers with nothing.
        expected: some of the values it gives to the first of `known`, as they are stored.
        seen: how many questions each call carried that reached the stand-in, in order.
        charged: what it has put on the bill, in the offer's unit.
        break_down: lets every call from now on fail as a provider that has broken down.
        answer_with: lets every call from now on be answered with a status and, if not None, with `Retry-After` in
            seconds; None where nobody is called whose statuses mean something.
        poor: the same source with a cost book that has no room; None where nothing costs anything.
    """

    source: EnrichmentSource
    known: Sequence[Question]
    unknown: Question
    expected: Mapping[str, str]
    seen: Callable[[], Sequence[int]]
    charged: Callable[[], Cost]
    break_down: Callable[[], None]
    poor: EnrichmentSource | None = None
    answer_with: Callable[[int, float | None], None] | None = None

    @property
    def offer(self) -> SourceOffer:
        """What the source declares."""
        return self.source.offer

    async def asked(self, questions: Sequence[Question]) -> list[Answer]:
        """Ask as a run does; return every answer as it is in the end."""
        answers: list[Answer] = []
        for start in range(0, len(questions), self.offer.bulk):
            chunk = questions[start : start + self.offer.bulk]
            answered = await self.source.ask(chunk)
            assert not isinstance(answered, Unasked), f"refused to ask: {answered}"
            assert len(answered) == len(chunk), "one answer a question"
            answers += [await self.collected(answer) for answer in answered]
        return answers

    async def collected(self, answer: Answer) -> Answer:
        """Return an answer that is there, or what a parked one comes to."""
        for _ in range(MOST_LOOKS):
            if answer.outcome != "due" or answer.ticket is None:
                return answer
            answer = await self.source.collect(answer.ticket)
        raise AssertionError(f"after {MOST_LOOKS} looks an answer is still parked: {answer}")


def _said(answer: Answer) -> tuple[object, ...]:
    return answer.outcome, answer.reason, answer.found


async def declares_what_can_be_stored(case: SourceCase) -> None:
    """The offer names fields of ours, and bounds that a run can keep."""
    offer = case.offer
    assert offer.name
    assert offer.gives
    assert offer.gives <= set(ENRICHABLE)
    assert offer.bulk >= 1
    assert offer.width >= 1
    assert 0 <= offer.confidence <= 1
    assert (offer.price == FREE) == (case.poor is None), "what costs something is tested with an empty purse too"
    assert len(case.known) > offer.bulk


async def answers_in_the_order_asked(case: SourceCase) -> None:
    """Every question has its own answer, wherever it stands, also beside one that nothing is known of."""
    questions = [case.unknown, *case.known][: max(case.offer.bulk, 2)]
    forth = await case.asked(questions)
    back = await case.asked(questions[::-1])
    assert [_said(answer) for answer in forth] == [_said(answer) for answer in back][::-1]
    assert [answer.outcome for answer in forth] == ["miss", *(["hit"] * (len(questions) - 1))]


async def answers_in_the_vocabulary(case: SourceCase) -> None:
    """An outcome is one of five; only a hit has values, and whatever is none says why."""
    for answer in await case.asked([*case.known, case.unknown]):
        assert answer.outcome in OUTCOMES
        assert bool(answer.found) == (answer.outcome == "hit")
        assert answer.outcome == "hit" or answer.reason
        assert answer.asked_at is not None
        assert answer.asked_at.tzinfo is not None


async def finds_what_the_provider_knows(case: SourceCase) -> None:
    """The values are the stand-in's, cleaned as they are stored."""
    (answer,) = await case.asked(case.known[:1])
    found = {one.field: one.value for one in answer.found}
    assert {name: found.get(name) for name in case.expected} == dict(case.expected)


async def finds_only_declared_fields(case: SourceCase) -> None:
    """No field comes that the offer does not name, none twice, none empty; each with how sure it is."""
    for answer in await case.asked(case.known):
        names = [one.field for one in answer.found]
        assert set(names) <= case.offer.gives
        assert len(set(names)) == len(names)
        assert all(one.value == one.value.strip() != "" and 0 < one.confidence <= 1 for one in answer.found)


async def books_the_declared_price(case: SourceCase) -> None:
    """What answers cost adds up to the provider's bill, and no answer costs more than was declared."""
    before, answers = case.charged(), []
    for start in range(0, len(case.known), case.offer.bulk):
        answered = await case.source.ask(case.known[start : start + case.offer.bulk])
        assert not isinstance(answered, Unasked)
        answers += answered
    assert [answer.cost for answer in answers] == [case.offer.price] * len(answers)
    assert total(answer.cost for answer in answers) == case.charged() - before


async def says_the_same_twice(case: SourceCase) -> None:
    """The same question has the same answer."""
    once, again = await case.asked(case.known), await case.asked(case.known)
    assert [_said(answer) for answer in once] == [_said(answer) for answer in again]


async def asks_nobody_without_a_question(case: SourceCase) -> None:
    """No question makes no call."""
    before = list(case.seen())
    assert list(await case.source.ask([]) or ()) == []  # type: ignore[arg-type]  # an Unasked fails the test, as it should
    assert list(case.seen()) == before


async def keeps_to_bulk(case: SourceCase) -> None:
    """A call carries at most `bulk` questions, each question once, and one asking is one call."""
    before = len(case.seen())
    await case.asked(case.known)
    carried = list(case.seen())[before:]
    assert max(carried) <= case.offer.bulk
    assert sum(carried) == len(case.known)
    assert len(carried) == -(-len(case.known) // case.offer.bulk)


async def raises_nothing_for_a_broken_provider(case: SourceCase) -> None:
    """A provider that breaks down is an error, or due later; it says nothing of the company or the person."""
    case.break_down()
    for _ in range(3):
        chunk = case.known[: case.offer.bulk]
        answered = await case.source.ask(chunk)
        answers = [answered.answer] if isinstance(answered, Unasked) else answered
        assert isinstance(answered, Unasked) or len(answered) == len(chunk)
        assert {answer.outcome for answer in answers} <= {"error", "due"}
        assert all(answer.reason and not answer.found for answer in answers)


async def tells_errors_of_the_provider_apart(case: SourceCase) -> None:
    """What waiting mends is due; a key that is not taken stops the asking; nothing of it is a fact, all of it free."""
    if case.answer_with is None:
        return
    for status, wait_s, outcomes, is_for_all in (
        (401, None, {"error"}, True),
        (403, None, {"error"}, True),
        (402, None, {"due"}, True),
        (404, None, {"error", "miss"}, False),
        (422, None, {"error"}, False),
        (429, 7.0, {"due"}, False),
    ):
        case.answer_with(status, wait_s)
        charged = case.charged()
        answered = await case.source.ask(case.known[:1])
        answers = [answered.answer] if isinstance(answered, Unasked) else answered
        assert {answer.outcome for answer in answers} <= outcomes, f"{status}: {answers}"
        assert isinstance(answered, Unasked) == (is_for_all or status == 429), f"{status} refuses all further questions"
        assert not isinstance(answered, Unasked) or answered.is_for_all == is_for_all, f"{status}: {answered}"
        assert all(answer.reason and not answer.found and answer.cost == FREE for answer in answers), f"{status}"
        assert case.charged() == charged


async def puts_off_what_the_budget_refuses(case: SourceCase) -> None:
    """Without room in the budget nothing is asked, nothing is charged, and the question stays due."""
    if case.poor is None:
        return
    before = list(case.seen())
    refused = await case.poor.ask(case.known[: case.offer.bulk])
    assert isinstance(refused, Unasked)
    assert refused.is_over_budget
    assert (refused.answer.outcome, refused.answer.cost) == ("due", FREE)
    assert refused.answer.reason
    assert list(case.seen()) == before


async def parks_answers_only_as_declared(case: SourceCase) -> None:
    """A late answer is collected by its ticket, for nothing and as often as one likes; else there are no tickets.

    A source that answers some questions at once and others later is run through the contract twice.
    """
    answered = await case.source.ask(case.known[:1])
    assert not isinstance(answered, Unasked)
    (answer,) = answered
    assert answer.ticket is None or case.offer.is_late, "declare that answers may come later: `is_late`"
    if answer.ticket is None:
        assert (await case.source.collect("no ticket of anybody")).outcome == "error"
        return
    assert answer.outcome == "due"
    charged = case.charged()
    first = await case.collected(answer)
    assert first.outcome == "hit"
    assert _said(await case.source.collect(answer.ticket)) == _said(first)
    assert first.cost == FREE
    assert case.charged() == charged


Property = Callable[[SourceCase], Awaitable[None]]
PROPERTIES: tuple[Property, ...] = (
    declares_what_can_be_stored,
    answers_in_the_order_asked,
    answers_in_the_vocabulary,
    finds_what_the_provider_knows,
    finds_only_declared_fields,
    books_the_declared_price,
    says_the_same_twice,
    asks_nobody_without_a_question,
    keeps_to_bulk,
    raises_nothing_for_a_broken_provider,
    tells_errors_of_the_provider_apart,
    puts_off_what_the_budget_refuses,
    parks_answers_only_as_declared,
)


class NoRoom:
    """A cost book whose budget is used up."""

    async def reserve(self, provider: str, operation: str, estimate: Cost) -> int:
        """Refuse."""
        raise BudgetExhausted(f"no room for {operation} of {provider}: {estimate}")

    async def settle(self, reservation: int, actual: Cost) -> None:
        """Is never come to."""

    async def assume(self, reservation: int) -> None:
        """Is never come to."""

    async def release(self, reservation: int) -> None:
        """Is never come to."""


def charged_by(sandbox: SandboxControl, provider: str, unit: str) -> Cost:
    """Return what a stand-in has put on the bill in its provider's own unit, which the cost book counts as credits."""
    return Cost(credits=sum((Decimal(str(one["units"][unit])) for one in sandbox.charges(provider)), Decimal(0)))


def breaks_down(sandbox: SandboxControl, provider: str) -> Callable[[], None]:
    """Return what lets every call from now on fail."""
    return lambda: sandbox.fail_next(provider, "status", times=None, status=500)


def answers_with(sandbox: SandboxControl, provider: str) -> Callable[[int, float | None], None]:
    """Return what lets every call from now on be answered with a status."""

    def answer(status: int, wait_s: float | None) -> None:
        sandbox.clear_faults(provider)
        sandbox.fail_next(provider, "status", times=None, status=status, retry_after_s=wait_s)

    return answer


class SourceContract:
    """Runs a source through all properties; a subclass gives the source's name and the fixture `case`."""

    source: ClassVar[str]
    """Its name in `enrichment.yaml`; a test looks whether every source that a plug offers has a subclass."""

    @pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
    async def test_holds(self, holds: Property, case: SourceCase) -> None:
        """Check one property."""
        assert case.offer.name == self.source
        await holds(case)
