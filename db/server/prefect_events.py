"""Events of the Prefect server, where its database stands beside ours; Prefect itself only forgets them by age."""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from db.server.embedded import prefect_database, with_database
from db.server.engine import own_connection

# Artifacts are Markdown, whose marks are escaped: maud\@brightwell.example.
_NAMED = r"replace(lower(concat(e.payload, e.resource, e.related)), '\', '') LIKE ANY (%(patterns)s)"


async def erase(url: str, words: Sequence[str]) -> int | None:
    """Delete the events that contain one of some words, in any case; return how many.

    Args:
        url: of our database.
        words: in lower case.

    Returns:
        None where the Prefect server keeps its events elsewhere.
    """
    escaped = [word.replace("\\", "").replace("%", r"\%").replace("_", r"\_") for word in words]
    try:
        async with own_connection(with_database(url, prefect_database(url))) as connection:
            found = await connection.execute("SELECT to_regclass('events'), to_regclass('event_resources')")
            if None in (await found.fetchone() or (None,)):
                return None
            done = await connection.execute(
                sql.SQL(
                    f"WITH gone AS (DELETE FROM events e WHERE {_NAMED} RETURNING e.id) "
                    "DELETE FROM event_resources r USING gone WHERE r.event_id = gone.id"
                ),
                {"patterns": [f"%{word}%" for word in escaped]},
            )
            return done.rowcount
    except psycopg.errors.InvalidCatalogName:
        return None
