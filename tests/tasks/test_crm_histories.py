"""Random histories of both sides, with faults and kills: both come to rest, equal, nothing lost or doubled."""

import random

import pytest
from sync_history import prove

from sandbox.server import SandboxControl

SAMPLE = 100
LONG = 2_000


def test_random_histories_come_to_rest(database: str, serving: SandboxControl) -> None:
    number = random.randrange(1_000_000)
    print(f"seed {number}")  # noqa: T201 - to play them again
    prove(database, serving, histories=SAMPLE, steps=10, number=number)


@pytest.mark.soak
def test_thousands_of_random_histories_come_to_rest(database: str, serving: SandboxControl) -> None:
    number = random.randrange(1_000_000)
    print(f"seed {number}")  # noqa: T201
    prove(database, serving, histories=LONG, steps=16, number=number)
