"""The private servers: started once, found again, brought back after every way of dying."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from core.errors import ConfigurationError
from core.settings.settings import Settings
from db.server import embedded, embedded_postgres, embedded_valkey

ROOT = Path(__file__).parents[3]
ASK = """
import json, os, sys
from core.settings.settings import Settings
from db.server import embedded
if user := int(os.environ.get("BECOME", 0)):
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
settings = Settings()
print(json.dumps([embedded.postgres_url(settings), embedded.redis_url(settings)]), flush=True)
if len(sys.argv) > 1:
    sys.stdin.read()
"""


@pytest.fixture
def own_home() -> Iterator[Path]:
    """A data directory of the test's own, with spaces and letters beyond ASCII in its path."""
    base = Path(tempfile.mkdtemp(prefix="sales-agent-own-"))
    own = base / "my höme"
    yield own
    embedded.stop_postgres(own)
    embedded.stop_redis(own)
    shutil.rmtree(base)


def ask(home: Path, *, stay: bool = False, user: int = 0, errors: int | None = None) -> "subprocess.Popen[str]":
    """Ask for both servers in a process of its own; with `stay` it waits until its standard input closes.

    As `user` it asks after its imports, since root's Python may lie where no one else may go.
    """
    return subprocess.Popen(
        [sys.executable, "-c", ASK, *(["stay"] if stay else [])],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "SALES_AGENT_HOME": str(home), "BECOME": str(user)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )


def answer(process: "subprocess.Popen[str]") -> tuple[str, str]:
    out, _ = process.communicate(timeout=900)
    assert process.returncode == 0
    postgres, valkey = json.loads(out)
    return postgres, valkey


def settings_for(home: Path) -> Settings:
    settings = Settings()
    settings.home = home
    return settings


