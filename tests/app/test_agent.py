"""`sales-agent agent` as a person uses it: a report, an exit code, a thread to look at, one line for a mistake."""

import json
from pathlib import Path

from forked import sales_agent
from importing import load

from sandbox.server import SandboxControl


def test_research_without_leads_says_that_it_is_not_enough(database: str, home: Path) -> None:
    done = sales_agent("agent", "run", "growth", "--rules", "--json", home=home, POSTGRES_URL=database)
    assert done.returncode == 3, done.stderr
    report = json.loads(done.stdout)
    assert (report["status"], report["findings"], report["by"], report["rounds"]) == (
        "not_enough_evidence",
        [],
        "rules",
        1,
    )
    shown = sales_agent("agent", "state", report["thread_id"], "--json", home=home, POSTGRES_URL=database)
    assert shown.returncode == 0, shown.stderr
    state = json.loads(shown.stdout)
    assert (state["agent"], state["status"], state["state"]["round"]) == ("growth", "finished", 1)
    assert state["request"]["use_model"] is False


def test_a_campaign_file_with_a_mistake_is_refused_in_one_line(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "campaign.yaml"
    file.write_text("offer: too short\n")
    done = sales_agent("agent", "run", "marketing", file, home=home)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"sales-agent: {file}: offer: String should have at least 20 characters"]


async def test_a_used_up_budget_stops_a_thread_which_goes_on_when_there_is_money(
    database: str, home: Path, sandbox: SandboxControl
) -> None:
    await load(database, [{"key": f"k{number}", "company_name": "Firm A", "country": "AT"} for number in range(12)])
    models = {name: value for name, value in sandbox.environment.items() if name.startswith("CEREBRAS_")}
    chosen = {**models, "POSTGRES_URL": database, "MODELS_DEFAULT": "cerebras:gpt-oss-120b"}
    stopped = sales_agent("agent", "run", "growth", "--json", home=home, BUDGET_DAY_USD="0", **chosen)
    assert stopped.returncode == 1, stopped.stderr
    report = json.loads(stopped.stdout)
    assert (report["status"], report["reason"][:28]) == ("stopped", "the budget of 0 usd a day ha")
    assert sandbox.charges("cerebras") == []
    gone_on = sales_agent("agent", "run", "growth", "--json", "--thread", report["thread_id"], home=home, **chosen)
    assert json.loads(gone_on.stdout)["by"] == "model", gone_on.stderr
    assert len(sandbox.charges("cerebras")) == 1
