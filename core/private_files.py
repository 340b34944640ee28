"""Small files that only their owner may read: keys, passwords, settings handed to other processes."""

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR


def kept(path: Path, make: Callable[[], str]) -> str:
    """Return what a private file holds; on first use it is made, and what `make` gives is kept in it.

    Of two processes that make it at once, one wins and both get its content.
    """
    if not path.exists():
        part = _draft(path, make())
        try:
            # A link is made whole or not at all, and never over the file of a process that was quicker.
            with suppress(FileExistsError):
                path.hardlink_to(part)
        finally:
            part.unlink()
    return path.read_text(encoding="utf-8").strip()


def replace(path: Path, text: str) -> None:
    """Write a private file, whole or not at all, in the place of an older one."""
    _draft(path, text).rename(path)


def _draft(path: Path, text: str) -> Path:
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return part
