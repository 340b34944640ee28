"""One host, one request at a time, a delay between two: over all processes of a machine, by files the system locks.

Each host has a file: who holds its lock is the one who asks the host, and its date says when the last answer ended. The
system gives up the locks of a process that dies. Nothing is kept in Redis, so manners do not depend on it.
"""

import asyncio
import fcntl
import hashlib
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core.errors import InvalidFile

_ASK_AGAIN_S = 0.05
"""A lock that another process holds is tried again after this."""


@asynccontextmanager
async def paced(directory: Path | None, host: str, delay_s: float) -> AsyncIterator[None]:
    """Hold a host for one request.

    Args:
        directory: where the hosts' files are, made if it is not there; None: only this process minds the delay.
        host: with its port.
        delay_s: seconds between the end of one request and the start of the next.

    Raises:
        InvalidFile: the directory cannot be written.
    """
    if directory is None:
        yield
        return
    path = directory / f"{hashlib.sha256(host.encode()).hexdigest()[:32]}.host"
    try:
        handle, is_new = _opened(path)
    except OSError as error:
        message = f"the page cache cannot be written ({error.strerror}): set WEBSITES_CACHE_DIR"
        raise InvalidFile(message, path=str(directory)) from error
    try:
        await _lock(handle)
        wait_s = 0.0 if is_new else os.fstat(handle).st_mtime + delay_s - time.time()
        if wait_s > 0:
            await asyncio.sleep(min(wait_s, delay_s))  # a date in the future is a clock that was set back
        try:
            yield
        finally:
            os.utime(handle)
    finally:
        os.close(handle)


def _opened(path: Path) -> tuple[int, bool]:
    """Open a host's file; say whether it was made just now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600), is_new


async def _lock(handle: int) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(_ASK_AGAIN_S)
        else:
            return
