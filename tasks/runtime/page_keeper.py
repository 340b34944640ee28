"""The process that keeps the processes in which strangers' pages are read (see `tasks.runtime.page_processes`).

It imports what reading needs once and then forks: a new reader costs milliseconds, so one may be killed lightly. It
reads nothing itself, so it always hears when its parent is gone, and takes its readers with it, in the midst of work
too. Neither has the parent's environment, with its keys, nor any connection but the ones to the parent.

Through its control socket come numbers of four bytes: 0 with a descriptor, to start a reader that talks through it, or
the process id of a reader to kill. A reader gets frames (processor seconds granted, function, arguments) and answers
each with (whether it is a result, the result or the error's name, processor seconds used); its first frame is its id.
"""

import gc
import os
import pickle
import resource
import select
import signal
import socket
import struct
import sys
import time
from typing import Any

IDLE_S = 60.0
"""A reader that is asked nothing for so long ends, and so does a keeper without readers."""
MAX_FRAME = 64_000_000
HEAD = struct.Struct("!I")
ORDER = struct.Struct("!i")
_LARGE_BYTES = 512 * 1024 * 1024
"""A reader that has taken so much memory makes room for a fresh one."""


def main() -> None:
    """Serve the control socket whose descriptor is the program's argument, until its other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import core.enrichment.page_reading  # noqa: F401 - all readers share what it imports

    gc.collect()
    gc.freeze()
    control = socket.socket(fileno=int(sys.argv[1]))
    readers: set[int] = set()
    try:
        _keep(control, readers)
    finally:
        for pid in readers:
            os.kill(pid, signal.SIGKILL)


def _keep(control: socket.socket, readers: set[int]) -> None:
    parent, busy_at = os.getppid(), time.monotonic()
    while os.getppid() == parent:  # a fork of the parent may hold the socket's other end open
        is_asked, _, _ = select.select([control], [], [], 1.0)
        _reap(readers)
        if is_asked:
            try:
                order, handles, _, _ = socket.recv_fds(control, ORDER.size, 1)
            except ConnectionError:
                return
            if len(order) < ORDER.size:
                return
            (pid,) = ORDER.unpack(order)
            if pid == 0:
                readers.add(_fork(control, handles[0]))
                os.close(handles[0])
            elif pid in readers:
                os.kill(pid, signal.SIGKILL)
        if readers or is_asked:
            busy_at = time.monotonic()
        elif time.monotonic() - busy_at > IDLE_S:
            return


def _reap(readers: set[int]) -> None:
    while readers:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        readers.discard(pid)


def _fork(control: socket.socket, handle: int) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            control.close()
            with socket.socket(fileno=handle) as connection:
                _serve(connection)
        finally:
            os._exit(0)
    return pid


def _serve(connection: socket.socket) -> None:
    """Answer until the other end is closed. Who needs more processor time than granted is ended by the system."""
    connection.settimeout(IDLE_S)
    _send(connection, os.getpid())
    while (request := _receive(connection)) is not None:
        granted_s, function, arguments = request
        began = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, granted_s)
        try:
            answer = (True, function(*arguments))
        except Exception as error:  # noqa: BLE001 - the edge of the process: markup that breaks a parser
            answer = (False, type(error).__name__)
        frame = pickle.dumps((*answer, time.process_time() - began), protocol=pickle.HIGHEST_PROTOCOL)
        signal.setitimer(signal.ITIMER_PROF, 0)
        connection.sendall(HEAD.pack(len(frame)) + frame)
        if _peak_bytes() > _LARGE_BYTES:
            return


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _receive(connection: socket.socket) -> Any:
    try:
        head = _exactly(connection, HEAD.size)
        return None if head is None else pickle.loads(_exactly(connection, *HEAD.unpack(head)) or b"")  # noqa: S301
    except (OSError, EOFError):  # nobody asks any more
        return None


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    data = bytearray(count)
    view, got = memoryview(data), 0
    while got < count:
        received = connection.recv_into(view[got:])
        if received == 0:
            return None
        got += received
    return bytes(data)


def _send(connection: socket.socket, value: object) -> None:
    frame = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    connection.sendall(HEAD.pack(len(frame)) + frame)
