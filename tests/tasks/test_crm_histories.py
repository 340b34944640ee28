"""Random histories of both sides, with faults and kills: both come to rest, equal, nothing lost or doubled."""

import random

import pytest
from sync_history import play_many

from sandbox.server import SandboxControl

SAMPLE = 20
LONG = 2_000


def test_random_histories_come_to_rest(database: str, serving: SandboxControl) -> None:
    first = random.randrange(1_000_000)
    print(f"seeds {first} to {first + SAMPLE - 1}")  # noqa: T201 - to play them again
    play_many(range(first, first + SAMPLE), database, serving, length=7)


@pytest.mark.soak
def test_thousands_of_random_histories_come_to_rest(database: str, serving: SandboxControl) -> None:
    first = random.randrange(1_000_000)
    print(f"seeds {first} to {first + LONG - 1}")  # noqa: T201
    play_many(range(first, first + LONG), database, serving)
