"""`sales-agent leads`, `contacts`, `duplicates`, `person` and `erase` against a database, as a person types them."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from people import add_contact, add_lead
from typer.testing import CliRunner, Result

from app.main import build
from core.errors import Conflict, LeadNotFound
from core.leads.names import company_key, person_key
from core.settings.settings import settings

Run = Callable[..., Any]


@pytest.fixture
def call(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Return a function that runs a command in this process."""
    monkeypatch.setenv("POSTGRES_URL", database)
    settings.cache_clear()

    def call(*arguments: object) -> Result:
        given = list(map(str, arguments))
        return CliRunner().invoke(build(given[0]), given)

    yield call
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def run(call: Callable[..., Result]) -> Run:
    """Return a function that runs a command with --json and returns what it printed."""

    def run(*arguments: object) -> Any:
        done = call(*arguments, "--json")
        assert done.exit_code == 0, done.output + repr(done.exception)
        return json.loads(done.stdout)

    return run


def add_company(url: str, name: str, **columns: Any) -> UUID:
    return add_lead(url, company_name=name, name_key=company_key(name), **columns)


def add_pair(url: str, one: UUID, other: UUID, kind: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO possible_duplicates (first_id, second_id, kind, reason) VALUES (%s, %s, %s, 'one name')",
            [*sorted([one, other]), kind],
        )


def test_leads_are_found_shown_edited_merged_and_deleted(database: str, run: Run, call: Callable[..., Result]) -> None:
    first = add_company(database, "Brightwell Ltd", company_domain="brightwell.example")
    second = add_company(database, "Brightwell Works", city="York")
    odd = add_lead(database, company_name="!!  '\\ &", name_key="!!  '\\ &")
    maud = add_contact(database, second, contact_name="Maud Okafor", contact_email="maud@brightwell.example")
    for query, names in (
        ("brightwell", ["Brightwell Ltd", "Brightwell Works"]),
        ("BRIGHTWELL works", ["Brightwell Works"]),
        ("wor bright", ["Brightwell Works"]),
        ("Brightwell GmbH", ["Brightwell Ltd", "Brightwell Works"]),
        ("!!  '\\ &", ["!!  '\\ &"]),
        ("https://www.brightwell.example/team", ["Brightwell Ltd"]),
        ("Maud@Brightwell.example", ["Brightwell Works"]),
        (second, ["Brightwell Works"]),
        (maud, ["Brightwell Works"]),
        ("nobody", []),
    ):
        assert sorted(row["company_name"] for row in run("leads", "list", query)["leads"]) == names, query
    run("leads", "show", odd)
    page = run("leads", "list", "--limit", 2)
    rest = run("leads", "list", "--limit", 2, "--after", page["next"])
    assert (len(page["leads"]), len(rest["leads"]), rest["next"], page["count"]) == (2, 1, None, 3)
    run("leads", "edit", first, "--set", "country=Vereinigtes Königreich", "--by", "Ana")
    assert run("leads", "show", first)["values"]["country"]["value"] == "GB"
    assert "United Kingdom" in call("leads", "show", first).stdout
    run("leads", "edit", first, "--set", "city=Leeds", "--set", "tags=fair, old", "--by", "Ana", "--reason", "told so")
    shown = run("leads", "show", first)
    assert shown["values"]["city"]["value"] == "Leeds"
    assert (shown["values"]["city"]["source"], shown["values"]["city"]["edited_by"]) == ("person", "Ana")
    assert (shown["tags"], shown["history"][0]["reason"]) == (["fair", "old"], "told so")
    assert [row["id"] for row in run("leads", "list", "--tag", "fair")["leads"]] == [str(first)]
    run("leads", "merge", first, second, "--by", "Ana")
    assert run("leads", "show", second)["id"] == str(first)
    assert [each["name"] for each in run("leads", "show", first)["contacts"]] == ["Maud Okafor"]
    assert "brightwell.example" in call("leads", "show", first).stdout
    assert call("leads", "delete", first, "--by", "Ana").exit_code == 2, "nobody was asked"
    run("leads", "delete", first, "--by", "Ana", "--yes")
    assert isinstance(call("leads", "show", first).exception, LeadNotFound)


def test_contacts_are_found_shown_edited_moved_merged_and_deleted(
    database: str, run: Run, call: Callable[..., Result]
) -> None:
    company, other = (
        add_company(database, "Brightwell", company_domain="brightwell.example"),
        add_company(database, "B"),
    )
    maud, odo, twin = (
        add_contact(database, company, contact_name=name, name_key=person_key(name))
        for name in ("Maud O", "Odo B", "M O")
    )
    assert [row["id"] for row in run("contacts", "list", "Mau")["contacts"]] == [str(maud)]
    for query in ("brightwell.example", company):
        assert len(run("contacts", "list", query)["contacts"]) == 3
    run(
        "contacts",
        "edit",
        maud,
        "--set",
        "contact_email=Maud@Brightwell.example",
        "--set",
        "state=former",
        "--by",
        "Ana",
    )
    shown = run("contacts", "show", maud)
    assert (shown["state"], shown["values"]["contact_email"]["value"]) == ("former", "maud@brightwell.example")
    wrong = call("contacts", "edit", maud, "--set", "contact_email=nobody", "--by", "Ana")
    assert "contact_email: what is given is no e-mail" in str(wrong.exception)
    run("contacts", "move", odo, other, "--by", "Ana")
    assert run("contacts", "show", odo)["company_name"] == "B"
    run("contacts", "merge", maud, twin, "--by", "Ana")
    assert run("contacts", "show", twin)["id"] == str(maud)
    run("contacts", "delete", maud, "--by", "Ana", "--yes")
    assert len(run("contacts", "list")["contacts"]) == 1


