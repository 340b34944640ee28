"""The command line's door: quick, and plain about mistakes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.main import COMMANDS

ROOT = Path(__file__).parents[2]
HEAVY = {"prefect", "pandas", "sqlalchemy", "psycopg", "redis", "httpx", "rich", "psutil"}


def sales_agent(*arguments: str, home: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env={"SALES_AGENT_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


HELP = """
import json, os, sys

for name in ["", *sys.argv[1:]]:
    if os.fork() == 0:
        from app.main import main
        try:
            main([name, "--help"] if name else ["--help"])
        finally:
            sys.stdout.flush()
            print(json.dumps([name, sorted(sys.modules)]), file=sys.stderr, flush=True)
            os._exit(0)
    os.wait()
"""


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", HELP, *COMMANDS], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.count("Usage: sales-agent") == 1 + len(COMMANDS)
    loaded = {name: set(modules) for name, modules in map(json.loads, done.stderr.splitlines())}
    assert loaded.keys() == {"", *COMMANDS}
    for name, modules in loaded.items():
        assert "typer" in modules
        assert not modules & HEAVY, name


def test_overview_names_every_command(tmp_path: Path) -> None:
    shown = sales_agent("--help", home=tmp_path).stdout
    for name, command in COMMANDS.items():
        assert f"  {name} " in shown
        assert command.help.split(":")[0] in shown


@pytest.mark.parametrize(
    "arguments", [["no-such-command"], ["up", "--port", "70000"], ["db", "backup"], ["db", "--what"]]
)
def test_wrong_use_is_exit_code_2(arguments: list[str], tmp_path: Path) -> None:
    done = sales_agent(*arguments, home=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_what_cannot_be_done_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file, no directory")
    done = sales_agent("db", "url", home=tmp_path / "home")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("sales-agent: ")
    assert done.stderr.count("\n") == 1
    assert "SALES_AGENT_HOME" in done.stderr


def test_unreachable_database_is_one_line(tmp_path: Path) -> None:
    done = sales_agent("db", "upgrade", home=tmp_path, POSTGRES_URL="postgresql://127.0.0.1:1/none")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "POSTGRES_URL" in done.stderr


def test_url_names_the_server_that_is_set(tmp_path: Path) -> None:
    done = sales_agent("db", "url", home=tmp_path, POSTGRES_URL="postgresql://db.example/leads")
    assert done.stdout == "postgresql://db.example/leads\n"


UNHAPPY = [
    ("a time zone that is none", ["meetings", "list"], {"MEETINGS_TIMEZONE": "Berlin"}, 2, "MEETINGS_TIMEZONE"),
    ("no number", ["status"], {"POSTGRES_POOL_MAX": "many"}, 2, "POSTGRES_POOL_MAX cannot be 'many'"),
    ("out of range", ["imports"], {"WEBSITES_PAGE_BUDGET": "0"}, 2, "WEBSITES_PAGE_BUDGET cannot be '0'"),
    ("no address", ["status"], {"POSTGRES_URL": "localhost/leads"}, 2, "POSTGRES_URL"),
    ("nobody at Postgres", ["status"], {"POSTGRES_URL": "postgresql://127.0.0.1:1/x"}, 1, "POSTGRES_URL"),
    ("a home in a file", ["status"], {"SALES_AGENT_HOME": "{file}/home"}, 1, "SALES_AGENT_HOME"),
    ("nobody at Prefect", ["import", "{leads}"], {"PREFECT_API_URL": "http://127.0.0.1:1/api"}, 1, "PREFECT_API_URL"),
    (
        "nobody at Prefect to submit to",
        ["import", "{leads}", "--submit"],
        {"PREFECT_API_URL": "http://127.0.0.1:1/api"},
        1,
        "PREFECT_API_URL",
    ),
]


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"), [case[1:] for case in UNHAPPY], ids=[c[0] for c in UNHAPPY]
)
def test_what_a_person_can_set_wrong_is_one_line(
    arguments: list[str], environment: dict[str, str], code: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / "leads.csv").write_text("Company\nFern Ltd\n")
    places = {"file": str(tmp_path / "leads.csv"), "leads": str(tmp_path / "leads.csv")}
    given = {
        "SALES_AGENT_HOME": str(tmp_path / "home"),
        **{key: value.format(**places) for key, value in environment.items()},
    }
    done = subprocess.run(
        [sys.executable, "-m", "app", *(argument.format(**places) for argument in arguments)],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("sales-agent: ")
    assert said in done.stderr.splitlines()[-1]
