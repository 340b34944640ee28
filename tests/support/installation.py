"""An installation of one's own: a data directory, a checkout, a free port, and the command line run on them."""

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from app.prefect_api import PrefectAPI
from core.settings.prefect_server import LOGIN_FILE

ROOT = Path(__file__).parents[2]
KEYS = {"CARTESIA_API_KEY": "made-up-key-of-a-provider", "SOMEBODYS_TOKEN": "made-up-token-of-nobody"}
"""In the environment of an operator who starts `up`: a key of ours, and a secret that is no business of ours."""

_FLOW = '''
import asyncio
import json
import os
from pathlib import Path

from prefect import flow


@flow(flow_run_name="hello-{name}")
async def say_hello(name: str = "you", seconds: float = 0.0) -> str:
    """Say hello."""
    await asyncio.sleep(seconds)
    return os.getcwd()


@flow
async def show_environment(target: str) -> None:
    """Write down what this run's process was started with, and which keys our settings find all the same."""
    from core.settings.settings import settings
    from integrations.cartesia.plug import CartesiaSettings

    key = settings().read(CartesiaSettings).api_key
    found = {"environment": dict(os.environ), "cartesia": key and key.get_secret_value()}
    Path(target).write_text(json.dumps(found))
'''


@dataclass(frozen=True)
class Installation:
    """A data directory, a checkout with our flows and one of its own, and a free port."""

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

    @property
    def login(self) -> str:
        """What the Prefect server of `up` asks for."""
        return (self.home / LOGIN_FILE).read_text()

    @property
    def api(self) -> PrefectAPI:
        """The Prefect server of `up`, signed in."""
        return PrefectAPI(f"http://127.0.0.1:{self.port}/api", self.login)

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
        out, err = process.communicate(timeout=900)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_installation(base: Path) -> Installation:
    """Make an installation in paths with spaces: our deployments, unscheduled, and `say-hello`."""
    root = base / "check out"
    root.mkdir()
    (root / "flows").symlink_to(ROOT / "flows")
    (root / "say_hello.py").write_text(_FLOW)
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    for deployment in deployments["deployments"]:
        deployment.pop("schedules", None)  # a test that happens to run at a quarter past would see a sweep as well
    for name in ("say-hello", "show-environment"):
        entrypoint = f"say_hello.py:{name.replace('-', '_')}"
        deployments["deployments"].append(
            {"name": name, "entrypoint": entrypoint, "work_pool": {"name": "sales-agent"}}
        )
    (root / "prefect.yaml").write_text(yaml.safe_dump(deployments), encoding="utf-8")
    return Installation(base / "home", root, free_port())
