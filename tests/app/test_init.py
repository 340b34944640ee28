"""`init` writes files that their own commands take, and never overwrites one; `next` says what is due."""

import json
from pathlib import Path

from forked import sales_agent


def test_init_writes_what_the_program_then_goes_by(tmp_path: Path, database: str) -> None:
    home = tmp_path / "data"
    given = ("--industries", "machinery", "--employees", "50-500", "--name", 'Ada "B" Brandt', "--country", "Germany")
    done = sales_agent("init", *given, home=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("wrote") == 3
    assert all((home / name).stat().st_mode & 0o077 == 0 for name in ("icp.yaml", "crm.yaml", ".env"))
    assert sales_agent("icp", "check", home / "icp.yaml", home=home).returncode == 0
    assert sales_agent("crm", "check", home / "crm.yaml", home=home).returncode == 0
    shown = json.loads(sales_agent("config", "show", "--json", home=home).stdout)
    text = json.dumps(shown, ensure_ascii=False)
    assert 'Ada \\"B\\" Brandt' in text
    assert '"DE"' in text

    (home / "icp.yaml").write_text("mine\n")
    again = json.loads(sales_agent("init", "--json", home=home).stdout)
    assert again["written"] == []
    assert (home / "icp.yaml").read_text() == "mine\n"
    wrong = sales_agent("init", "--employees", "many", home=tmp_path / "other")
    assert wrong.returncode == 2
    assert "50-500" in wrong.stderr


def test_next_says_what_is_due(tmp_path: Path, database: str, home: Path) -> None:
    due = sales_agent("next", "--json", home=tmp_path, POSTGRES_URL=database)
    assert json.loads(due.stdout)["command"] == "sales-agent init"
    file = tmp_path / "leads.csv"
    file.write_text("company_name,industry\nAlpha Works,Machinery\n")
    assert sales_agent("import", file, home=tmp_path, POSTGRES_URL=database).returncode == 0
    due = sales_agent("next", home=tmp_path, POSTGRES_URL=database)
    assert due.stdout == "1 lead not scored yet.  sales-agent qualify\n"
