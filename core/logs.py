"""One rendering of log records, for a terminal or as JSON.

Modules log with `logging.getLogger(__name__)`: a fixed snake_case event, facts in `extra`. No payloads, no
addresses, no keys.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

from core.text.plain_text import exact_json, plain, plain_line

PACKAGES = ("app", "flows", "tasks", "agents", "langgraph_prefect", "db", "integrations", "core")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in record.__dict__.items() if key not in _STANDARD}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `at` (UTC, ISO 8601), `level`, `logger`, `event`, then the record's own facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one record."""
        event: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            event["error"] = self.formatException(record.exc_info)
        return exact_json(event)


class ConsoleFormatter(logging.Formatter):
    """`12:00:00 info  event key=value ...`, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one record."""
        facts = " ".join(f"{key}={value}" for key, value in _facts(record).items())
        at = datetime.fromtimestamp(record.created, tz=UTC).astimezone().strftime("%H:%M:%S")
        line = plain_line(f"{at} {record.levelname.lower():<7} {record.getMessage()} {facts}".rstrip())
        return f"{line}\n{plain(self.formatException(record.exc_info))}" if record.exc_info else line


def configure(*, as_json: bool = False, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send our packages' records to `stream` (default: standard error). Safe to call again."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else ConsoleFormatter())
    for package in PACKAGES:
        logger = logging.getLogger(package)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False
