"""Where a database speaks of somebody."""

import psycopg
from psycopg import sql


def mentions(url: str, wanted: str) -> list[str]:
    """Return the tables of any schema that hold a text anywhere, in any case and with or without escapes."""
    found = []
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in tables:
            query = sql.SQL(r"SELECT count(*) FROM {} t WHERE replace(t::text, '\', '') ILIKE %s")
            row = connection.execute(query.format(sql.Identifier(schema, table)), [f"%{wanted}%"]).fetchone()
            if row and row[0]:
                found.append(table)
    return sorted(found)
