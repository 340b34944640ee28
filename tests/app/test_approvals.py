"""Approvals, suppressions, the outbox and erasing at the command line, as a person meets them."""

import asyncio
import json
import os
import pwd
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from forked import sales_agent
from installation import Installation
from sending_process import RECIPIENT, approved, proposal

from core.outreach.approvals import Approval
from db.outreach import approvals
from db.server import embedded
from db.server.engine import open_engine, transaction
from sandbox.server import SandboxControl


async def asked(database: str) -> Approval:
    """Ask for an approval."""
    from datetime import UTC, datetime

    engine = open_engine(database)
    try:
        async with transaction(engine) as connection:
            return await approvals.request(connection, proposal(), now=datetime.now(UTC))
    finally:
        await engine.dispose()


async def test_a_person_edits_approves_and_it_is_sent(database: str, sandbox: SandboxControl, tmp_path: Path) -> None:
    smtp = {name: value for name, value in sandbox.environment.items() if name.startswith("SMTP_")}

    def run(*arguments: str, **more: str) -> Any:
        return sales_agent(*arguments, home=tmp_path, POSTGRES_URL=database, **smtp, **more)

    approval = await asked(database)
    short = str(approval.id)[:8]
    assert short in run("approvals", "list").stdout
    nameless = run("approvals", "approve", short, "--yes")
    assert (nameless.returncode, "your name" in nameless.stderr) == (2, True)
    unseen = run("approvals", "approve", short, "--by", "Maud")
    assert (unseen.returncode, "--digest" in unseen.stderr) == (2, True)
    edited = run("approvals", "edit", short, "--body", "Good evening.\n", APPROVALS_BY="Odo")
    assert "-Good morning,\n" in edited.stdout
    assert "+Good evening." in edited.stdout
    old = run("approvals", "approve", short, "--by", "Maud", "--digest", approval.digest[:12])
    assert (old.returncode, "reads differently" in old.stderr) == (1, True)
    done = run("approvals", "approve", short, "--by", "Maud", "--yes", "--json")
    decided = json.loads(done.stdout)
    assert decided["status"] == "executed"
    assert (decided["decided_by"], decided["proved_by"]) == ("Maud", f"account:{pwd.getpwuid(os.getuid()).pw_name}")
    shown = run("approvals", "show", short).stdout
    assert "Maud (said)" in shown
    assert decided["proved_by"] in shown
    again = run("approvals", "reject", short, "--by", "Odo")
    assert "approved by Maud" in again.stderr
    [message] = sandbox.state("smtp")["messages"]
    assert "Good evening." in message["data"]


async def test_whom_we_never_write_to_and_what_is_unknown(
    database: str, sandbox: SandboxControl, tmp_path: Path
) -> None:
    def run(*arguments: str) -> Any:
        done = sales_agent(*arguments, "--json", home=tmp_path, POSTGRES_URL=database)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    by = ("--by", "Odo")
    assert run("suppress", "add", "brightwell.example", *by)["is_new"] is True
    assert run("suppress", "add", "brightwell.example", *by)["is_new"] is False
    assert [entry["value"] for entry in run("suppress", "list")] == ["brightwell.example"]
    approval = await asked(database)
    refused = sales_agent("approvals", "approve", str(approval.id), "--yes", *by, home=tmp_path, POSTGRES_URL=database)
    assert "must not be written to" in refused.stderr
    assert run("suppress", "remove", "brightwell.example", *by)["was_there"] is True
    lost = await approved(database)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE approvals SET status = 'executing' WHERE id = %s", [lost.id])
        connection.execute(
            "INSERT INTO sends VALUES (%s, 'letter', %s, '<1>', '', 'unknown', 1, 'x', now(), now())",
            [lost.id, RECIPIENT],
        )
    assert [send["status"] for send in run("outbox", "list")] == ["unknown"]
    assert run("outbox", "resolve", str(lost.id), "not-sent", *by)["status"] == "refused"
    assert run("outbox", "list") == []
    receipt = run("erase", "ada@brightwell.example", *by)
    assert receipt["erased"]["sent messages"] == 1
    assert "ada@" not in json.dumps(receipt)
    assert any("Prefect server" in line for line in receipt["left"])


@pytest.mark.soak
async def test_approved_after_a_restart_of_everything(own_home: Path, sandbox: SandboxControl) -> None:
    smtp = {name: value for name, value in sandbox.environment.items() if name.startswith("SMTP_")}
    url = embedded.embedded_postgres_url(own_home)
    from db.schema.upgrade import upgrade

    upgrade(url)
    approval = await asked(url)
    embedded.stop_postgres(own_home)
    embedded.stop_redis(own_home)
    done = sales_agent("approvals", "approve", str(approval.id)[:8], "--by", "Maud", "--yes", home=own_home, **smtp)
    assert done.returncode == 0, done.stderr
    assert len(sandbox.state("smtp")["messages"]) == 1


async def test_a_decision_in_a_form_is_proved_by_the_shared_login_alone(running: Installation) -> None:
    url = running.run("db", "url").stdout.strip()
    approval = await asked(url)
    form = {"approval_id": str(approval.id), "decision": "reject", "decided_by": "Maud", "digest": approval.digest}
    api = running.api
    deployment = api.get("/deployments/name/decide-approval/decide-approval")
    run = api.post(f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"request": form}})
    deadline = time.monotonic() + 120
    while (state := api.get(f"/flow_runs/{run['id']}")["state_type"]) != "COMPLETED":
        assert state not in ("FAILED", "CRASHED")
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    shown = json.loads(running.run("approvals", "show", str(approval.id), "--json").stdout)
    assert (shown["decided_by"], shown["proved_by"]) == ("Maud", "shared login")
