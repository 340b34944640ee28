"""Random histories of two sides kept in step, drawn by Hypothesis: edits, faults, kills, clocks that differ, webhooks.

A history that breaks a promise of `sync_model` is shrunk, and printed as the steps that lead there.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sync_model import FAULTS, FIELDS, MONTH_S, Fault, Sides, World
from sync_promises import check
from syncing import PERSON

from app.crm_listener import Bell, build
from integrations.close.signing import is_signed
from sandbox.server import SandboxControl
from tasks.crm.session import Safeguards

WHICH = st.integers(0, 11)
NAMES = st.sampled_from(sorted(FIELDS))
STATUSES = st.sampled_from([429, 500, 503])
FAULTY = st.lists(
    st.one_of(
        st.builds(Fault, st.sampled_from(FAULTS), STATUSES, st.integers(0, 9), st.none()),
        st.builds(Fault, st.sampled_from(FAULTS), STATUSES, st.integers(0, 2), st.sampled_from(["POST", "PUT"])),
    ),
    max_size=2,
)
WORLDS = st.builds(
    World,
    skew_s=st.sampled_from([0.0, 90.0, -90.0, 300.0, -300.0]),
    consolidate_s=st.sampled_from([0.0, 60.0]),
    event_lag_s=st.sampled_from([0.0, 40.0, 200.0]),
    search_lag_s=st.sampled_from([0.0, 60.0]),
    is_admin=st.booleans(),
    shows_keys=st.booleans(),
)
MISDEEDS = st.lists(st.sampled_from(["", "duplicate", "hold", "bad_signature"]), min_size=1, max_size=3)
STEP_S = 7.0
"""Between any two steps, so that the moments of writes can be told apart."""


@dataclass
class Doorbell:
    """Where the CRM's webhooks ring: how many deliveries came, and how many runs they would start."""

    url: str
    key: str = ""
    came: int = 0
    runs: int = 0

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        self.came += 1
        timestamp, signature = headers.get("close-sig-timestamp", ""), headers.get("close-sig-hash", "")
        return is_signed(self.key, timestamp, body, signature)

    async def start_run(self) -> None:
        self.runs += 1

    def expect(self, key: str) -> None:
        """Know a new subscription's key; what came of another one is forgotten."""
        self.key, self.came, self.runs = key, 0, 0

    def listen(self, within_s: float = 0.1, pause_s: float = 0.015) -> int:
        """Wait until deliveries have come and no more come; return how many runs they ask for."""
        until, seen = time.monotonic() + within_s, 0
        while time.monotonic() < until and (self.came == 0 or self.came != seen):
            seen = self.came
            time.sleep(pause_s)
        return self.runs


@contextmanager
def doorbell() -> Iterator[Doorbell]:
    """Serve the receiver of webhooks on this machine."""
    bell = Doorbell("")
    app = build("/close", bell.verify, Bell(bell.start_run, pause_s=0.0))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    bell.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/close"
    try:
        yield bell
    finally:
        server.should_exit = True
        thread.join()


