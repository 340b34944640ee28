"""How pytest-xdist shares out the tests: those of the running `sales-agent up` all go to one worker.

Starting an `up` takes half a minute of processor time, so only one worker should. xdist's own way of saying this, the
mark `xdist_group`, has no effect since pytest 9.2, where a test's id can no longer be changed after collection; the
fixture's parameter is in the id from the start.
"""

import re

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

PARAMETER = "shared-up"
_SHARED = re.compile(rf"\[(?:.*-)?{PARAMETER}(?:-.*)?\]$")


class OneUp(LoadScopeScheduling):
    """Every test is a unit of its own, but for those of the running `up`, which are one and start first."""

    def _split_scope(self, nodeid: str) -> str:
        return PARAMETER if _SHARED.search(nodeid) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneUp:
    """Share the tests out by `OneUp`."""
    return OneUp(config, log)
