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
        (["import", "leads.csv", "--dedupe", "email"], 2, "--dedupe is gone"),
        (["import", "leads.csv", "--id", "Mail=everybody"], 2, "'person', 'company' or 'none'"),
        (["import", "leads.csv", "--id", "Nr=person"], 1, "Nr"),
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


SITE = "Borgo Grill,borgo.example,Via"
BRANCHES = f"Company,Website,Street,City\n{SITE} 1,Rom\n{SITE} 2,Bari\n{SITE} 3,Pisa\n"


def test_branches_are_one_company_with_its_addresses_unless_each_is_asked_for(cli: Run, tmp_path: Path) -> None:
    file = tmp_path / "branches.csv"
    file.write_text(BRANCHES)
    one = as_json(cli("import", str(file), "--json"))
    assert one["leads"] == {"inserted": 1, "updated": 0, "unchanged": 0}
    assert one["warnings"] == ["3 rows are one company with 3 addresses (--branches each makes each a lead of its own)"]
    again = as_json(cli("import", str(file), "--header", "--json"))  # read anew
    assert (again["unchanged"], again["duplicates"], again["warnings"]) == (1, 2, [])
    as_json(cli("undo", one["import_id"], "--json"))
    as_json(cli("undo", again["import_id"], "--json"))
    each = as_json(cli("import", str(file), "--branches", "each", "--json"))
    assert (each["leads"]["inserted"], each["warnings"]) == (3, [])


def test_the_json_of_import_preview_and_undo(cli: Run, tmp_path: Path) -> None:
    file = tmp_path / "two.csv"
    file.write_text(
        "Company,Name,Email,Unsubscribed\nAcme,Ann Berg,ann@acme.example,yes\nAcme,Bob Cole,bob@acme.example,\n"
    )
    shown = as_json(cli("preview", str(file), "--json"))
    assert (shown["rows"], shown["importable_rows"], shown["opt_outs"]) == (2, 2, 1)
    report = as_json(cli("import", str(file), "--json"))
    assert report.keys() == {
        "import_id", "rows", "inserted", "updated", "unchanged", "duplicates", "rejected", "leads", "contacts",
        "possible_duplicates", "opt_outs", "opt_out_columns", "unclear_opt_outs", "rejects_file", "warnings", "seconds",
        "rows_per_s", "peak_memory_mb",
    }  # fmt: skip
    assert (report["rows"], report["inserted"], report["opt_outs"]) == (2, 2, 1)
    assert report["leads"] == {"inserted": 1, "updated": 0, "unchanged": 0}
    assert report["contacts"] == {"inserted": 2, "updated": 0, "unchanged": 0}
    more = tmp_path / "more.csv"
    more.write_text(
        "Company,Name,Email,Job Title\nAcme,Ann Berg,ann@acme.example,CEO\nBolt,Bob Cole,bob@acme.example,\n"
    )
    later = as_json(cli("import", str(more), "--json"))
    assert (later["inserted"], later["updated"]) == (1, 1)
    assert later["contacts"] == {"inserted": 1, "updated": 1, "unchanged": 0}
    assert "1 person also stands at another company" in later["warnings"]
    undone = as_json(cli("undo", later["import_id"], "--json"))
    assert undone.keys() == {
        "import_id", "already_undone", "removed", "restored", "kept_edited", "kept_shared", "kept_in_use",
        "contacts_removed", "contacts_restored", "contacts_kept", "kept",
    }  # fmt: skip
    assert (undone["removed"], undone["contacts_removed"], undone["contacts_restored"]) == (1, 1, 1)


def test_whose_ids_a_column_holds_can_be_said(cli: Run, tmp_path: Path) -> None:
    """Two files of one system: a person whose name and address changed is found by the id only where it is theirs."""
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    for whose, people in (("person", 1), ("none", 0)):
        first.write_text(f"Nr,Name,Company\n77,Ann Berg,Acme {whose}\n78,Bob Cole,Bolt {whose}\n")
        second.write_text(f"Nr,Name,Company\n77,Ann Berg,Norge {whose}\n")
        ids = ["--id", f"Nr={whose}", "--source", f"shop {whose}", "--json"]
        as_json(cli("import", str(first), *ids))
        report = as_json(cli("import", str(second), *ids))
        known = report["contacts"]["updated"] + report["contacts"]["unchanged"]
        said = "1 person also stands at another company" in report["warnings"]
        assert (known + said > 0) == bool(people), (whose, report)


def test_a_table_that_goes_beyond_its_header_is_refused_with_the_line(cli: Run, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_text("company,email\n" + "".join(f"A{n},a{n}@x.example,Rom,IT\n" for n in range(5)))
    done = cli("import", str(file))
    assert done.returncode == 1
    assert "line 2: most rows have more cells than the header has names (2)" in done.stderr
    assert as_json(cli("imports", "--json")) == []
