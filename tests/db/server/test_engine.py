"""Transactions on pooled connections: one place commits, and what answers is shaped by its reader."""

import psycopg
import pytest

from core.errors import DatabaseUnavailable
from db.server.engine import Connection, Engine, PooledLine, open_engine, transaction
from db.server.statements import (
    change,
    change_each,
    inserted,
    listed,
    select,
    select_dict,
    select_dicts,
    select_one,
    select_value,
)

INSERT = inserted("icps", ("version", "name", "profile"))


def profile(version: str) -> dict[str, str]:
    """Return a row."""
    return {"version": version, "name": "a 100% fit", "profile": "{}"}


async def stored(engine: Engine) -> list[str]:
    """Return what is committed."""
    async with transaction(engine) as connection:
        return [row.version for row in await select(connection, "SELECT version FROM icps ORDER BY 1")]


async def test_what_is_inside_a_transaction_is_a_savepoint(database: str) -> None:
    engine = open_engine(database)
    try:
        async with transaction(engine) as connection:
            async with connection.transaction():  # the first statement: nothing has begun one before it
                await change(connection, INSERT, profile("1"))
            raise psycopg.Rollback
        assert await stored(engine) == []
        async with transaction(engine) as connection:
            with pytest.raises(psycopg.errors.UniqueViolation):
                async with connection.transaction():
                    await change_each(connection, INSERT, [profile("2"), profile("2")])
            await change(connection, INSERT, profile("3"))
            with pytest.raises(psycopg.ProgrammingError):
                await connection.commit()
        assert await stored(engine) == ["3"]
    finally:
        await engine.dispose()


async def test_a_lost_connection_does_not_go_back_to_the_pool(database: str) -> None:
    engine = open_engine(database, pool_max=1)
    line = PooledLine(engine)

    async def end(connection: Connection) -> None:
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    try:
        with pytest.raises(DatabaseUnavailable):
            async with transaction(engine) as connection:
                await end(connection)
        assert await stored(engine) == []
        with pytest.raises(DatabaseUnavailable):
            await line.run(end)
        assert await line.run(lambda connection: change(connection, INSERT, profile("1"))) == 1
        await line.aclose()
        async with transaction(engine) as connection:  # the same connection, and in a transaction again
            await change(connection, INSERT, profile("2"))
            raise psycopg.Rollback
        assert await stored(engine) == ["1"]
    finally:
        await engine.dispose()


async def test_an_answer_has_the_shape_its_reader_asks_for(database: str) -> None:
    engine = open_engine(database)
    try:
        async with transaction(engine) as connection:
            await change_each(connection, INSERT, [])
            await change_each(connection, INSERT, [profile("1"), profile("2")])
            read = f"SELECT {listed(('version', 'name'))} FROM icps WHERE version = ANY (%(versions)s) ORDER BY 1"
            both, none = {"versions": ["1", "2"]}, {"versions": []}
            assert [row.version for row in await select(connection, read, both)] == ["1", "2"]
            assert (await select_one(connection, read, both)).name == "a 100% fit"
            assert await select_one(connection, read, none) is None
            assert await select_dicts(connection, read, both) == [
                {"version": number, "name": "a 100% fit"} for number in ("1", "2")
            ]
            assert await select_dict(connection, read, none) is None
            assert await select_value(connection, read, both) == "1"
            assert await select_value(connection, read, none) is None
            assert await change(connection, "DELETE FROM icps") == 2
    finally:
        await engine.dispose()
