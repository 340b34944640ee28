"""The demo goes all the way against the sandbox, leaves nothing running, and is repeatable."""

from collections.abc import Callable

import pytest
from installation import Installation


@pytest.mark.soak
def test_demo_goes_from_import_to_sources(new_installation: Callable[[], Installation]) -> None:
    installation = new_installation()
    for _ in range(2):
        done = installation.run("demo", "--port", str(installation.port))
        assert done.returncode == 0, done.stderr
        assert "The ten best leads, and why" in done.stdout
        assert "Gaps that were filled, and where from" in done.stdout
        assert done.stderr.count("Completed") == 6
    stopped = installation.run("down")
    assert "stopped the demo's sandbox" in stopped.stdout
