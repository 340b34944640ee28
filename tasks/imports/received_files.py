"""A file as it was handed in: which one may be named, and the copy that is worked on."""

import time
from pathlib import Path

from prefect import runtime

from core.errors import InvalidFile
from core.settings.settings import settings

_SPOOL_KEPT_S = 2 * 24 * 3600.0


def allowed_file(path: Path) -> Path:
    """Resolve what a form names: only files in the upload directory. Python and the command line may name any file."""
    if runtime.deployment.id is None:
        return path.expanduser()
    uploads = settings().upload_dir.resolve()
    resolved = (uploads / path).resolve()
    if not resolved.is_relative_to(uploads):
        raise InvalidFile("a form can only name files in the upload directory; copy the file there", path=str(path))
    return resolved


def sweep_copies(spool: Path) -> None:
    """Remove copies that killed imports left behind."""
    oldest = time.time() - _SPOOL_KEPT_S
    for leftover in spool.glob("*.csv"):
        if leftover.stat().st_mtime < oldest:
            leftover.unlink(missing_ok=True)