def scalar(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_servers_are_shared_durable_and_closed_to_the_network(postgres_url: str, home: Path) -> None:
    assert scalar(postgres_url, "SHOW listen_addresses") == ""
    assert scalar(postgres_url, "SHOW synchronous_commit") == "on"
    assert scalar(postgres_url, "SHOW server_encoding") == "UTF8"
    assert int(str(scalar(postgres_url, "SHOW max_connections"))) >= 200
    assert scalar(postgres_url, "SELECT lower('ÄÖ')") == "äö"
    assert embedded.status(home)["postgres"] == postgres_url
    assert (home / "postgres").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("count", [3, pytest.param(8, marks=pytest.mark.soak)])
def test_processes_at_once_get_one_server(own_home: Path, count: int) -> None:
    askers = [ask(own_home) for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        answers = set(pool.map(answer, askers))
    assert len(answers) == 1
    url, valkey = answers.pop()
    assert scalar(url, "SELECT current_database()") == "sales_agent"
    assert redis.Redis.from_url(valkey).ping()
    working = [p for p in psutil.process_iter() if embedded_postgres._serves(p.pid, own_home / "postgres" / "data")]
    assert len([p for p in working if p.ppid() not in {w.pid for w in working}]) == 1


def test_server_outlives_its_killed_starter_and_is_found_again(own_home: Path) -> None:
    starter = ask(own_home, stay=True)
    assert starter.stdout is not None
    url, valkey = json.loads(starter.stdout.readline())
    server = embedded_postgres.find(own_home)
    starter.kill()
    starter.communicate()
    assert scalar(url, "SELECT 1") == 1
    assert (embedded.postgres_url(settings_for(own_home)), embedded.redis_url(settings_for(own_home))) == (url, valkey)
    assert embedded_postgres.find(own_home) == server
    assert embedded.stop_postgres(own_home)
    assert embedded.stop_redis(own_home)
    assert embedded.status(own_home) == {"postgres": None, "redis": None}
    assert not embedded.stop_postgres(own_home)


def test_killed_server_comes_back_with_what_was_committed(own_home: Path) -> None:
    settings = settings_for(own_home)
    url = embedded.postgres_url(settings)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server = embedded_postgres.find(own_home)
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)
    assert scalar(embedded.postgres_url(settings), "SELECT answer FROM kept") == 42

    redis.Redis.from_url(embedded.redis_url(settings)).set("lost", 1)
    pid = embedded_valkey._process_id(Path(embedded.redis_url(settings).removeprefix("unix://").split("?")[0]))
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert redis.Redis.from_url(embedded.redis_url(settings)).get("lost") is None


def test_pid_file_of_before_a_restart_is_not_believed(own_home: Path) -> None:
    settings = settings_for(own_home)
    url = embedded.postgres_url(settings)
    server = embedded_postgres.find(own_home)
    assert server is not None
    pid_file = own_home / "postgres" / "data" / "postmaster.pid"
    stale = pid_file.read_text().splitlines()
    embedded.stop_postgres(own_home)
    # The number is alive again, as another process of the server's own user; so is that of the socket's lock.
    lines = [str(os.getpid()), *stale[1:]]
    pid_file.write_text("\n".join(lines) + "\n")
    server.socket_dir.mkdir(exist_ok=True)
    (server.socket_dir / ".s.PGSQL.5432.lock").write_text("\n".join(lines[:5]) + "\n")
    (server.socket_dir / ".s.PGSQL.5432").touch()
    assert embedded.status(own_home)["postgres"] is None
    assert embedded.postgres_url(settings) == url
    assert scalar(url, "SELECT 1") == 1


def test_half_made_cluster_is_made_anew(own_home: Path) -> None:
    half = own_home / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert scalar(embedded.postgres_url(settings_for(own_home)), "SELECT 1") == 1
    assert not half.exists()


def test_long_path_gets_a_short_private_socket(own_home: Path) -> None:
    deep = own_home / ("d" * 60) / ("e" * 60)
    try:
        server = embedded_postgres.ensure_running(deep)
        assert len(str(server.socket_dir)) < 60
        assert server.socket_dir.stat().st_mode & 0o077 == 0
        assert scalar(server.url("postgres"), "SELECT 1") == 1
    finally:
        embedded.stop_postgres(deep)


def test_named_servers_are_used_as_they_are(home: Path) -> None:
    script = "from core.settings.settings import Settings; from db.server import embedded; s = Settings();"
    script += "print(embedded.postgres_url(s), embedded.redis_url(s))"
    env = {"SALES_AGENT_HOME": "/nowhere", "POSTGRES_URL": "postgresql://db.internal/x", "REDIS_URL": "redis://r:1/2"}
    done = subprocess.run([sys.executable, "-c", script], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["postgresql://db.internal/x", "redis://r:1/2"]


def test_unusable_home_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="SALES_AGENT_HOME"):
        embedded_postgres.ensure_running(tmp_path / "file" / "home")
    with pytest.raises(ConfigurationError, match="SALES_AGENT_HOME"):
        embedded_valkey.ensure_running(tmp_path / "file")


def test_unreachable_server_says_which_setting() -> None:
    with pytest.raises(ConfigurationError, match="POSTGRES_URL"):
        embedded.create_database("postgresql://127.0.0.1:1/x", "y")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("initdb: error: could not write to file: No space left on device", "is full"),
        ("2026-11-22 FATAL:  data directory has wrong ownership\nHINT: x", "wrong ownership"),
        ("", "it said nothing"),
    ],
)
def test_failure_to_start_is_explained(said: str, told: str) -> None:
    assert told in embedded_postgres.explanation(Path("/srv/home"), said)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://postgres@/a?host=/run/x", "postgresql+asyncpg://postgres:@/p?host=%2Frun%2Fx"),
        (
            "postgresql://u:p%40@h:5433/a?sslmode=require&application_name=z",
            "postgresql+asyncpg://u:p%40@h:5433/p?ssl=require",
        ),
        ("postgres://u@h/a", "postgresql+asyncpg://u@h/p"),
    ],
)
def test_asyncpg_url(url: str, expected: str) -> None:
    assert embedded.asyncpg_url(url, "p") == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; a normal user runs all tests as one")