def test_pairs_are_decided_many_at_once(database: str, run: Run, call: Callable[..., Result]) -> None:
    leads = [add_company(database, f"Company {number}") for number in range(4)]
    add_pair(database, leads[0], leads[1], "lead")
    add_pair(database, leads[2], leads[3], "lead")
    company, persons = add_company(database, "Brightwell"), [uuid4(), uuid4()]
    for person in persons:
        add_contact(database, company, person_id=person, contact_name="Maud Okafor")
    add_pair(database, *persons, "person")
    told = run("status")
    assert (told["leads"], told["possible_duplicates"], told["contacts"]["contacts"]) == (5, 3, 2)
    assert "possible duplicates" in call("status").stdout
    listed = run("duplicates", "list")
    assert listed["open"] == len(listed["pairs"]) == 3
    (pair,) = run("duplicates", "list", "--kind", "person")["pairs"]
    assert pair["first"]["name"] == pair["second"]["name"] == "Maud Okafor"
    assert call("duplicates", "apart", "--by", "Ana").exit_code == 2
    assert run("duplicates", "apart", pair["pair"], "--by", "Ana", "--reason", "father and daughter")["decided"] == 1
    with psycopg.connect(database) as connection:
        for lead in leads[:2]:
            connection.execute(
                "INSERT INTO crm_links (provider, kind, own_id, lead_id, remote_id)"
                " VALUES ('close', 'lead', %s, %s, %s)",
                [lead, lead, f"lead_{lead}"],
            )
    done = call("duplicates", "merge", "--all", "--kind", "lead", "--by", "Ana", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["decided"]) == (1, 1)
    assert "both are linked in the CRM" in told["refused"][0]["why"]
    assert run("duplicates", "list")["open"] == 1
    assert len(run("leads", "list")["leads"]) == 4


def test_what_was_merged_is_taken_apart_again(database: str, run: Run, call: Callable[..., Result]) -> None:
    first, second = add_company(database, "Brightwell"), add_company(database, "Northgate", city="York")
    maud, twin = (add_contact(database, second, contact_name=name) for name in ("Maud Okafor", "M. Okafor"))
    add_pair(database, first, second, "lead")
    (pair,) = run("duplicates", "list")["pairs"]
    assert isinstance(call("duplicates", "unmerge", pair["pair"], "--by", "Ana").exception, LeadNotFound)
    run("duplicates", "merge", pair["pair"], "--by", "Ana")
    told = call("duplicates", "unmerge", pair["pair"], "--by", "Ana", "--reason", "two firms").output
    assert told == f"Taken apart: {second} from {first}. Nobody will ask about the two again.\n"
    run("leads", "merge", first, second, "--by", "Ana")
    run("leads", "edit", first, "--set", "city=Ulm", "--by", "Bo")
    (done,) = run("leads", "unmerge", second, "--by", "Ana")
    assert done["kept_values"] == ["city"]
    assert [run("leads", "show", each)["values"]["city"]["value"] for each in (first, second)] == ["Ulm", "York"]
    run("contacts", "merge", maud, twin, "--by", "Ana")
    run("contacts", "unmerge", twin, "--by", "Ana")
    assert {row["id"] for row in run("contacts", "list", second)["contacts"]} == {str(maud), str(twin)}


def test_a_person_is_told_what_is_held_and_erased(database: str, call: Callable[..., Result]) -> None:
    company = add_company(database, "Brightwell")
    persons = [uuid4(), uuid4()]
    add_contact(database, company, person_id=persons[0], contact_name="Maud O", contact_email="maud@brightwell.example")
    add_contact(database, company, person_id=persons[1], contact_name="Maud Okafor")
    add_pair(database, *persons, "person")
    told = json.loads(call("person", "export", "maud@brightwell.example").stdout)
    assert told["person"]["names"] == ["Maud O"]
    assert told["held"]["contacts"]["contacts"][0]["company_name"] == "Brightwell"
    stopped = call("erase", "maud@brightwell.example", "--by", "Ana")
    assert isinstance(stopped.exception, Conflict)
    assert "Maud Okafor" in stopped.output
    done = call("erase", "maud@brightwell.example", "--by", "Ana", "--yes", "--json")
    assert json.loads(done.stdout)["erased"]["contacts"] == 1
