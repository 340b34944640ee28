"""Find the servers: the ones that settings name, else private ones in the data directory.

POSTGRES_URL set -> that server        else -> embedded_postgres, database `sales_agent`
REDIS_URL set    -> that server        else -> embedded_valkey, started when first asked for
"""

import time
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import psycopg
from psycopg import sql

from core.errors import ConfigurationError
from core.settings.settings import Settings
from db.server import embedded_postgres, embedded_valkey
from db.server.embedded_postgres import SUPERUSER

DATABASE = "sales_agent"
_used: set[Path] = set()
"""Data directories whose private server this process was given."""
SETTLE_S = 60.0  # how long a private server may take to answer after it was found or started


def postgres_url(settings: Settings) -> str:
    """Return a libpq URL of our database, starting the private server where no other is named.

    Raises:
        ConfigurationError: There is no usable server; the message says what to do.
    """
    if settings.postgres.url is not None:
        return settings.postgres.url.get_secret_value()
    return embedded_postgres_url(settings.home)


def answering_postgres_url(settings: Settings) -> str:
    """Return `postgres_url` once that server has answered.

    Raises:
        ConfigurationError: It does not answer; the message says what to check.
    """
    url = postgres_url(settings)
    try:
        psycopg.connect(url, connect_timeout=settings.postgres.connect_timeout_s).close()
    except psycopg.Error as error:
        raise _unreachable(error) from error
    return url


def _unreachable(error: psycopg.Error) -> ConfigurationError:
    told = " ".join(str(error).split())
    return ConfigurationError(f"Postgres cannot be reached ({told}): check POSTGRES_URL.")


def embedded_postgres_url(home: Path) -> str:
    """Return a libpq URL of our database on the private server, started where needed.

    A server that was just killed may still look alive and even accept one last connection, so a first failure is
    followed by another look.

    Raises:
        ConfigurationError: It cannot run here; the message says why and what to do.
    """
    _used.add(home)
    deadline = time.monotonic() + SETTLE_S
    while True:
        server = embedded_postgres.ensure_running(home)
        try:
            return _create_database(server.url("postgres"), DATABASE)
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                message = f"The private PostgreSQL (process {server.pid}) does not answer: {str(error).strip()}"
                raise ConfigurationError(f"{message} (see {home / 'postgres' / 'log'}).") from error
            time.sleep(0.05)


def revive() -> None:
    """Start the private PostgreSQLs that this process has used and that no longer run.

    Raises:
        ConfigurationError: One cannot run; the message says why and what to do.
    """
    for home in sorted(_used):
        if home.is_dir():
            embedded_postgres.ensure_running(home)


def redis_url(settings: Settings) -> str:
    """Return a URL for redis-py, starting the private Valkey where no other server is named.

    Raises:
        ConfigurationError: There is no usable server; the message says what to do.
    """
    if settings.redis.url is not None:
        return settings.redis.url.get_secret_value()
    return embedded_valkey.ensure_running(settings.home)


def stop_postgres(home: Path) -> bool:
    """Stop the private PostgreSQL of this data directory; return whether one ran."""
    return embedded_postgres.stop(home)


def stop_redis(home: Path) -> bool:
    """Stop the private Valkey of this data directory; return whether one ran."""
    return embedded_valkey.stop(home)


def create_database(url: str, name: str) -> str:
    """Make database `name` on the server of `url` unless it is there; return the URL for it.

    Raises:
        ConfigurationError: The server cannot be reached or this user may not create databases.
    """
    try:
        return _create_database(url, name)
    except psycopg.errors.InsufficientPrivilege as error:
        message = f"This user may not create the database {name}: create it by hand, or give the user CREATEDB."
        raise ConfigurationError(message) from error
    except psycopg.OperationalError as error:
        raise _unreachable(error) from error


def _create_database(url: str, name: str) -> str:
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        pass  # another process was first
    return with_database(url, name)


def database_name(url: str) -> str:
    """Return the database that a libpq URL names; like libpq, its user where it names none."""
    parts = urlsplit(url)
    return unquote(parts.path.strip("/") or parts.username or SUPERUSER)


def prefect_database(url: str) -> str:
    """Return the name of the database that a Prefect server of its own uses beside that of `url`."""
    return f"{database_name(url)}_prefect"


def with_database(url: str, name: str) -> str:
    """Return `url` with another database."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{quote(name)}{query}"


def asyncpg_url(url: str, database: str) -> str:
    """Return SQLAlchemy's asyncpg form of a libpq URL, for the Prefect server's own database.

    asyncpg knows `ssl` where libpq says `sslmode`; other libpq parameters that it does not know are left out.
    """
    parts = urlsplit(url)
    known: dict[str, str] = dict(parse_qsl(parts.query))
    query: dict[str, str] = {key: known[key] for key in ("host", "port") if key in known}
    if "sslmode" in known:
        query["ssl"] = known["sslmode"]
    netloc = parts.netloc
    if netloc.endswith("@") and ":" not in netloc:
        netloc = f"{netloc[:-1]}:@"
    suffix = f"?{urlencode(query)}" if query else ""
    return f"postgresql+asyncpg://{netloc or ':@'}/{quote(database)}{suffix}"


def status(home: Path) -> dict[str, str | None]:
    """Return where the private servers of this data directory answer; None for one that does not run."""
    server = embedded_postgres.find(home)
    return {
        "postgres": server.url(DATABASE) if server is not None and server.ready else None,
        "redis": embedded_valkey.find(home),
    }
