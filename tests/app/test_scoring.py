"""The commands `score`, `icp`, `qualify`, `export` and `status`, as a person runs them."""

import csv
import json
from pathlib import Path

import psycopg
import pytest
from forked import ROOT, sales_agent
from importing import Row, load
from psycopg.types.json import Jsonb

RUBRIC = ROOT / "core" / "qualification" / "icp_rubric_example.yaml"
FILE = """Company,Resimercial_Score,MultiOEM_Score,MEPR_Score,OM_Score
=Acme,100,90,80,70
Bolt,10,20,30,40
,,,,
"""
SHEET: list[Row] = [
    {"key": "a", "company_name": "=HYPERLINK(1)", "contact_phone": "+4930123456", "extra.Resimercial_Score": "90",
     "extra.MultiOEM_Score": "90", "extra.MEPR_Score": "90", "extra.OM_Score": "90"},
    {"key": "b", "company_name": "Bolt", "extra.Resimercial_Score": "45", "extra.MultiOEM_Score": "45",
     "extra.MEPR_Score": "45", "extra.OM_Score": "45"},
    {"key": "c", "company_name": "Nothing known"},
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text(FILE)
    return path


def test_score_needs_nothing_but_the_file(file: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = sales_agent("score", file, "--icp", RUBRIC, "--json", home=home, POSTGRES_URL="postgresql://127.0.0.1:1/no")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["_line"], row["score"], row["tier"], row["confidence"]) for row in rows] == [
        (2, 88.0, "hot", 1.0), (3, 22.0, "disqualified", 1.0), (4, 0.0, "disqualified", 0.0),
    ]  # fmt: skip
    assert rows[0]["breakdown"][0] == {
        "criterion": "Resimercial_Score", "weight": 0.35, "points": 100.0, "known": True,
        "field": "Resimercial_Score", "value": "100", "why": "as it is",
    }  # fmt: skip
    assert not home.exists()


def test_score_shows_the_best_first_and_names_what_is_missing(file: Path, tmp_path: Path) -> None:
    done = sales_agent("score", file, "--limit", 1, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert "no column for: industry" in done.stderr
    assert "3 rows by 'Example profile'" in done.stderr


def test_teams_own_profile_is_taken_before_the_example(file: Path, tmp_path: Path) -> None:
    (tmp_path / "icp.yaml").write_text(RUBRIC.read_text())
    done = sales_agent("score", file, home=tmp_path)
    assert "Rubric over a file's columns" in done.stderr


def test_mistakes_in_a_profile_are_named(file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("criteria:\n  - field: a\n    wieght: 1\n    flag: {}\n")
    checked = sales_agent("icp", "check", bad, home=tmp_path)
    assert checked.returncode == 1
    assert f"{bad}, line 3: criteria[0].wieght: there is no such key here; did you mean 'weight'?" in checked.stdout
    as_json = json.loads(sales_agent("icp", "check", bad, "--json", home=tmp_path).stdout)
    assert as_json["valid"] is False
    assert [problem["line"] for problem in as_json["problems"]] == [2, 3]
    scored = sales_agent("score", file, "--icp", bad, home=tmp_path)
    assert scored.returncode == 1
    assert scored.stderr.startswith(f"sales-agent: {bad}, line 2: ")
    assert scored.stderr.count("\n") == 1


@pytest.mark.parametrize("which", ["default", "rubric"])
def test_examples_pass_their_own_check(which: str, tmp_path: Path) -> None:
    path = tmp_path / "icp.yaml"
    path.write_text(sales_agent("icp", "example", which, home=tmp_path).stdout)
    done = sales_agent("icp", "check", path, "--json", home=tmp_path)
    assert json.loads(done.stdout)["valid"] is True


def test_a_country_that_nobody_knows_is_warned_of(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("criteria:\n  - {field: country, weight: 1, one_of: {values: [NO, Swedn]}}\n")
    checked = sales_agent("icp", "check", path, home=tmp_path)
    assert checked.returncode == 0
    assert "warning: country: 'Swedn' is no country we know" in checked.stderr
    (warning,) = json.loads(sales_agent("icp", "check", path, "--json", home=tmp_path).stdout)["warnings"]
    assert "'Swedn'" in warning
    assert "'Swedn'" in sales_agent("score", file, "--icp", path, home=tmp_path).stderr


async def test_qualify_then_status_then_export(database: str, tmp_path: Path) -> None:
    await load(database, SHEET)
    place = {"home": tmp_path, "POSTGRES_URL": database}
    report = json.loads(sales_agent("qualify", "--icp", RUBRIC, "--json", **place).stdout)  # type: ignore[arg-type]
    assert report["outcomes"] == {"scored_by_rules": 2, "skipped": 1}
    assert [lead["score"] for lead in report["best"]] == [90.0, 45.0]

    with psycopg.connect(database) as connection:
        noted = "INSERT INTO discovery_runs (id, request, report) VALUES (gen_random_uuid(), %s, %s)"
        connection.execute(noted, [Jsonb({"again_failed": True}), Jsonb({"leads": 2, "people": 1})])
    status = json.loads(sales_agent("status", "--json", **place).stdout)  # type: ignore[arg-type]
    assert status["leads"] == 3
    assert status["qualification"]["tiers"] == {"hot": 1, "cold": 1}
    assert status["qualification"]["due"] == 0
    assert status["qualification"]["runs"][0]["leads"] == 3
    assert status["spend"] == {"today": [], "month": []}
    (run,) = status["contacts"].pop("runs")
    assert (run["again_failed"], run["finished_at"], run["leads"], run["people"]) == (True, None, 2, 1)
    assert status["contacts"] == {
        "outcomes": {},
        "contacts": 0,
        "leads_with_contacts": 0,
        "due": 3,
        "is_estimated": False,
    }
    assert status["enrichment"]["outcomes"] == {}

    target = tmp_path / "out.csv"
    done = sales_agent("export", target, "--extra", "--json", **place)  # type: ignore[arg-type]
    assert json.loads(done.stdout)["leads"] == 3
    with target.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.DictReader(source))
    assert [(row["company_name"], row["score"], row["tier"], row["outcome"]) for row in rows] == [
        ("'=HYPERLINK(1)", "90.0", "hot", "scored_by_rules"), ("Bolt", "45.0", "cold", "scored_by_rules"),
        ("Nothing known", "", "", "skipped"),
    ]  # fmt: skip
    assert rows[0]["company_phone"] == "'+4930123456", "a row without a person has the company's number"
    assert rows[0]["OM_Score"] == "90"
    assert rows[0]["reason"].startswith("Resimercial_Score as it is (90)")
    assert rows[2]["reason"] == "nothing the profile asks for is known"

    asked_wrongly = sales_agent("qualify", "--failed", "--all", **place)  # type: ignore[arg-type]
    assert asked_wrongly.returncode == 2
