"""How pytest-xdist shares out the tests: those of one costly fixture all go to one worker.

Starting an `up` takes half a minute of processor time, so only one worker should. xdist's own way of saying this, the
mark `xdist_group`, has no effect since pytest 9.2, where a test's id can no longer be changed after collection; the
parameter of a fixture is in the id from the start: `shared-up`, `shared-` and any word.

Long tests come before short ones, in random order among themselves: where a long one comes last, the other workers wait
for it with nothing to do.
"""

import re

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

PARAMETER = "shared-up"
LONG = ("tests/tasks/crm/test_histories.py", "tests/flows/", "tests/app/")
"""Where tests take seconds, not milliseconds."""
_SHARED = re.compile(r"\[(?:.*-)?(shared-[a-z]+)(?:-.*)?\]$")


class OneUp(LoadScopeScheduling):
    """Every test is a unit of its own, but for those that share a costly fixture: they are one, and start first."""

    def _split_scope(self, nodeid: str) -> str:
        shared = _SHARED.search(nodeid)
        return shared[1] if shared else nodeid


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long tests first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneUp:
    """Share the tests out by `OneUp`."""
    return OneUp(config, log)
