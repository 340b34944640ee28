"""`sales-agent run`: a file all the way, in words and as JSON; a mistake is one line."""

import json
from pathlib import Path

from forked import sales_agent
from pipeline_process import many


def test_run_tells_each_step_and_what_is_next(tmp_path: Path, database: str) -> None:
    file = many(tmp_path / "leads.csv", 3)
    done = sales_agent("run", file, "--until", "score", home=tmp_path, POSTGRES_URL=database)
    assert done.returncode == 0, done.stderr
    assert "import: 3 rows: 3 new companies, 3 new people" in done.stderr
    assert "score: 3 leads: 3 hot; by the rules alone (no model is configured)" in done.stderr
    assert "Works 0" in done.stdout

    given = ("--until", "plan", "--tier", "hot", "--budget", "0 usd", "--json")
    again = sales_agent("run", file, *given, home=tmp_path, POSTGRES_URL=database)
    report = json.loads(again.stdout)
    assert [stage["step"] for stage in report["stages"]] == [
        "import", "score", "enrich", "discover", "score again", "plan",
    ]  # fmt: skip
    assert report["stages"][0]["outcome"] == report["stages"][1]["outcome"] == "nothing"
    assert report["stages"][-1]["outcome"] == "off"


def test_a_mistake_is_one_line(tmp_path: Path, database: str) -> None:
    file = many(tmp_path / "leads.csv", 1)
    for given, code, word in (
        (("--tier", "tepid"), 2, "there are hot, warm, cold, disqualified"),
        (("--budget", "much"), 2, "is no budget"),
        (("--icp", str(tmp_path / "none.yaml")), 1, "none.yaml"),
    ):
        done = sales_agent("run", file, *given, home=tmp_path, POSTGRES_URL=database)
        assert (done.returncode, word in done.stderr) == (code, True), done.stderr
        assert "Traceback" not in done.stderr
