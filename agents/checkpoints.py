"""Opens LangGraph's own Postgres saver, where graphs keep their threads.

Its tables are the library's own, in a schema of their own (`langgraph`), which our migrations make; the library
migrates what is in it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

T = TypeVar("T")
Keep = Callable[[Callable[[], Awaitable[Any]], str], Awaitable[Any]]
"""Does a write, again while the database is away; told what is kept meanwhile."""

SCHEMA = "langgraph"
_ready: set[str] = set()


class KeptSaver(AsyncPostgresSaver):
    """The saver, whose reads and writes of a running thread outlast the loss of the database.

    What a node has paid for is in memory alone until its checkpoint is written.
    """

    def __init__(
        self, saver: AsyncPostgresSaver, again: Callable[[], Awaitable[AsyncPostgresSaver]], keep: Keep
    ) -> None:
        super().__init__(saver.conn)
        self._open, self._keep, self._opening = again, keep, asyncio.Lock()

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a checkpoint."""
        find = super().aget_tuple
        return await self._kept(lambda: find(config))

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Write a checkpoint; writing it again changes nothing."""
        put = super().aput
        return await self._kept(lambda: put(config, checkpoint, metadata, new_versions))

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Write what a node gave; writing it again changes nothing."""
        put = super().aput_writes
        await self._kept(lambda: put(config, writes, task_id, task_path))

    async def _kept(self, work: Callable[[], Awaitable[T]]) -> T:
        async def once() -> T:
            async with self._opening:
                if getattr(self.conn, "closed", False):
                    self.conn = (await self._open()).conn
            return await work()

        done: T = await self._keep(once, "a checkpoint")
        return done


@asynccontextmanager
async def open_saver(url: str, keep: Keep) -> AsyncIterator[KeptSaver]:
    """Open the saver on a database; at the first use in a process its tables are brought up to date.

    Args:
        url: libpq URL of a database that has the schema `langgraph`.
        keep: what reads and writes go through.
    """
    async with AsyncExitStack() as stack:

        async def opened() -> AsyncPostgresSaver:
            return await stack.enter_async_context(AsyncPostgresSaver.from_conn_string(in_schema(url)))

        saver = KeptSaver(await opened(), opened, keep)
        if url not in _ready:
            await saver.setup()
            _ready.add(url)
        yield saver


def in_schema(url: str) -> str:
    """Return a libpq URL whose connections see the saver's schema and no other."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "options"]
    query.append(("options", f"-csearch_path={SCHEMA}"))
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))
