"""Random histories of both sides, with faults and kills: both come to rest, equal, nothing lost or doubled.

The sample is the same each time, so that who changes something else is not held up by a history nobody has met yet;
those are looked for by `make soak`, with a new seed each time. `HISTORIES_SEED` plays others, or the same ones again.
"""

import os
import random
from datetime import timedelta

import pytest
from sync_history import prove

from sandbox.server import SandboxControl
from tasks.crm.session import Safeguards

SAMPLE = 40
LONG = 2_000


def seed(otherwise: int) -> int:
    number = int(os.environ.get("HISTORIES_SEED", otherwise))
    print(f"HISTORIES_SEED={number}")  # noqa: T201 - to play them again
    return number


def test_random_histories_come_to_rest(database: str, serving: SandboxControl) -> None:
    number = seed(1)
    prove(database, serving, histories=SAMPLE, steps=8, number=number)


@pytest.mark.soak
def test_thousands_of_random_histories_come_to_rest(database: str, serving: SandboxControl) -> None:
    number = seed(random.randrange(1_000_000))
    prove(database, serving, histories=LONG, steps=16, number=number)


@pytest.mark.soak
@pytest.mark.parametrize(
    "safeguards",
    [Safeguards(knows_echoes=False), Safeguards(overlap=timedelta(0))],  # the look-up's is in test_crm_sync
    ids=["echoes", "overlap"],
)
def test_without_a_safeguard_a_history_is_found_that_breaks_a_promise(
    database: str, serving: SandboxControl, safeguards: Safeguards
) -> None:
    number = seed(random.randrange(1_000_000))
    with pytest.raises(AssertionError) as found:
        prove(database, serving, histories=LONG, steps=16, number=number, safeguards=safeguards)
    print(found.value, *getattr(found.value, "__notes__", ()), sep="\n")  # noqa: T201
