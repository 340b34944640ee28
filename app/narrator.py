"""A story told on a terminal: numbered chapters, and never silent for long."""

import textwrap
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from app import terminal

WIDTH = 100
"""Characters a line of a table at most."""
_SILENT_S = 4.0


class Narrator:
    """Tells a story. While it is listened to (`telling`), it says that it is still at it where nothing else is said.

    Args:
        chapters: how many there will be.
    """

    def __init__(self, chapters: int) -> None:
        self._chapters = chapters
        self._chapter = 0
        self._said_at = time.monotonic()
        self._began_at = time.monotonic()
        self._ended = threading.Event()
        self._lock = threading.Lock()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell the story."""
        watch = threading.Thread(target=self._watch, daemon=True)
        watch.start()
        try:
            yield
        finally:
            self._ended.set()
            watch.join()

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._chapter += 1
        self._print(f"\n[{self._chapter}/{self._chapters}] {title}")

    def say(self, line: str) -> None:
        """Say a line; one that is too long goes on below its beginning."""
        for part in line.splitlines() or [""]:
            own = "| " if part.startswith("| ") else ""
            folded = textwrap.wrap(part, WIDTH - 2, subsequent_indent=own or "  ", break_on_hyphens=False)
            for one in folded or [part]:
                self._print(f"  {one}")

    def table(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show a table."""
        with self._lock:
            if rows:
                terminal.print_table(rows, most=WIDTH)
            self._said_at = time.monotonic()

    def _print(self, line: str) -> None:
        with self._lock:
            terminal.echo(line)
            self._said_at = time.monotonic()

    def _watch(self) -> None:
        while not self._ended.wait(0.25):
            if time.monotonic() - self._said_at > _SILENT_S:
                self._print(f"  … {time.monotonic() - self._began_at:.0f} s")
