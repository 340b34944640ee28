"""The way of every call to a provider: breaker, budget, rate limit, the call, and perhaps all of it again.

The cheapest refusal comes first. HTTP clients use it through `integrations.http`, SDKs and chat models directly.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar
from uuid import UUID

from core.errors import ConfigurationError, LimitReached, ProviderError, RateLimited, Timeout, Unavailable
from core.ledger.spend import FREE, Cost
from integrations.resilience.breaker import Breaker, CallOutcome, Ticket
from integrations.resilience.budget import CostBook
from integrations.resilience.rate_limit import RateLimiter
from integrations.resilience.retry import RetryPolicy, asked_wait_s, is_ambiguous, retrying

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """What the guard has to know about one call.

    Attributes:
        operation: its name in logs, errors and the cost book, e.g. "people/match"; never a person's data.
        scope: the group the provider counts it in.
        may_repeat: whether doing it twice is harmless, so that it is tried again after an unknown outcome.
        estimate: the most it can cost.
        weights: units other than calls it takes from the rate limits.
    """

    operation: str
    scope: str = ""
    may_repeat: bool = True
    estimate: Cost = FREE
    weights: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Guard:
    """All that protects one provider, and us from it.

    Attributes:
        provider: its name everywhere.
        breaker: shared circuit breaker.
        limiter: shared rate limits.
        retry: strategy for trying again.
        deadline_s: seconds one attempt may take in all, whatever trickles in meanwhile.
        book: cost book; without one, paid calls are refused.
    """

    provider: str
    breaker: Breaker
    limiter: RateLimiter
    retry: RetryPolicy
    deadline_s: float = 60.0
    book: CostBook | None = None

    async def run(
        self,
        attempt: Callable[[], Awaitable[T]],
        call: Call,
        *,
        cost_of: Callable[[T], Cost] | None = None,
        look_up: Callable[[], Awaitable[T | None]] | None = None,
    ) -> T:
        """Make a call, as often as it is worth it.

        Args:
            attempt: makes the call once; raises only errors of our tree.
            call: what it is.
            cost_of: the real cost, from the provider's own usage in the answer; None: the estimate was exact.
            look_up: for a write that must not happen twice: finds what an attempt of unknown outcome may have left
                behind. It decides whether another attempt is made.

        Raises:
            CircuitOpen, LimitReached, BudgetExhausted: refused before anything was sent.
            ProviderError: what the last attempt ended with.
        """
        is_open_question = False

        async def once() -> T:
            nonlocal is_open_question
            if is_open_question and look_up is not None:
                found = await look_up()
                if found is not None:
                    return found
                is_open_question = False
            try:
                return await self._once(attempt, call, cost_of)
            except ProviderError as error:
                is_open_question = look_up is not None and is_ambiguous(error)
                raise

        def is_worth(error: BaseException) -> bool:
            worth = is_open_question or self.retry.is_worth(error, may_repeat=call.may_repeat)
            if worth:
                log.info(
                    "call_tried_again",
                    extra={"provider": self.provider, "operation": call.operation, "after": type(error).__name__},
                )
            return worth

        try:
            return await retrying(once, self.retry, is_worth=is_worth)
        except ProviderError:
            if is_open_question and look_up is not None:
                found = await look_up()
                if found is not None:
                    return found
            raise

    async def stream(
        self,
        open_stream: Callable[[], AsyncGenerator[T, None]],
        call: Call,
        *,
        cost_of: Callable[[T], Cost | None] | None = None,
    ) -> AsyncIterator[T]:
        """Make a call whose answer comes in pieces.

        It is tried again until the first piece; after that a failure ends it, because pieces were handed on.

        Args:
            open_stream: begins the call anew each time.
            call: what it is.
            cost_of: the real cost where a piece says it; the last one that does counts, else the estimate.
        """
        begun = await retrying(
            lambda: self._begun(open_stream, call),
            self.retry,
            is_worth=lambda error: self.retry.is_worth(error, may_repeat=call.may_repeat),
        )
        outcome, charge = CallOutcome.UNKNOWN, call.estimate
        try:
            async for piece in begun.pieces(self.deadline_s):
                cost = cost_of(piece) if cost_of else None
                charge = charge if cost is None else cost
                yield piece
            outcome = CallOutcome.ALIVE
        except TimeoutError as error:
            outcome = CallOutcome.FAULT
            raise Timeout(
                f"{self.provider} {call.operation}: the answer stalled for {self.deadline_s:g} s",
                provider=self.provider,
            ) from error
        except ProviderError as error:
            outcome = _outcome(error, self.provider)
            raise
        finally:
            # A reader that stops early leaves the connection open otherwise.
            await begun.rest.aclose()
            await self.breaker.report(begun.ticket, outcome)
            if self.book is not None and begun.reservation is not None:
                await self.book.settle(begun.reservation, charge)

    @asynccontextmanager
    async def session(self, connect: Callable[[], Awaitable[T]], call: Call) -> AsyncIterator[T]:
        """Open a line, as often as it is worth it; the breaker is told at the end how the conversation went.

        What is said on the line is never said again, and the caller accounts for it (`resilience.meter`).

        Args:
            connect: opens the line once.
            call: what it is; its estimate is not looked at.
        """
        ticket, line = await retrying(
            lambda: self._opened(connect, call),
            self.retry,
            is_worth=lambda error: self.retry.is_worth(error, may_repeat=call.may_repeat),
        )
        outcome = CallOutcome.UNKNOWN
        try:
            yield line
            outcome = CallOutcome.ALIVE
        except ProviderError as error:
            outcome = _outcome(error, self.provider)
            raise
        finally:
            await self.breaker.report(ticket, outcome)

    async def _opened(self, connect: Callable[[], Awaitable[T]], call: Call) -> tuple[Ticket | None, T]:
        ticket = await self.breaker.admit()
        outcome: CallOutcome | None = CallOutcome.UNKNOWN
        try:
            line = await self._limited(connect, call)
            outcome = None
        except ProviderError as error:
            outcome = _outcome(error, self.provider)
            raise
        else:
            return ticket, line
        finally:
            if outcome is not None:
                await self.breaker.report(ticket, outcome)

    async def _begun(self, open_stream: Callable[[], AsyncGenerator[T, None]], call: Call) -> "_Begun[T]":
        """Take the way of a call up to its first piece; what failed is reported and accounted for here."""
        ticket = await self.breaker.admit()
        reservation: UUID | None = None
        outcome, charge = CallOutcome.UNKNOWN, call.estimate
        is_begun = False
        try:
            if call.estimate:
                reservation = await self._book(call).reserve(self.provider, call.operation, call.estimate)
            rest = open_stream()
            first = await self._limited(lambda: anext(rest, None), call)
            is_begun = True
            return _Begun(ticket, reservation, first, rest)
        except (LimitReached, ProviderError) as error:
            outcome = _outcome(error, self.provider) if isinstance(error, ProviderError) else outcome
            charge = call.estimate if is_ambiguous(error) else FREE
            raise
        finally:
            if not is_begun:
                await self.breaker.report(ticket, outcome)
                if reservation is not None:
                    book = self._book(call)
                    await (book.assume(reservation) if charge else book.release(reservation))

    def _book(self, call: Call) -> CostBook:
        if self.book is None:
            raise ConfigurationError(f"{self.provider} {call.operation} costs money and no cost book is given")
        return self.book

    async def _once(self, attempt: Callable[[], Awaitable[T]], call: Call, cost_of: Callable[[T], Cost] | None) -> T:
        ticket = await self.breaker.admit()
        outcome = CallOutcome.UNKNOWN
        try:
            answer = await self._paid(attempt, call, cost_of)
            outcome = CallOutcome.ALIVE
        except ProviderError as error:
            outcome = _outcome(error, self.provider)
            raise
        else:
            return answer
        finally:
            await self.breaker.report(ticket, outcome)

    async def _paid(self, attempt: Callable[[], Awaitable[T]], call: Call, cost_of: Callable[[T], Cost] | None) -> T:
        if not call.estimate:
            return await self._limited(attempt, call)
        book = self._book(call)
        reservation = await book.reserve(self.provider, call.operation, call.estimate)
        # What may have reached the provider, a cancelled call included, is taken as charged.
        charge: Cost | None = None
        is_lost = True
        try:
            answer = await self._limited(attempt, call)
            charge = call.estimate if cost_of is None else cost_of(answer)
            is_lost = False
        except (LimitReached, ProviderError) as error:
            is_lost = is_ambiguous(error)
            raise
        else:
            return answer
        finally:
            await (book.assume(reservation) if is_lost else self._account(book, reservation, charge))

    @staticmethod
    async def _account(book: CostBook, reservation: UUID, charge: Cost | None) -> None:
        if charge is None:
            await book.release(reservation)
        else:
            await book.settle(reservation, charge)

    async def _limited(self, attempt: Callable[[], Awaitable[T]], call: Call) -> T:
        await self.limiter.acquire(call.scope, call.weights)
        try:
            async with asyncio.timeout(self.deadline_s):
                return await attempt()
        except TimeoutError as error:
            raise Timeout(
                f"{self.provider} {call.operation}: no answer in {self.deadline_s:g} s", provider=self.provider
            ) from error
        except RateLimited as error:
            wait_s = asked_wait_s(error)
            if wait_s:
                await self.limiter.pause(wait_s, call.scope)
            raise


@dataclass(frozen=True, slots=True)
class _Begun(Generic[T]):
    """A stream whose first piece has come; None: it ended without one."""

    ticket: Ticket | None
    reservation: UUID | None
    first: T | None
    rest: AsyncGenerator[T, None]

    async def pieces(self, stall_s: float) -> AsyncIterator[T]:
        """Yield all pieces. Raises TimeoutError when the next one takes longer than `stall_s`."""
        if self.first is None:
            return
        yield self.first
        while True:
            async with asyncio.timeout(stall_s):
                piece = await anext(self.rest, None)
            if piece is None:
                return
            yield piece


def _outcome(error: ProviderError, provider: str) -> CallOutcome:
    """Only faults of the provider count: a refusal, however final, shows that it is alive."""
    if error.provider != provider:
        return CallOutcome.UNKNOWN
    return CallOutcome.FAULT if isinstance(error, Unavailable | Timeout) else CallOutcome.ALIVE
