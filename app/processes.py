"""Child processes that are watched, restarted with growing pauses, and never left behind.

Every child, and whatever it starts in turn, carries the data directory in its environment (`MARK`). So all of them
are found and ended by whoever comes next, even when the process that started them was killed.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from app.prefect_environment import MARK
from db.server import processes

Say = Callable[[str], None]  # takes one line for people at a time
_ERROR = re.compile(r"[\w.]*(Error|Exception): \S")  # the last line of a traceback
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
STEADY_S = 60.0  # a child that ran this long starts again without a pause
END_STEPS = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))


def pause_before_restart(failures: int) -> float:
    """Return how long to wait before the next start after `failures` failures in a row, in seconds."""
    return float(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(max(failures - 1, 0), 10)))


@dataclass
class Child:
    """One process that should run.

    Attributes:
        name: For people, and for its log.
        command: Program and arguments.
        environment: All of it.
        log: The file its output is added to.
        cwd: Its working directory.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    cwd: Path
    failures: int = 0
    due_at: float = 0.0
    started_at: float = 0.0
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self.process.pid if self.process is not None else None

    def start(self) -> None:
        """Start it, in a session of its own so that Ctrl-C at our terminal is ours alone to handle."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                list(self.command),
                cwd=self.cwd,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    def tend(self, now: float) -> str | None:
        """See to it that it runs; return a line for people when something happened.

        Args:
            now: `time.monotonic()`.
        """
        if self.process is None:
            if now >= self.due_at:
                self.start()
                return f"{self.name} started again (process {self.pid})"
            return None
        code = self.process.poll()
        if code is None:
            return None
        self.process = None
        self.failures = 1 if now - self.started_at > STEADY_S else self.failures + 1
        pause_s = pause_before_restart(self.failures)
        self.due_at = now + pause_s
        return f"{self.name} ended ({ending(code)}), starting it again in {pause_s:.0f} s; its log: {self.log}"

    def last_words(self) -> str:
        """Return the last line of its log."""
        return last_line(self.log)

    def end(self) -> None:
        """End it and wait for it; what it started itself is left to `end_leftovers`."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(END_STEPS[0][1])
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


def last_line(log: Path) -> str:
    """Return the line of a log that says most of why its process ended: its last error, else its last line."""
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    errors = [line for line in lines if _ERROR.match(line)]
    return (errors or lines or ["it said nothing"])[-1].strip()


def ending(code: int) -> str:
    """Return how a process ended: `exit code 1`, `killed by SIGKILL`."""
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def leftovers(home: Path, mark: str = MARK) -> list[psutil.Process]:
    """Return the processes that some `up` of this data directory started and that still run.

    Args:
        home: the data directory.
        mark: the variable of their environment that names it.
    """
    everyone = psutil.process_iter()
    return [process for process in everyone if process.pid != os.getpid() and _is_ours(process, home, mark)]


def end_leftovers(home: Path, *, keep: Collection[int | None] = (), mark: str = MARK) -> int:
    """End what some `up` of this data directory left running, but `keep`; return how many processes that were."""
    found = [process for process in leftovers(home, mark) if process.pid not in keep]
    for process in processes.end(found, END_STEPS):
        sys.stderr.write(f"Process {process.pid} does not end: end it yourself.\n")
    return len(found)


def _is_ours(process: psutil.Process, home: Path, mark: str) -> bool:
    try:
        return bool(process.environ().get(mark) == str(home))
    except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
        return False
