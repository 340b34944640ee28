"""A running `sales-agent up` with a data directory of its own, shared by the tests that only look at it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FLOW = '''
import asyncio
import os

from prefect import flow


@flow(flow_run_name="hello-{name}")
async def say_hello(name: str = "you", seconds: float = 0.0) -> str:
    """Say hello."""
    await asyncio.sleep(seconds)
    return os.getcwd()
'''

DEPLOYMENTS = """
name: test
pull:
  - prefect.deployments.steps.set_working_directory:
      directory: "{{ $SALES_AGENT_ROOT }}"
deployments:
  - name: say-hello
    entrypoint: flows/say_hello.py:say_hello
    work_pool:
      name: sales-agent
"""


@dataclass(frozen=True)
class Installation:
    """A data directory, a checkout with one flow, and a free port."""

    home: Path
    root: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What the command line is run with."""
        return {
            "PATH": os.environ["PATH"],
            "SALES_AGENT_HOME": str(self.home),
            "SALES_AGENT_ROOT": str(self.root),
        }

    def start(self, *arguments: str, **more: str) -> "subprocess.Popen[str]":
        """Start `sales-agent` with some arguments and more environment."""
        return subprocess.Popen(
            [sys.executable, "-m", "app", *arguments],
            cwd=ROOT,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run `sales-agent` with some arguments and more environment to its end."""
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=200)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def new_installation() -> Iterator[Callable[[], Installation]]:
    """Make installations, and take them down at the end of the session."""
    made: list[Installation] = []

    def make() -> Installation:
        base = Path(tempfile.mkdtemp(prefix="sales-agent-up-"))
        root = base / "check out"
        (root / "flows").mkdir(parents=True)
        (root / "flows" / "say_hello.py").write_text(FLOW)
        (root / "prefect.yaml").write_text(DEPLOYMENTS)
        made.append(Installation(base / "home", root, free_port()))
        return made[-1]

    yield make
    for installation in made:
        done = installation.run("down")
        assert done.returncode == 0, done.stderr
        shutil.rmtree(installation.home.parent)


@pytest.fixture(scope="session")
def running(new_installation: Callable[[], Installation]) -> Installation:
    """Return an installation on which `up` runs, detached."""
    installation = new_installation()
    done = installation.run("up", "--detach", "--port", str(installation.port))
    assert done.returncode == 0, done.stderr
    assert f"http://127.0.0.1:{installation.port}" in done.stdout
    return installation
