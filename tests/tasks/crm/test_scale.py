"""A first synchronisation at the CRM's real rate limit, killed half way; memory that does not grow."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from installation import ROOT

from core.crm.config import example_text
from sandbox.server import SandboxControl

PER_S = 20


def start(sandbox: SandboxControl, database: str, home: Path, **more: str) -> "subprocess.Popen[str]":
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'support'}",
        "SALES_AGENT_HOME": str(home),
        "POSTGRES_URL": database,
        **sandbox.environment,
        **more,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "crm_process"], cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True
    )


def fill(url: str, leads: int) -> None:
    ids = [uuid4() for _ in range(leads)]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY leads (id, company_name) FROM STDIN") as copy:
            for number, lead_id in enumerate(ids):
                copy.write_row((lead_id, f"Company {number}"))
        with cursor.copy("COPY contacts (id, lead_id, person_id, contact_name) FROM STDIN") as copy:
            for number, lead_id in enumerate(ids):
                copy.write_row((uuid4(), lead_id, uuid4(), f"Ana {number}"))


def creates(sandbox: SandboxControl) -> list[dict[str, Any]]:
    return sandbox.requests("close", method="POST", path="/api/v1/lead/")


def wait_for_creates(sandbox: SandboxControl, process: "subprocess.Popen[str]", count: int) -> None:
    """Return when there were so many; asks for news only, as telling all of it would hold the sandbox up."""
    seen = last = 0
    while seen < count:
        assert process.poll() is None
        time.sleep(1)
        news = sandbox.requests("close", since=last)
        last = max([last, *(int(call["number"]) for call in news)])
        seen += sum((call["method"], call["path"]) == ("POST", "/api/v1/lead/") for call in news)


def busiest_share(calls: list[dict[str, Any]]) -> float:
    """Return what share of the limit was used, from the first create to the last."""
    moments = [float(call["at"]) for call in calls if call["status"] == 200]
    return (len(moments) - 1) / ((moments[-1] - moments[0]) * PER_S)


@pytest.mark.soak
def test_a_first_synchronisation_uses_the_limit_and_goes_on_after_a_kill(
    database: str, sandbox: SandboxControl, own_home: Path
) -> None:
    leads = 20_000
    fill(database, leads)
    own_home.mkdir(exist_ok=True)
    (own_home / "crm.yaml").write_text(example_text().partition("limits:")[0] + ALL_AT_ONCE)
    first = start(sandbox, database, own_home)
    wait_for_creates(sandbox, first, leads // 2)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    before = creates(sandbox)
    assert busiest_share(before) >= 0.9
    assert not Counter(call["status"] for call in before)[429]
    second = start(sandbox, database, own_home)
    out, _ = second.communicate(timeout=2400)
    report = json.loads(out)
    calls = creates(sandbox)
    assert not Counter(call["status"] for call in calls)[429]
    assert busiest_share(calls[len(before) + PER_S :]) >= 0.9
    named = Counter(lead["name"] for lead in sandbox.state("close")["lead"])
    assert max(named.values()) == 1, "nothing is there twice"
    # What was on its way when it was killed is looked up five minutes later at the earliest.
    assert len(named) + report["states"]["pending"] // 2 >= leads


ALL_AT_ONCE = "limits: {max_changed_share: 1}\n"
"""No share is too much: nobody is there to approve a first synchronisation."""
DIRECTORY = (
    "provider: directory\ndirectory: {}\nleads:\n  fields:\n    - {{ours: company_name, theirs: name}}\n"
    + ALL_AT_ONCE.replace("{", "{{").replace("}", "}}")
)
MEASURE = """
import asyncio, json, resource, sys
from flows.sync_crm import sync_crm
asyncio.run(sync_crm())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_mb(database: str, home: Path, leads: int, directory: Path) -> int:
    """Return the peak memory of a first synchronisation and one without a change, into a directory of files."""
    directory.mkdir()
    (home / "crm.yaml").write_text(DIRECTORY.format(directory))
    with psycopg.connect(database) as connection:
        connection.execute("TRUNCATE leads, crm_links, crm_cursors, crm_staged CASCADE")
    fill(database, leads)
    variables = {"PATH": os.environ["PATH"], "SALES_AGENT_HOME": str(home), "POSTGRES_URL": database}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=ROOT, env=variables, capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1])


@pytest.mark.soak
def test_memory_does_not_grow_with_the_records(database: str, own_home: Path, tmp_path: Path) -> None:
    own_home.mkdir(exist_ok=True)
    small = peak_mb(database, own_home, 2_000, tmp_path / "small")
    large = peak_mb(database, own_home, 200_000, tmp_path / "large")
    assert large <= small * 1.3, (small, large)
