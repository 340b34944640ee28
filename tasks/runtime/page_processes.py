"""Processes in which strangers' pages are read, each killed when one page takes it too long.

Nothing that runs on a page's text has a bound that would hold for every text, and while it runs in this process no
timer, no cancellation and no Ctrl-C can act. So a page goes to a process that the system itself ends when the time it
was granted is used up; the next page gets a new one. The processes are shared by all sites, started when they are
needed, a few at most, and end with this one however that ends (`tasks.runtime.page_keeper`).
"""

import asyncio
import atexit
import contextlib
import os
import pickle
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from core.errors import ConfigurationError, UnreadablePage
from tasks.runtime.own_program import start_program
from tasks.runtime.page_keeper import HEAD, MAX_FRAME, ORDER

P = ParamSpec("P")
R = TypeVar("R")

_MOST = 4
"""Reading is a tenth of the work of a visit: more would wait."""


@dataclass(frozen=True)
class _Reader:
    pid: int
    connection: socket.socket


class PageProcesses:
    """A few processes that call functions on pages; see `page_processes`."""

    def __init__(self) -> None:
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._width = max(1, min(_MOST, usable))
        self._slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        self._idle: list[_Reader] = []
        self._keeper: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def warm(self) -> None:
        """Begin to start, so that it is done when the first page is there."""
        if self._keeper is None:
            self._start_keeper()

    async def call(self, granted_s: float, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function of a module in one of the processes, waiting for a free one.

        Args:
            granted_s: seconds of processor time after which it is killed. Who is cancelled kills it too.
            function: found by its name there; arguments and result are pickled.
            args: its arguments.
            kwargs: none; they are here for the type checker.

        Raises:
            UnreadablePage: it was killed, it failed, or it answers too much; the message is a phrase for people.
            ConfigurationError: the system starts no process.
        """
        del kwargs
        result, _ = await self.timed(granted_s, function, *args)
        return result

    async def timed(self, granted_s: float, function: Callable[..., R], *args: Any) -> tuple[R, float]:
        """Do the same; give the seconds of processor time it took too."""
        frame = pickle.dumps((granted_s, function, args), protocol=pickle.HIGHEST_PROTOCOL)
        slots = self._slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._width))
        async with slots:
            answer = await self._ask(frame, granted_s, self._idle.pop() if self._idle else None)
            if answer is None:  # it ended before its time: perhaps for want of something to do, or of memory
                answer = await self._ask(frame, granted_s, None)
        if answer is None:
            raise UnreadablePage("the process that read it ended")
        is_result, value, used_s = answer
        if not is_result:
            raise UnreadablePage(f"it breaks its reader ({value})")
        return value, used_s

    async def _ask(self, frame: bytes, granted_s: float, reader: _Reader | None) -> tuple[bool, Any, float] | None:
        """Have one process answer; None where it ended without. Raises UnreadablePage where its time was used up."""
        reader = reader or await self._start_reader()
        loop, began = asyncio.get_running_loop(), time.monotonic()
        try:
            await loop.sock_sendall(reader.connection, HEAD.pack(len(frame)) + frame)
            answer: tuple[bool, Any, float] = await _receive(reader.connection)
        except (OSError, EOFError):
            self._discard(reader)
            if time.monotonic() - began >= granted_s:
                raise UnreadablePage(f"reading it takes more than {granted_s:g} s of processor time") from None
            return None
        except BaseException:  # cancelled or not: an answer nobody waits for would be taken for the next one's
            self._discard(reader)
            raise
        self._idle.append(reader)
        return answer

    async def _start_reader(self) -> _Reader:
        for _ in range(2):
            self.warm()
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            try:
                with theirs:
                    self._order(0, [theirs.fileno()])
                return _Reader(await _receive(ours), ours)
            except (OSError, EOFError):  # the keeper is gone
                ours.close()
                self._drop_keeper()
            except BaseException:  # cancelled or not: its socket is nobody else's to close
                ours.close()
                raise
        raise ConfigurationError("no process can be started to read pages in: see how many this account may have")

    def _start_keeper(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                handle = theirs.fileno()
                self._keeper = start_program(
                    "tasks.runtime.page_keeper",
                    str(handle),
                    environment={},
                    pass_fds=[handle],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
        except OSError as error:
            ours.close()
            raise ConfigurationError(f"no process can be started to read pages in: {error.strerror}") from error
        ours.setblocking(False)
        self._control = ours

    def _order(self, number: int, handles: list[int]) -> None:
        if self._control is None:
            raise EOFError
        socket.send_fds(self._control, [ORDER.pack(number)], handles)

    def _discard(self, reader: _Reader) -> None:
        """Let go of a process whatever it is doing."""
        reader.connection.close()
        with contextlib.suppress(OSError, EOFError):
            self._order(reader.pid, [])

    def _drop_keeper(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._keeper is not None:
            self._keeper.kill()
            self._keeper.wait()
        self._control = self._keeper = None

    def close(self) -> None:
        """End all of them. May be used again afterwards."""
        while self._idle:
            self._idle.pop().connection.close()
        if self._control is not None:
            self._control.close()
        if self._keeper is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._keeper.wait(2.0)  # it takes its readers with it
        self._drop_keeper()

    def forget(self) -> None:
        """Let go of what belongs to the process that this one is a fork of."""
        for reader in self._idle:
            reader.connection.close()
        if self._control is not None:
            self._control.close()
        if self._keeper is not None:
            self._keeper.returncode = 0  # not ours to wait for
        self.__init__()  # type: ignore[misc]


async def _receive(connection: socket.socket) -> Any:
    (length,) = HEAD.unpack(await _exactly(connection, HEAD.size))
    if length > MAX_FRAME:
        raise UnreadablePage("there is too much in it")
    return pickle.loads(await _exactly(connection, length))  # noqa: S301 - from our own child


async def _exactly(connection: socket.socket, count: int) -> bytes:
    loop, data = asyncio.get_running_loop(), bytearray(count)
    view, got = memoryview(data), 0
    while got < count:
        received = await loop.sock_recv_into(connection, view[got:])
        if received == 0:
            raise EOFError
        got += received
    return bytes(data)


page_processes = PageProcesses()
"""Those of this process."""
atexit.register(page_processes.close)
os.register_at_fork(after_in_child=page_processes.forget)