def test_normal_user_runs_its_own_servers() -> None:
    base = Path(tempfile.mkdtemp(prefix="sales-agent-user-"))
    try:
        os.chown(base, 65534, 65534)
        url, _ = answer(ask(base / "home", user=65534))
        assert (base / "home" / "postgres" / "data").stat().st_uid == 65534
        # Root finds and uses the same server, and stops it.
        assert embedded.postgres_url(settings_for(base / "home")) == url
        embedded.stop_postgres(base / "home")
        # Started by root, it still runs as the owner of its data.
        assert embedded.postgres_url(settings_for(base / "home")) == url
        server = embedded_postgres.find(base / "home")
        assert server is not None
        assert psutil.Process(server.pid).uids().real == 65534
    finally:
        embedded.stop_postgres(base / "home")
        embedded.stop_redis(base / "home")
        shutil.rmtree(base)


def test_home_that_may_not_be_written_says_so() -> None:
    base = Path(tempfile.mkdtemp(prefix="sales-agent-closed-"))
    try:
        base.chmod(0o555)
        process = ask(base / "home", user=65534 if os.geteuid() == 0 else 0, errors=subprocess.PIPE)
        _, err = process.communicate()
        assert f"ConfigurationError: Cannot write {base / 'home'}" in err
        assert "SALES_AGENT_HOME" in err
    finally:
        shutil.rmtree(base)


MAY_MOUNT = os.geteuid() == 0 and shutil.which("mount") is not None


@pytest.mark.skipif(not MAY_MOUNT, reason="only root can make a small disk")
@pytest.mark.parametrize("size_mb", [1, 20])
def test_full_disk_says_so(size_mb: int) -> None:
    disk = Path(tempfile.mkdtemp(prefix="sales-agent-full-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", disk], check=False)
    if mounted.returncode != 0:
        disk.rmdir()
        pytest.skip("this root may not mount")
    try:
        with pytest.raises(ConfigurationError, match="is full: free some space"):
            embedded_postgres.ensure_running(disk / "home")
    finally:
        subprocess.run(["umount", disk], check=True)
        disk.rmdir()


@pytest.mark.soak
def test_server_killed_at_any_moment_keeps_what_was_committed(own_home: Path) -> None:
    settings = settings_for(own_home)
    with psycopg.connect(embedded.postgres_url(settings)) as connection:
        connection.execute("CREATE TABLE counted (n int PRIMARY KEY)")
    chance = random.Random(4711)
    committed = 0
    for _ in range(20):
        server = embedded_postgres.find(own_home)
        assert server is not None
        killer = threading.Timer(chance.uniform(0, 0.5), os.kill, (server.pid, signal.SIGKILL))
        with psycopg.connect(embedded.postgres_url(settings), autocommit=True) as connection:
            killer.start()
            with contextlib.suppress(psycopg.OperationalError):
                while True:
                    connection.execute("INSERT INTO counted VALUES (%s)", [committed + 1])
                    committed += 1
        killer.join()
        kept = int(str(scalar(embedded.postgres_url(settings), "SELECT coalesce(max(n), 0) FROM counted")))
        # The statement that was under way may have been committed without our hearing of it.
        assert kept in (committed, committed + 1)
        committed = kept


@pytest.mark.soak
def test_starter_killed_at_any_moment_leaves_nothing_that_hinders(own_home: Path) -> None:
    chance = random.Random(4712)
    for _ in range(25):
        starter = ask(own_home, stay=True)
        time.sleep(chance.uniform(0.5, 2.5))
        starter.kill()
        starter.communicate()
        if chance.random() < 0.5:
            embedded.stop_postgres(own_home)
            shutil.rmtree(own_home, ignore_errors=True)
    assert scalar(embedded.postgres_url(settings_for(own_home)), "SELECT 1") == 1
    assert len(embedded_postgres._processes_in(own_home / "postgres" / "data")) < 15
