"""Imports through a real Prefect server: in this process, and by the worker through the deployment."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from installation import Installation

from app.prefect_api import PrefectAPI

GOOD = "Company;E-Mail;Phone;Shoe\nAcme Ltd;ann@acme.example;+1 415 555 2671;44\nBolt AG;bob@bolt.example;;\n"
BAD = ";not-an-address;;\n;;;\n"


@pytest.fixture
def api(running: Installation) -> PrefectAPI:
    """Give the running server's API."""
    return running.api


@pytest.fixture
def write(running: Installation) -> Callable[[str, str], Path]:
    """Write a file into the upload directory."""

    def write(name: str, text: str) -> Path:
        uploads = running.home / "uploads"
        uploads.mkdir(exist_ok=True)
        (uploads / name).write_text(text, encoding="utf-8")
        return uploads / name

    return write


def runs(api: PrefectAPI, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.post("/flow_runs/filter", {"flow_runs": {"name": {"any_": [name]}}})
    return found


def artifacts(api: PrefectAPI, run_id: str) -> dict[str, Any]:
    found = api.post("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run_id]}}})
    return {artifact["key"] or artifact["type"]: artifact for artifact in found}


def submit(api: PrefectAPI, deployment: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Start a deployment as the form does."""
    found = api.get(f"/deployments/name/{deployment}/{deployment}")
    run: dict[str, Any] = api.post(f"/deployments/{found['id']}/create_flow_run", {"parameters": parameters})
    return run


def await_end(api: PrefectAPI, run: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + 90
    while run["state_type"] not in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
        assert time.monotonic() < deadline, run["state"]
        time.sleep(0.3)
        run = api.get(f"/flow_runs/{run['id']}")
    return run


def start(api: PrefectAPI, deployment: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return await_end(api, submit(api, deployment, parameters))


def test_import_in_this_process_is_a_run_with_history(
    running: Installation, api: PrefectAPI, write: Callable[[str, str], Path]
) -> None:
    file = write("here.csv", GOOD + BAD)
    done = running.run("import", str(file), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert {name: report[name] for name in ("rows", "inserted", "rejected")} == {
        "rows": 4,
        "inserted": 2,
        "rejected": 2,
    }
    assert report.keys() == {
        "import_id", "rows", "inserted", "updated", "unchanged", "duplicates", "rejected", "rejects_file", "seconds",
        "rows_per_s", "peak_memory_mb", "opt_outs", "opt_out_columns", "unclear_opt_outs", "warnings",
        "leads", "contacts", "possible_duplicates",
    }  # fmt: skip
    (run,) = runs(api, "import here.csv")
    assert run["state_type"] == "COMPLETED"
    shown = artifacts(api, run["id"])
    assert shown.keys() == {"import-report", "column-mapping", "first-rejects", "rejects-file", "progress"}
    assert shown["progress"]["data"] == 100.0
    assert json.loads(shown["first-rejects"]["data"])[0]["reason"] == "invalid_email_only"
    assert report["rejects_file"] in shown["rejects-file"]["description"]

    mended = write(
        "mended.csv", Path(report["rejects_file"]).read_text("utf-8-sig").replace("not-an-", "cy@dot.example")
    )
    again = json.loads(running.run("import", str(mended), "--json").stdout)
    assert (again["inserted"], again["rejected"]) == (1, 1)


@pytest.mark.installed
def test_form_starts_an_import_and_its_undo_in_the_worker(
    running: Installation, api: PrefectAPI, write: Callable[[str, str], Path]
) -> None:
    write(
        "form.csv",
        GOOD.replace("acme", "formed").replace("bolt", "nutted").replace("Acme", "Formed").replace("Bolt", "Nutted"),
    )
    dry = start(api, "import-leads", {"request": {"path": "form.csv", "dry_run": True}})
    assert dry["state_type"] == "COMPLETED"
    assert "preview" in artifacts(api, dry["id"])
    run = start(api, "import-leads", {"request": {"path": "form.csv", "policy": "overwrite"}})
    assert (run["state_type"], run["name"]) == ("COMPLETED", "import form.csv")
    facts = {row["what"]: row["value"] for row in json.loads(artifacts(api, run["id"])["import-report"]["data"])}
    assert facts["inserted"] == 2
    undo = start(api, "undo-import", {"request": {"import_id": facts["import id"]}})
    undone = {row["what"]: row["value"] for row in json.loads(artifacts(api, undo["id"])["undo-report"]["data"])}
    assert undone["removed"] == 2


@pytest.mark.installed
def test_form_cannot_name_files_elsewhere(running: Installation, api: PrefectAPI, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text(GOOD)
    paths = (str(outside), "../../outside.csv")
    for submitted in [submit(api, "import-leads", {"request": {"path": path}}) for path in paths]:
        run = await_end(api, submitted)
        assert (run["state_type"], run["state"]["name"]) == ("CANCELLED", "Refused")
        assert run["state"]["message"].endswith(
            "a form can only name files in the upload directory; copy the file there"
        )


def test_form_is_typed_and_described(api: PrefectAPI) -> None:
    schema = api.get("/deployments/name/import-leads/import-leads")["parameter_openapi_schema"]
    form = schema["definitions"]["ImportRequest"]
    assert form["additionalProperties"] is False
    assert all("description" in field and "title" in field for field in form["properties"].values())
    assert schema["definitions"]["ConflictPolicy"]["enum"] == ["fill_empty", "overwrite", "skip"]


def test_submitted_import_comes_back_with_the_workers_report(running: Installation, tmp_path: Path) -> None:
    file = tmp_path / "submitted.csv"
    file.write_text(GOOD.replace("acme", "submitted").replace("bolt", "worked"))
    done = running.run("import", "--submit", str(file), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["inserted"] == 2
    assert "Completed" in done.stderr
