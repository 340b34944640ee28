"""A website on loopback that does what it is told: pages, redirects, and everything a hostile server does."""

import asyncio
import contextlib
import gzip
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Raw = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Writes a whole answer by itself, status line included."""


@dataclass(frozen=True)
class Answer:
    """One answer: status, headers beside Content-Length, body."""

    body: bytes | str = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})


@dataclass(frozen=True)
class Seen:
    """One request: path with query, headers (names in lower case), seconds on a monotonic clock."""

    path: str
    headers: Mapping[str, str]
    at: float


def redirect(target: str, status: int = 302) -> Answer:
    """Send the visitor on."""
    return Answer(status=status, headers={"Location": target})


def gzip_bomb(size: int) -> Answer:
    """Pack `size` bytes of markup into a thousandth of that."""
    packed = gzip.compress(b"<p>CEO Rex Bomb</p>" + b" " * size, 9)
    return Answer(packed, headers={"Content-Type": "text/html", "Content-Encoding": "gzip"})


def slow_drip(every_s: float) -> Raw:
    """Send one byte at a time, for ever."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(every_s)

    return write


def endless() -> Raw:
    """Send markup without an end, as fast as it is taken."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html><body>")
        while True:
            writer.write(b"<p>again and again</p>" * 500)
            await writer.drain()

    return write


class Website:
    """A server for one site on its own loopback port.

    Args:
        pages: what answers each path; anything else is 404. A path that is missing is also tried with `/` at its end.
    """

    def __init__(self, pages: Mapping[str, Answer | Raw | str]) -> None:
        self.pages = dict(pages)
        self.seen: list[Seen] = []
        self.port = 0

    @property
    def url(self) -> str:
        """The home page's address."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [request.path for request in self.seen]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        path = lines[0].split(" ")[1]
        pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
        self.seen.append(Seen(path, {key.lower(): value.strip() for key, value in pairs}, time.monotonic()))
        answer = self.pages.get(path, self.pages.get(path.rstrip("/") or "/"))
        if callable(answer):
            await answer(writer)
            return False
        await self._write(writer, answer)
        return True

    async def _write(self, writer: asyncio.StreamWriter, answer: Answer | str | None) -> None:
        if answer is None:
            answer = Answer("not here", status=404)
        if isinstance(answer, str):
            answer = Answer(answer)
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        headers = "".join(f"{key}: {value}\r\n" for key, value in answer.headers.items())
        writer.write(f"HTTP/1.1 {answer.status} X\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()


@asynccontextmanager
async def website(pages: Mapping[str, Answer | Raw | str]) -> AsyncIterator[Website]:
    """Serve a site for as long as the block lasts."""
    site = Website(pages)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(site._serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=2**20)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)
