"""Opens LangGraph's own Postgres saver, where graphs keep their threads.

Its tables are the library's own, in a schema of their own (`langgraph`), which our migrations make; the library
migrates what is in it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

SCHEMA = "langgraph"
_ready: set[str] = set()


@asynccontextmanager
async def open_saver(url: str) -> AsyncIterator[AsyncPostgresSaver]:
    """Open the saver on a database; at the first use in a process its tables are brought up to date.

    Args:
        url: libpq URL of a database that has the schema `langgraph`.
    """
    async with AsyncPostgresSaver.from_conn_string(in_schema(url)) as saver:
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
