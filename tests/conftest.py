"""What every test may ask for, and what none may do.

    home           the session's data directory (its servers are stopped and it is removed at the end)
    postgres_url   the session's private PostgreSQL, started once, also under pytest-xdist
    database       the URL of a fresh, migrated database of this test's own
    own_home       a data directory whose servers are this test's own
    serving        the session's sandbox: stand-ins of every provider
    sandbox        the same, emptied; a test must take the violations it provokes
    running        an installation on which `sales-agent up` runs, with a Prefect server and a worker

No test connects beyond loopback and Unix sockets, and none sees the settings or data of the person who runs it. No key
and nobody's address shows in a log line or in an exception's text (`planted`).
"""

import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import one_up
import psycopg
import pytest
import pytest_socket
from hypothesis import HealthCheck, settings
from installation import KEYS, Installation, make_installation
from planted import PlantedSecrets
from psycopg import sql
from shape_checks import foreign_requests

from db.server import embedded
from integrations.plugs import sections

pytest.register_assert_rewrite("tests.contracts.crm_contract", "tests.contracts.source_contract")

# Examples are not timed: on a busy machine the same one takes ten times as long.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

if TYPE_CHECKING:
    from sandbox.server import SandboxControl

TEMPLATE = "migrated_template"
TEMPLATE_LOCK = 4_201_337


def pytest_configure(config: pytest.Config) -> None:
    """Give the whole session, workers of pytest-xdist included, one data directory."""
    config.pluginmanager.register(PlantedSecrets())
    config.pluginmanager.register(one_up)
    if hasattr(config, "workerinput"):
        return
    prefixes = {section.prefix for section in sections()} - {"SALES_AGENT_"}
    for name in [name for name in os.environ if name.startswith(tuple(prefixes))]:
        del os.environ[name]
    os.environ["SALES_AGENT_HOME"] = tempfile.mkdtemp(prefix="sales-agent-test-")


def pytest_collection_finish() -> None:
    """Leave what collecting has made out of every later look for garbage."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what the session started and remove its data directory."""
    if hasattr(config, "workerinput"):
        return
    home = Path(os.environ["SALES_AGENT_HOME"])
    embedded.stop_postgres(home)
    embedded.stop_redis(home)
    shutil.rmtree(home)


def pytest_runtest_setup() -> None:
    """Refuse connections beyond this machine."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def home() -> Path:
    """Return the session's data directory."""
    return Path(os.environ["SALES_AGENT_HOME"])


@pytest.fixture(scope="session")
def postgres_url(home: Path) -> str:
    """Return the URL of database `sales_agent` (empty) on the session's server, which need not outlive a power cut."""
    url = embedded.embedded_postgres_url(home)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return url


@pytest.fixture(scope="session")
def template(postgres_url: str) -> str:
    """Make the migrated database that each test's own is copied from; return its name."""
    from db.schema.upgrade import upgrade

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        upgrade(embedded.create_database(postgres_url, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database(postgres_url: str, template: str) -> Iterator[str]:
    """Return the URL of a fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        # Only one session at a time may copy a database.
        connection.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
    yield embedded.with_database(postgres_url, name)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a data directory with servers of its own, which the test may kill or measure."""
    directory = tmp_path_factory.mktemp("home")
    yield directory
    embedded.stop_postgres(directory)
    embedded.stop_redis(directory)


@pytest.fixture(scope="session")
def serving() -> "Iterator[SandboxControl]":
    """Serve the sandbox for all tests that want one."""
    from sandbox.server import Sandbox

    with Sandbox() as control:
        yield control


@pytest.fixture
def sandbox(serving: "SandboxControl", request: pytest.FixtureRequest) -> "Iterator[SandboxControl]":
    """Return the sandbox, emptied; at the end nothing may have been sent that a provider would refuse.

    What was sent to Close and Apollo has to fit their own documents, except in the tests of the stand-ins themselves.
    """
    serving.reset()
    yield serving
    serving.assert_clean()
    if "sandbox" not in request.path.parts[-2:-1]:
        foreign = foreign_requests(serving)
        assert not foreign, "\n".join(foreign)


@pytest.fixture(scope="session")
def new_installation() -> Iterator[Callable[[], Installation]]:
    """Make installations, and take them down at the end of the session."""
    made: list[Installation] = []

    def make() -> Installation:
        made.append(make_installation(Path(tempfile.mkdtemp(prefix="sales-agent-up-"))))
        return made[-1]

    yield make
    for installation in made:
        done = installation.run("down")
        assert done.returncode == 0, done.stderr
        shutil.rmtree(installation.home.parent)


@pytest.fixture(scope="session", params=[one_up.PARAMETER])
def running(new_installation: Callable[[], Installation]) -> Installation:
    """Return an installation on which `sales-agent up` runs, detached; shared by the tests that only use it."""
    installation = new_installation()
    done = installation.run("up", "--detach", "--port", str(installation.port), **KEYS)
    assert done.returncode == 0, done.stderr
    assert f"http://127.0.0.1:{installation.port}" in done.stdout
    return installation
