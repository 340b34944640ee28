"""The synchronisation as a flow: a plan above the limits changes nothing until a person has approved exactly it."""

import json
from pathlib import Path
from typing import Any

import forked
import psycopg
import pytest
from people import add_lead

from core.crm.runs import SyncReport, SyncRequest
from flows.sync_crm import sync_crm

CONFIG = """
provider: directory
directory: {directory}
leads:
  fields:
    - {{ours: company_name, theirs: name}}
limits: {{max_changed_share: 0.2, few: 3, max_deletes: 1}}
"""
COMPANIES = 20


class Place:
    """A database with leads, a CRM that is a directory of files, and the doors to both."""

    def __init__(self, database: str, home: Path, crm: Path) -> None:
        self.database, self.home, self.crm = database, home, crm
        crm.mkdir()
        (home / "crm.yaml").write_text(CONFIG.format(directory=crm))
        self.leads = [add_lead(database, company_name=f"Company {number:02}") for number in range(COMPANIES)]

    def sync(self) -> SyncReport:
        report: SyncReport = forked.run(
            {"SALES_AGENT_HOME": str(self.home), "POSTGRES_URL": self.database}, sync_crm, SyncRequest()
        )
        return report

    def begin(self) -> SyncReport:
        """Synchronise for the first time, as a person agrees to it."""
        waiting = self.sync()
        assert waiting.outcome == "waiting"
        self.command("approvals", "approve", waiting.approval_id, "--by", "Maud", "--yes")
        return self.sync()

    def command(self, *arguments: object) -> Any:
        done = forked.sales_agent(*arguments, "--json", home=self.home, POSTGRES_URL=self.database)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def rename(self, count: int, suffix: str) -> None:
        """Rename the first companies, as a person does here."""
        with psycopg.connect(self.database) as connection:
            connection.execute(
                "UPDATE leads SET company_name = company_name || %s, updated_at = clock_timestamp(),"
                " edited_at = clock_timestamp() WHERE id = ANY (%s)",
                [suffix, self.leads[:count]],
            )

    def names_there(self) -> list[str]:
        return sorted(json.loads(path.read_text())["values"]["name"] for path in self.crm.glob("*.json"))


@pytest.fixture
def place(database: str, own_home: Path, tmp_path: Path) -> Place:
    return Place(database, own_home, tmp_path / "crm")


def test_a_first_run_creates_nothing_until_a_person_has_seen_the_plan(place: Place) -> None:
    waiting = place.sync()
    assert (waiting.outcome, waiting.done, place.names_there()) == ("waiting", {}, [])
    assert waiting.waiting_for is not None
    assert "would create 20 records (20 companies, 0 people); 3 at most go without asking" in waiting.waiting_for
    assert str(waiting.next_step).startswith("look at the plan with `sales-agent approvals show")
    shown = place.command("approvals", "show", waiting.approval_id)
    assert shown["content"]["counts"] == {"theirs create lead": COMPANIES}
    assert place.sync().approval_id == waiting.approval_id, "the same plan asks once"
    told = forked.sales_agent("sync", home=place.home, POSTGRES_URL=place.database)
    assert any(f"Company {number:02}" in told.stdout for number in range(COMPANIES)), "it names some of them"
    assert "Nothing was changed." in told.stderr

    first = place.begin()
    assert (first.outcome, first.done) == ("done", {"theirs create lead": COMPANIES})
    assert "sales-agent schedule on sync-crm" in str(first.next_step)
    assert place.sync().next_step is None


def test_creates_count_like_changes_whoever_is_to_get_them(place: Place) -> None:
    place.begin()
    for number in range(6):
        (place.crm / f"new{number}.json").write_text(
            json.dumps({"id": f"new{number}", "values": {"name": f"New {number}"}})
        )
    waiting = place.sync()
    assert waiting.waiting_for is not None
    assert "6 of 26 records would be created or change, 23%" in waiting.waiting_for
    for number in range(3):
        (place.crm / f"new{number}.json").unlink()
    assert place.sync().done == {"ours create lead": 3}, "a few go without asking"


def test_a_change_of_too_much_waits_for_a_person_and_is_done_once(place: Place) -> None:
    place.begin()
    before = place.names_there()
    assert len(before) == COMPANIES

    place.rename(10, " Ltd")
    waiting = place.sync()
    assert (waiting.outcome, waiting.done) == ("waiting", {})
    assert waiting.waiting_for is not None
    assert "10 of 20 records would change, 50%" in waiting.waiting_for
    assert place.names_there() == before
    again = place.sync()
    assert (again.outcome, again.approval_id) == ("waiting", waiting.approval_id), "the same plan asks once"

    shown = place.command("approvals", "show", waiting.approval_id)
    assert shown["kind"] == "crm_changes"
    assert shown["content"]["counts"] == {"theirs update lead": 10}
    place.command("approvals", "approve", waiting.approval_id, "--by", "Maud", "--yes")
    done = place.sync()
    assert (done.outcome, done.approval_id, done.done) == ("done", waiting.approval_id, {"theirs update lead": 10})
    assert sum(name.endswith(" Ltd") for name in place.names_there()) == 10
    assert place.sync().done == {}
    assert place.command("approvals", "show", waiting.approval_id)["status"] == "executed"


def test_an_approval_is_of_exactly_the_plan_that_was_shown(place: Place) -> None:
    place.begin()
    place.rename(10, " Ltd")
    waiting = place.sync()
    place.command("approvals", "approve", waiting.approval_id, "--by", "Maud", "--yes")
    place.rename(11, " & Co")
    other = place.sync()
    assert other.outcome == "waiting"
    assert other.approval_id != waiting.approval_id
    assert not any("Ltd" in name for name in place.names_there())


def test_a_few_changes_go_without_asking(place: Place) -> None:
    place.begin()
    place.rename(3, " Ltd")
    assert place.sync().done == {"theirs update lead": 3}
