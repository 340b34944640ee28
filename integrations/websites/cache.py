"""Pages kept on disk between runs: one file a page, found by the SHA-256 of its address."""

import hashlib
import json
import os
import tempfile
import zlib
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from core.errors import InvalidFile


@dataclass(frozen=True)
class CachedPage:
    """A page as it was fetched.

    Attributes:
        url: the address asked for.
        final_url: the address that answered, after redirects.
        body: the decoded markup.
        fetched_at: seconds since 1970, UTC.
        etag: the server's tag, or None.
        last_modified: the server's date as it wrote it, or None.
        truncated: only the first part was read.
    """

    url: str
    final_url: str
    body: str
    fetched_at: float
    etag: str | None = None
    last_modified: str | None = None
    truncated: bool = False


class PageCache:
    """A directory of pages.

    Args:
        directory: made when the first page is kept.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, url: str) -> CachedPage | None:
        """Return the page kept for this address; None where there is none or its file is damaged."""
        path = self._path(url)
        try:
            data = json.loads(zlib.decompress(path.read_bytes()))
            page = CachedPage(**data)
        except FileNotFoundError:
            return None
        except (OSError, zlib.error, ValueError, TypeError):
            path.unlink(missing_ok=True)
            return None
        return page if page.url == url else None

    def put(self, page: CachedPage) -> None:
        """Keep a page; a reader never sees half a file. Raises InvalidFile where the directory cannot be written."""
        path = self._path(page.url)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(zlib.compress(json.dumps(asdict(page)).encode(), 3))
            Path(temporary).replace(path)
        except OSError as error:
            raise InvalidFile(
                f"the page cache cannot be written ({error.strerror}): set WEBSITES_CACHE_DIR", path=str(path.parent)
            ) from error

    def prune(self, *, older_than: float) -> int:
        """Delete pages kept, and hosts asked, before `older_than` (seconds since 1970, by the file's date).

        Returns:
            How many pages were deleted.
        """
        count = 0
        for path in chain(self._directory.glob("??/*.p*"), self._directory.glob("hosts/*.host")):
            try:
                is_old = path.stat().st_mtime < older_than
            except FileNotFoundError:
                continue  # another sweep was first
            if is_old:
                path.unlink(missing_ok=True)
                count += path.suffix == ".page"
        return count

    def _path(self, url: str) -> Path:
        digest = hashlib.sha256(url.encode()).hexdigest()
        return self._directory / digest[:2] / f"{digest[2:34]}.page"
