"""A pytest plugin: no key and nobody's address leaves through a log line, an exception's text or a stream.

It listens to every logger, ours at DEBUG, reads the text of every exception that `pytest.raises` meets with all its
causes, and what each test wrote to its streams. A test during which a planted secret shows fails at its teardown.
"""

import logging
import re
import traceback
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from _pytest.raises import RaisesExc

PLANTED = re.compile(
    # its keys; those of a new stand-in begin with `key_sandbox`
    r"(?:api|key)_sandbox|sandbox-apollo|bb_sandbox|sk_car_sandbox|lsv2_sandbox|csk-sandbox|sk-(ant-|or-)?sandbox"
    r"|signingKey=|[a-z]+-secret\b|planted-value"  # other keys of the tests
    r"|[\w.+-]+@[\w.-]+\.example\b"  # addresses of persons
)
"""What must not show: the keys of the sandbox and of the tests, and every e-mail address of a made-up person."""

_OURS = ("app", "flows", "tasks", "agents", "db", "integrations", "core")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__)


def texts_of(error: BaseException | None) -> Iterator[str]:
    """Yield the text of an exception and of all that a traceback would show with it."""
    if error is not None:
        yield from traceback.TracebackException.from_exception(error, limit=0).format()
        yield repr(error)


class Watch(logging.Handler):
    """Remembers where a planted secret showed."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.found: list[str] = []

    def look(self, place: str, text: str) -> None:
        """Note `place` if a planted secret is in `text`; the note shows which, because it is made up."""
        if match := PLANTED.search(text):
            self.found.append(f"{place}: {match[0]!r} in {text[max(match.start() - 80, 0) : match.end() + 80]!r}")

    def emit(self, record: logging.LogRecord) -> None:
        """Look at the message, the facts and the exception of a log record."""
        place = f"log record of {record.name}"
        self.look(place, record.getMessage())
        for name, value in record.__dict__.items():
            if name not in _STANDARD:
                self.look(place, f"{name}={value}")
        for text in texts_of(record.exc_info[1] if record.exc_info else None):
            self.look(place, text)


class PlantedSecrets:
    """The hooks; register one instance a process."""

    def __init__(self) -> None:
        self.watch = Watch()
        self._leave = RaisesExc.__exit__

    def pytest_sessionstart(self) -> None:
        """Listen to every logger, ours at DEBUG, and to `pytest.raises`, which is pytest's own."""
        logging.getLogger().addHandler(self.watch)
        for name in _OURS:
            logging.getLogger(name).setLevel(logging.DEBUG)
        leave, watch = self._leave, self.watch

        def look_and_leave(self: Any, kind: Any, error: BaseException | None, trace: Any) -> bool:
            for text in texts_of(error):
                watch.look(f"text of {type(error).__name__}", text)
            return leave(self, kind, error, trace)

        RaisesExc.__exit__ = look_and_leave  # type: ignore[method-assign]

    def pytest_sessionfinish(self) -> None:
        """Stop listening."""
        logging.getLogger().removeHandler(self.watch)
        RaisesExc.__exit__ = self._leave  # type: ignore[method-assign]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Fail the teardown of a test during which a secret showed."""
        report = yield
        if call.excinfo is not None:
            for text in texts_of(call.excinfo.value):
                self.watch.look(f"text of {type(call.excinfo.value).__name__}", text)
        if call.when == "teardown":
            for title, text in report.sections:
                self.watch.look(title, text)
            if self.watch.found:
                report.outcome = "failed"
                report.longrepr = "a planted secret showed:\n" + "\n".join(self.watch.found)
            self.watch.found = []
        return report
