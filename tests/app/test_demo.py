"""The demo goes all the way against the sandbox, leaves nothing running, and goes on where it was killed."""

import signal
import time
from collections.abc import Callable

import pytest
from installation import Installation

WIDTH = 100
POINTS = ("[1/9]", "[2/9]", "Submitting", "Running", "import:", "score:", "[6/9]", "[7/9]", "[8/9]", "[9/9]")


def end_of(text: str) -> list[str]:
    """Return what the mailbox holds, as the demo shows it."""
    lines = text.splitlines()
    begins = lines.index("  in the mailbox:") + 1
    return lines[begins : next(n for n, line in enumerate(lines) if n > begins and line.startswith("  "))]


def check_end(text: str) -> None:
    assert "email: executed, approved by the demo" in text
    assert "meeting: executed, approved by the demo" in text
    assert text.count("@kesselbruck.example") + text.count("@brackwater-pumps.example") >= 2
    assert max(map(len, text[text.index("[2/9]") : text.index("The runs in")].splitlines())) <= WIDTH + 4


@pytest.mark.soak
def test_demo_goes_from_a_file_to_the_mailbox(new_installation: Callable[[], Installation]) -> None:
    installation = new_installation()
    ends = []
    for _ in range(2):
        done = installation.run("demo", "--port", str(installation.port))
        assert done.returncode == 0, done.stderr
        check_end(done.stdout)
        ends.append(end_of(done.stdout))
    assert ends[0] == ends[1]
    stopped = installation.run("down")
    assert "stopped the demo's sandbox" in stopped.stdout + stopped.stderr


@pytest.mark.soak
@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_it_ends_the_same(new_installation: Callable[[], Installation], point: str) -> None:
    installation = new_installation()
    killed = installation.start("demo", "--port", str(installation.port), PYTHONUNBUFFERED="1")
    assert killed.stdout is not None
    for line in killed.stdout:
        if point in line:
            killed.send_signal(signal.SIGKILL)
            break
    killed.wait(timeout=60)
    done = installation.run("demo", "--port", str(installation.port))
    assert done.returncode == 0, done.stderr
    check_end(done.stdout)
    assert len(end_of(done.stdout)) <= 5


@pytest.mark.soak
def test_it_is_never_silent_for_long(new_installation: Callable[[], Installation]) -> None:
    installation = new_installation()
    running = installation.start("demo", "--port", str(installation.port), PYTHONUNBUFFERED="1")
    assert running.stdout is not None
    gaps, last = [], time.monotonic()
    for _ in running.stdout:
        gaps.append(time.monotonic() - last)
        last = time.monotonic()
    assert running.wait(timeout=60) == 0
    # The first line comes with the interpreter; a busy machine wakes the watch late.
    assert sorted(gaps)[-3] < 10


def test_a_directory_that_is_not_the_demos_is_left_alone(new_installation: Callable[[], Installation]) -> None:
    installation = new_installation()
    installation.home.mkdir(parents=True, exist_ok=True)
    (installation.home / "icp.yaml").write_text("mine\n")
    done = installation.run("demo")
    assert done.returncode == 1
    assert "holds data that is not the demo's" in done.stderr
    assert [path.name for path in installation.home.iterdir()] == ["icp.yaml"]
    done = installation.run("demo", POSTGRES_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert "unset POSTGRES_URL" in done.stderr
