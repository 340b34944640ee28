"""A process that reads a file's rows into batches and sends them through a pipe.

Its input is one pickled pair (what to read, first record); its output pickled frames: batches, then how much memory it
took, or the error that ended it. It holds nothing that would have to be cleaned up: when its parent is gone, however
it went, the next write fails and it ends.
"""

import contextlib
import os
import pickle
import resource
import subprocess
import sys
import traceback
from collections.abc import Iterator
from typing import IO

from core.errors import SalesAgentError
from db.imports.copy_text import PreparedBatch
from tasks.imports.row_reading import RowReading
from tasks.runtime.own_program import start_program


class RowProcess:
    """The parent's side.

    Attributes:
        is_lost: Whether the process ended, or never began, without having sent all.
        memory_bytes: The most it took; known when it has sent all.
    """

    def __init__(self, reading: RowReading, start: int) -> None:
        """Start the process; it reads from record `start` on.

        Raises:
            OSError: The system starts no process.
        """
        self.is_lost = False
        self.memory_bytes = 0
        self._task = pickle.dumps((reading, start))
        self._process = start_program(
            "tasks.imports.row_process", environment=os.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    @property
    def exit_code(self) -> int | None:
        """How it ended: 0, or minus the signal's number; None while it runs."""
        return self._process.returncode

    def batches(self) -> Iterator[PreparedBatch]:
        """Return the batches in order, waiting for each.

        Raises:
            InvalidFile: The file can no longer be read as it was scanned.
        """
        try:
            self._send()
            while isinstance(frame := self._receive(), PreparedBatch):
                yield frame
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):  # it is gone, perhaps in mid-sentence
            self.is_lost = True
            self.end()
            return
        self.end()
        if isinstance(frame, BaseException):
            raise frame
        self.memory_bytes = frame

    def _send(self) -> None:
        with self._pipe(self._process.stdin) as stdin:
            stdin.write(self._task)

    def _receive(self) -> PreparedBatch | BaseException | int:
        stdout = self._pipe(self._process.stdout)
        frame: PreparedBatch | BaseException | int = pickle.load(stdout)  # noqa: S301 - from our own child
        return frame

    def _pipe(self, pipe: IO[bytes] | None) -> IO[bytes]:
        if pipe is None:
            raise AssertionError("both pipes were asked for")
        return pipe

    def end(self) -> None:
        """End the process if it has not ended; may be called from another thread, and again."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):  # what was written to it and never read
            self._pipe(self._process.stdin).close()
        self._pipe(self._process.stdout).close()


def peak_memory_bytes() -> int:
    """Return the most memory this process ever took."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux kibibytes


def main() -> None:
    """Read what standard input says; write the frames to what was standard output."""
    frames = os.fdopen(os.dup(1), "wb")
    with contextlib.suppress(OSError):  # who has no standard error prints nothing
        os.dup2(2, 1)  # nothing else may get between the frames
    try:
        reading, start = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
        for batch in reading.batches(start):
            _send(frames, batch)
        _send(frames, peak_memory_bytes())
    except BrokenPipeError:
        os._exit(0)  # the parent is gone, and with it whoever would read a message
    except SalesAgentError as error:
        _send(frames, error)
    except Exception as error:  # noqa: BLE001 - the edge of the process: the parent raises it
        _send(frames, RuntimeError(f"reading rows failed: {error!r}\n{traceback.format_exc()}"))


def _send(frames: IO[bytes], frame: object) -> None:
    pickle.dump(frame, frames, protocol=pickle.HIGHEST_PROTOCOL)
    frames.flush()
