"""A DataFrame where a file is expected: written to the spool, from where it is imported like any file."""

from pathlib import Path
from typing import Annotated, Any, Protocol, runtime_checkable
from uuid import uuid4

from pydantic import BeforeValidator

from core.imports.runs import ImportRequest
from tasks.runtime.resources import own_directory


@runtime_checkable
class Frame(Protocol):
    """What of a pandas DataFrame is needed here; pandas itself takes two seconds to import."""

    def to_csv(self, path: Path, *, index: bool) -> None:
        """Write as CSV."""


def spool_frame(frame: Frame) -> Path:
    """Write a DataFrame to the spool; the import removes it when it is done."""
    path = own_directory("spool") / f"{uuid4()}.csv"
    frame.to_csv(path, index=False)
    return path


def _request_of(value: Any) -> Any:
    return {"path": spool_frame(value)} if isinstance(value, Frame) else value


RequestOrFrame = Annotated[ImportRequest, BeforeValidator(_request_of)]
"""An import's request, or a DataFrame to import as it is."""
