"""What a run says in a line to whoever watches: in its log in the Prefect UI, and at the door that asked to hear it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prefect.logging import get_run_logger
from prefect.logging.loggers import PrefectLogAdapter

from core.text.plain_text import plain_line
from tasks.runtime.orchestration import in_flow_run

TOLD = ".told"
"""How the names of the loggers of these lines end, by which a door finds them among a run's others."""

listener: ContextVar[Callable[[str], None] | None] = ContextVar("listener", default=None)
"""Where a door (the command line) wants to hear what a run says."""


def tell(sentence: str) -> None:
    """Say in a line, without an event's name, what a step came to; nothing of a person in it."""
    line = plain_line(sentence)
    if (heard := listener.get()) is not None:
        heard(line)
    if in_flow_run():
        # The run's own logger: those of ours reach Prefect from warnings on only.
        logger = get_run_logger()
        assert isinstance(logger, PrefectLogAdapter)
        logger.getChild(TOLD.removeprefix(".")).info(line)


@contextmanager
def unheard() -> Iterator[None]:
    """Let what is said meanwhile stand in the logs alone: a run above says it at the door."""
    token = listener.set(None)
    try:
        yield
    finally:
        listener.reset(token)
