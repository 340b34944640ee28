"""End processes that are not our children, and see when they are gone."""

import signal
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil


def is_alive(pid: int) -> bool:
    """Return whether process `pid` runs; one that only waits to be reaped does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def is_owners(pid: int | None, file: Path) -> bool:
    """Return whether process `pid` runs as the user a file belongs to: its number may be another's by now."""
    try:
        return pid is not None and is_alive(pid) and bool(psutil.Process(pid).uids().real == file.stat().st_uid)
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False


def wait_gone(processes: Iterable[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait until the processes have ended; return those that still run after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    remaining = list(processes)
    while True:
        remaining = [process for process in remaining if process.is_running() and is_alive(process.pid)]
        if not remaining or time.monotonic() > deadline:
            return remaining
        time.sleep(0.01)


def end(processes: Iterable[psutil.Process], steps: Sequence[tuple[signal.Signals, float]]) -> list[psutil.Process]:
    """Send the first signal and wait its seconds, then the next; return the processes that outlived all steps."""
    remaining = list(processes)
    for how, wait_s in steps:
        for process in remaining:
            send(process, how)
        remaining = wait_gone(remaining, wait_s)
    return remaining


def send(process: psutil.Process, how: signal.Signals) -> None:
    """Send a signal to a process that may have ended already."""
    try:
        process.send_signal(how)
    except psutil.NoSuchProcess:
        return
