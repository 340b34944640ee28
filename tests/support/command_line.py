"""The command line in a process of its own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def sales_agent(*arguments: object, home: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `sales-agent`; the environment is only what is given."""
    return subprocess.run(
        [sys.executable, "-m", "app", *map(str, arguments)],
        cwd=ROOT,
        env={"SALES_AGENT_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
