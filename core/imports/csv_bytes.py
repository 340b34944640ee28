"""A file's bytes on their way to the CSV parser: counted, hashed, copied and checked chunk by chunk."""

import codecs
import io
from hashlib import sha256
from typing import IO

from core.errors import InvalidFile

MAX_LINE_BYTES = 8 * 1024 * 1024


class CheckedBytes(io.RawIOBase):
    """Passes a file's bytes on and, on their way, hashes, copies and checks them.

    Attributes:
        digest: SHA-256 so far.
        size: Bytes so far.
        newlines: Line ends so far.
        is_ascii: Whether no other byte came.
        is_utf8: Whether the bytes were UTF-8; sure once all were read.
    """

    def __init__(self, source: IO[bytes], name: str, *, nul_allowed: bool, copy: IO[bytes] | None) -> None:
        """Wrap a file.

        Args:
            source: The file, at its start.
            name: Its name, for errors.
            nul_allowed: Whether NUL bytes are part of the encoding.
            copy: Where to write what was read; None: nowhere.
        """
        self._source = source
        self._name = name
        self._nul_allowed = nul_allowed
        self._copy = copy
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._since_newline = 0
        self.digest = sha256()
        self.size = 0
        self.newlines = 0
        self.is_ascii = True
        self.is_utf8 = True

    def readable(self) -> bool:
        """Return True: `io.BufferedReader` asks."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typed as any buffer there
        """Read at most `len(buffer)` bytes; 0 at the end.

        Raises:
            InvalidFile: A NUL byte in text, or a line longer than `MAX_LINE_BYTES`.
        """
        chunk = self._source.read(len(buffer))
        if not chunk:
            self._finish()
            return 0
        self.digest.update(chunk)
        if self._copy is not None:
            self._copy.write(chunk)
        self._check(chunk)
        self.size += len(chunk)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def _check(self, chunk: bytes) -> None:
        if not self._nul_allowed and b"\0" in chunk:
            line = self.newlines + chunk[: chunk.index(b"\0")].count(b"\n") + 1
            raise InvalidFile("holds a NUL byte: this is no text file, or it is damaged", path=self._name, line=line)
        last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        if last < 0:
            self._since_newline += len(chunk)
            if self._since_newline > MAX_LINE_BYTES:
                raise InvalidFile(
                    f"a line is longer than {MAX_LINE_BYTES // 1024 // 1024} MB",
                    path=self._name,
                    line=self.newlines + 1,
                )
        else:
            self._since_newline = len(chunk) - last - 1
        self.newlines += chunk.count(b"\n") or chunk.count(b"\r")
        if self.is_utf8 and not (chunk.isascii() and self._utf8.getstate()[0] == b""):
            self.is_ascii = self.is_ascii and chunk.isascii()
            try:
                self._utf8.decode(chunk)
            except UnicodeDecodeError:
                self.is_utf8 = False

    def _finish(self) -> None:
        if self.is_utf8 and self._utf8.getstate()[0]:
            self.is_utf8 = False