class History(RuleBasedStateMachine):
    """What may happen, in any order; at the end both sides come to rest, and what must hold is checked."""

    def __init__(self, make: Callable[[World], Sides], bell: Doorbell, runner: asyncio.Runner) -> None:
        super().__init__()
        self._make, self._bell, self._runner = make, bell, runner
        self._sides: Sides | None = None

    @property
    def sides(self) -> Sides:
        assert self._sides is not None, "a history begins with `begin`"
        return self._sides

    @initialize(world=WORLDS, here=st.integers(0, 2), there=st.integers(0, 2), in_step=st.booleans())
    def begin(self, world: World, here: int, there: int, *, in_step: bool) -> None:
        self._sides = self._make(world)
        for _ in range(here):
            self.sides.create_here(has_person=True)
        for _ in range(there):
            self.sides.create_there()
        if in_step:
            self.sync([])

    @rule(has_person=st.booleans())
    def create_here(self, *, has_person: bool) -> None:
        self.sides.create_here(has_person=has_person)

    @rule()
    def create_there(self) -> None:
        self.sides.create_there()

    @rule(which=WHICH, name=NAMES, by_machine=st.booleans())
    def edit_here(self, which: int, name: str, *, by_machine: bool) -> None:
        self.sides.edit_here(which, name, by_machine=by_machine)

    @rule(which=WHICH, name=NAMES)
    def edit_there(self, which: int, name: str) -> None:
        self.sides.edit_there(which, name)

    @rule(which=WHICH, name=NAMES, by_machine=st.booleans())
    def edit_both(self, which: int, name: str, *, by_machine: bool) -> None:
        self.sides.edit_there(which, name)
        self.sides.wait(STEP_S)
        self.sides.edit_here(which, name, by_machine=by_machine)

    @rule(which=WHICH)
    def edit_person_here(self, which: int) -> None:
        self.sides.edit_person_here(which)

    @rule(which=WHICH, adds_email=st.booleans())
    def edit_person_there(self, which: int, *, adds_email: bool) -> None:
        self.sides.edit_person_there(which, adds_email=adds_email)

    @rule(which=WHICH)
    def delete_here(self, which: int) -> None:
        self.sides.delete_here(which)

    @rule(which=WHICH)
    def delete_there(self, which: int) -> None:
        self.sides.delete_there(which)

    @rule(which=WHICH, into=WHICH)
    def merge_there(self, which: int, into: int) -> None:
        self.sides.merge_there(which, into)

    @rule(seconds=st.sampled_from([20.0, 120.0, 7_200.0, MONTH_S]))
    def time_passes(self, seconds: float) -> None:
        self.sides.wait(seconds)

    @rule(faults=FAULTY)
    def sync(self, faults: list[Fault]) -> None:
        self._runner.run(self.sides.sync(faults))

    @rule()
    def sync_in_peace(self) -> None:
        self.sync([])

    @rule(faults=FAULTY, at_step=st.integers(0, 60))
    def sync_killed(self, faults: list[Fault], at_step: int) -> None:
        self.sides.sync_killed(faults, at_step=at_step)

    @rule(which=WHICH, name=NAMES, misdeeds=MISDEEDS)
    def webhooks_come(self, which: int, name: str, misdeeds: list[str]) -> None:
        subscription = {"url": self._bell.url, "events": [{"object_type": "lead", "action": "updated"}]}
        made = self.sides.person.post("/webhook/", json=subscription).raise_for_status().json()
        self._bell.expect(made["signature_key"])
        self.sides.sandbox.seed("close", misdeeds=misdeeds)
        runs = self._bell.listen() if self.sides.edit_there(which, name) else 0
        self._runner.run(self.sides.sync(at_once=1 + runs))
        self.sides.person.delete(f"/webhook/{made['id']}/").raise_for_status()

    @invariant()
    def a_moment_passes(self) -> None:
        if self._sides is not None:
            self._sides.wait(STEP_S)

    def teardown(self) -> None:
        """Come to rest, and check."""
        if self._sides is None:
            return
        try:
            self._runner.run(self._sides.rest())
            self._runner.run(check(self._sides))
        finally:
            self._sides.close()


def prove(
    url: str,
    sandbox: SandboxControl,
    *,
    histories: int,
    steps: int,
    number: int,
    safeguards: Safeguards | None = None,
) -> None:
    """Play so many random histories of so many steps, drawn from a seed.

    Raises:
        AssertionError: one broke a promise; its notes list the shortest steps found that lead there.
    """
    base = sandbox.environment["CLOSE_BASE_URL"]
    rules = settings(
        max_examples=histories,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    with (
        httpx.Client(base_url=base, auth=(PERSON, ""), trust_env=False) as person,
        doorbell() as bell,
        asyncio.Runner() as runner,
    ):

        def make(world: World) -> Sides:
            return Sides(url, sandbox, person, world, safeguards)

        @seed(number)
        def machine() -> History:
            return History(make, bell, runner)

        run_state_machine_as_test(machine, settings=rules)  # type: ignore[arg-type]  # a function makes one as well
