"""The import's commands, without a Prefect server."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forked import sales_agent

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cli(database: str, tmp_path: Path) -> Run:
    """Run the command line on a database of its own."""

    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return sales_agent(*arguments, home=tmp_path, **{"POSTGRES_URL": database, **environment})

    return run


def as_json(done: "subprocess.CompletedProcess[str]") -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_import_preview_list_and_undo(cli: Run, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("Kunde;Mail\nAcme;ann@acme.example\n;nobody\n", encoding="utf-8")
    preview = as_json(cli("preview", str(file), "--json", POSTGRES_URL="postgresql://127.0.0.1:1/none"))
    assert (preview["rows"], preview["importable_rows"], preview["reasons"]) == (2, 1, {"invalid_email_only": 1})

    done = cli("import", str(file), "--map", "Kunde=company_name", "--json")
    report = as_json(done)
    assert "running without it" not in done.stdout
    assert report["inserted"] == 1
    again = as_json(cli("import", str(file), "--json"))
    assert (again["inserted"], again["unchanged"], again["rejected"]) == (0, 1, 1)
    listed = as_json(cli("imports", "--json"))
    assert [entry["status"] for entry in listed] == ["finished", "finished"]
    undone = as_json(cli("undo", report["import_id"], "--json"))
    assert (undone["removed"], undone["kept_shared"]) == (0, 1)


def test_a_confirmed_mapping_is_remembered_for_the_header(cli: Run, tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("Zeichen;Kontaktweg\nAcme;ann@acme.example\n")
    second.write_text("Zeichen;Kontaktweg\nBolt;bob@bolt.example\n")
    as_json(cli("import", str(first), "--map", "Zeichen=company_name", "--json"))
    shown = as_json(cli("import", str(second), "--dry-run", "--json"))
    assert shown["mapping"]["Zeichen"] == "company_name"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["import", "missing.csv"], 1, "missing.csv"),
        (["import", "."], 1, "directory"),
        (["preview", "missing.csv"], 1, "missing.csv"),
        (["import", "leads.csv", "--map", "Firma"], 1, "Firma"),
        (["import", "leads.csv", "--map", "Firma=shoe_size"], 1, "shoe_size"),
        (["import", "leads.csv", "--country", "Atlantis"], 2, "no country we know"),
        (["undo", "7e57ab1e-0000-4000-8000-000000000000"], 1, "no import"),
        (["undo", "seven"], 2, "import_id"),
        (["import", "--submit", "leads.csv"], 1, "sales-agent up"),
        (["discover", "--submit"], 1, "sales-agent up"),
    ],
)
def test_a_users_mistake_is_one_line_without_traceback(
    cli: Run, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    (tmp_path / "leads.csv").write_text("Firma;Mail\nAcme;ann@acme.example\n")
    done = cli(*[str(tmp_path / part) if part == "leads.csv" else part for part in arguments])
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_file_writes_nothing(cli: Run, tmp_path: Path) -> None:
    file = tmp_path / "broken.csv"
    file.write_text('Firma;Mail\nAcme;ann@acme.example\n"Bolt;bob@bolt.example\nCog;cy@cog.example\n')
    done = cli("import", str(file))
    assert done.returncode == 1
    assert "broken.csv, line" in done.stderr
    assert as_json(cli("imports", "--json")) == []


def test_strangers_text_acts_on_no_terminal(cli: Run, tmp_path: Path) -> None:
    """A file's name, its header and its cells, shown and in errors; as JSON they are exact."""
    name = "leads\x1b]0;owned\x07\u202e.csv"
    file = tmp_path / name
    label = "No\x1b[31mtes\u202e"
    file.write_text(f'Firma,Mail,{label}\n"Ac\x1b[2Jme \u2067Ltd",ann@acme.example,x\u202ey\n', encoding="utf-8")
    for arguments in (
        ["import", str(file)], ["preview", str(file)], ["imports"], ["import", f"{file}.gone"],
        ["import", str(file), "--map", f"{label}?=notes"],
    ):  # fmt: skip
        done = cli(*arguments)
        shown = done.stdout + done.stderr
        assert "Traceback" not in shown
        assert not set(shown) & {"\x1b", "\x07", "\u202e", "\u2067", "\x9b"}, (arguments, shown)
    assert "owned" not in shown
    listed = cli("imports", "--json")
    assert not set(listed.stdout) & {"\x1b", "\x07", "\u202e"}
    assert as_json(listed)[0]["file_name"] == name


def test_people_kept_apart_are_told_of(cli: Run, tmp_path: Path) -> None:
    file = tmp_path / "crm.csv"
    people = [
        ("A1", "Ann Berg", "ann"),
        ("A1", "Bob Cole", "bob"),
        ("A2", "Cid Dorn", "cid"),
        ("A3", "Dee Egge", "dee"),
    ]
    rows = [f"{number},{name},{who}@alpha.example,Alpha" for number, name, who in people]
    file.write_text("\n".join(["Record ID,Name,Email,Company", *rows]) + "\n")
    first = as_json(cli("import", str(file), "--source", "crm", "--json"))
    assert (first["inserted"], first["duplicates"]) == (4, 0)
    assert first["warnings"] == ["1 row shares an id (Record ID) with another person or company and was kept apart"]
    again = as_json(cli("import", str(file), "--source", "crm", "--json"))  # recognised as a whole
    assert (again["unchanged"], again["warnings"]) == (4, first["warnings"])
    assert "1 row shares an id (Record ID)" in cli("import", str(file), "--source", "crm").stdout


def test_a_table_that_goes_beyond_its_header_is_refused_with_the_line(cli: Run, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_text("company,email\n" + "".join(f"A{n},a{n}@x.example,Rom,IT\n" for n in range(5)))
    done = cli("import", str(file))
    assert done.returncode == 1
    assert "line 2: most rows have more cells than the header has names (2)" in done.stderr
    assert as_json(cli("imports", "--json")) == []
