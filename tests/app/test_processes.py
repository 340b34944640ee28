"""Supervision: growing pauses, and endings put in words."""

import signal
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.processes import LONGEST_PAUSE_S, Child, ending, last_line, pause_before_restart


@given(st.integers(min_value=0, max_value=10**6))
def test_pauses_grow_to_a_limit(failures: int) -> None:
    assert 0 < pause_before_restart(failures) <= pause_before_restart(failures + 1) <= LONGEST_PAUSE_S


@pytest.mark.parametrize(("code", "said"), [(3, "exit code 3"), (-signal.SIGKILL, "killed by SIGKILL")])
def test_endings_are_put_in_words(code: int, said: str) -> None:
    assert ending(code) == said


def test_child_that_keeps_failing_is_started_again_ever_later(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    child = Child("child", [sys.executable, "-c", "raise SystemExit('no way')"], {}, log, tmp_path)
    child.start()
    for failures in (1, 2, 3):
        assert child.process is not None
        child.process.wait()
        now = time.monotonic()
        line = child.tend(now)
        assert line is not None
        assert "exit code 1" in line
        assert child.due_at - now == pytest.approx(pause_before_restart(failures))
        assert child.tend(child.due_at - 0.01) is None
        assert "started again" in str(child.tend(child.due_at))
    child.end()
    assert child.pid is None
    assert child.last_words() == "no way"


def test_child_is_told_to_end_before_it_is_made_to(tmp_path: Path) -> None:
    script = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye')));"
    script += "print('up', flush=True); time.sleep(60)"
    child = Child("child", [sys.executable, "-c", script], {}, tmp_path / "log", tmp_path)
    child.start()
    while child.last_words() != "up":
        time.sleep(0.01)
    assert child.tend(time.monotonic()) is None
    child.end()
    assert child.last_words() == "bye"


def test_last_words_are_the_error_rather_than_what_came_after(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("starting\nTraceback:\n  x\nsome.module.MissingError: no such table\nAn exception occurred.\n")
    assert last_line(log) == "some.module.MissingError: no such table"
    assert last_line(tmp_path / "none") == "it said nothing"
