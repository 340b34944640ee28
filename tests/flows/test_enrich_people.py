"""Enriching companies with people: whom it asks about, whose value goes where, and what makes a lead due again."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import redis
from discovery_process import add_lead
from enrich_process import APOLLO_ONLY, environment, finish, rows, seed_companies, start, with_apollo
from people import add_contact
from private_valkey import private_valkey
from shape_checks import foreign_requests

from sandbox.server import Sandbox, SandboxControl

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def serving() -> Iterator[SandboxControl]:
    with Sandbox() as control:
        yield control


@pytest.fixture
def sandbox(serving: SandboxControl) -> Iterator[SandboxControl]:
    serving.reset()
    yield serving
    serving.assert_clean()
    assert foreign_requests(serving) == []


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    with private_valkey() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Write the configuration that runs go by; give its path."""
    path = tmp_path / "enrichment.yaml"
    path.write_text(APOLLO_ONLY)
    return path


@pytest.fixture
def run(database: str, home: Path, tmp_path: Path, sandbox: SandboxControl, valkey: str, config: Path) -> Run:
    """Run the flow to its end in a process of its own, which asks Apollo."""
    with redis.Redis.from_url(valkey) as client:
        client.flushdb()
    settings = environment(database, home, tmp_path / "cache", ENRICH_CONFIG=str(config)) | with_apollo(sandbox, valkey)

    def run(**request: Any) -> dict[str, Any]:
        report = tmp_path / "report.json"
        return finish(start(settings, report, **request), report)

    return run


def credits_charged(sandbox: SandboxControl) -> float:
    return sum(float(charge["units"].get("credits", 0)) for charge in sandbox.charges("apollo"))


def colleagues(database: str, number: int, count: int) -> list[UUID]:
    """Store a firm with people, the best of them first: the least sure of them was met first."""
    lead_id = add_lead(database, f"Firm {number}", None, f"firm{number}.example")
    names = ["ana", *(f"colleague{each}" for each in range(1, count))]
    return [
        add_contact(
            database, lead_id, contact_name=name, contact_email=f"{name}@firm{number}.example",
            title_points=points, created_at=datetime(2026, 1, 1 + points, tzinfo=UTC),
        )
        for points, name in reversed(list(enumerate(reversed(names))))
    ]  # fmt: skip


@pytest.mark.parametrize(("setting", "people"), [("", 1), ("contacts: 2\n", 2), ("contacts: all\n", 3)])
def test_three_contacts_of_one_lead_ask_the_company_once_and_as_many_people_as_the_file_says(
    run: Run, config: Path, database: str, sandbox: SandboxControl, setting: str, people: int
) -> None:
    seed_companies(sandbox, 3)
    config.write_text(setting + APOLLO_ONLY)
    best, *others = colleagues(database, 1, 3)
    plan = run(plan_only=True)
    assert {one["provider"]: (one["leads"], one["questions"]) for one in plan["providers"]} == {
        "apollo_company": (1, 1)
    } | ({"apollo_person": (1, people)} if people else {})
    report = run()
    asked = {one["provider"]: sum(one["outcomes"].values()) for one in report["providers"]}
    assert asked == {"apollo_company": 1} | ({"apollo_person": people} if people else {})
    assert credits_charged(sandbox) == 1 + bool(people), "only Ana is known"
    found = rows(database, "SELECT record_id, value FROM field_provenance WHERE field = 'contact_title'")
    assert found == ([(best, "Head of Operations")] if people else [])
    about = {contact for (contact,) in rows(database, "SELECT record_id FROM enrichment_attempts")}
    assert len(about & {best, *others}) == people
    assert (best in about) == bool(people)
    assert rows(database, "SELECT industry FROM leads") == [("machinery",)]
    assert run()["leads"] == 0


def test_nobody_is_asked_about_who_has_left_or_is_not_written_to(
    run: Run, database: str, sandbox: SandboxControl
) -> None:
    seed_companies(sandbox, 5)
    people = {number: colleagues(database, number, 2) for number in (1, 2, 3, 4)}
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE contacts SET state = 'former' WHERE id = %s", (people[1][0],))
        for kind, value in (("address", "ana@firm2.example"), ("domain", "firm3.example")):
            connection.execute(
                "INSERT INTO suppressions (id, kind, value, reason, added_by, added_at)"
                " VALUES (gen_random_uuid(), %s, %s, 'opt_out', 'Ana', now())",
                (kind, value),
            )
    run()
    about = {each for (each,) in rows(database, "SELECT record_id FROM enrichment_attempts")}
    asked = {number: [contact in about for contact in of] for number, of in people.items()}
    assert asked == {1: [False, True], 2: [False, True], 3: [False, False], 4: [True, False]}
    # Whoever may be written to again, and comes first, makes the lead due.
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE suppressions SET removed_by = 'Ana', removed_at = now() WHERE kind = 'address'")
    assert run()["leads"] == 1


def test_two_leads_that_share_a_person_ask_about_them_once(run: Run, database: str, sandbox: SandboxControl) -> None:
    seed_companies(sandbox, 3)
    one, two = (add_lead(database, f"Firm {number}", None, f"firm{number}.example") for number in (1, 2))
    person_id = uuid4()
    ana = add_contact(database, one, person_id=person_id, contact_name="Ana Sample1", contact_email="ana@firm1.example")
    again = add_contact(database, two, person_id=person_id, contact_name="A. Sample")
    report = run()
    (people,) = [each for each in report["providers"] if each["provider"] == "apollo_person"]
    assert (people["outcomes"], people["reused"]) == ({"hit": 2}, 1)
    assert max(sandbox.state("apollo")["calls_a_person"].values()) == 1
    assert credits_charged(sandbox) == 3
    titles = rows(database, "SELECT id, contact_title FROM contacts")
    assert dict(titles) == {ana: "Head of Operations", again: "Head of Operations"}


def test_a_changed_contact_makes_its_lead_due_and_a_persons_edit_of_one_stands(
    run: Run, config: Path, database: str, sandbox: SandboxControl
) -> None:
    seed_companies(sandbox, 3)
    config.write_text(
        "trust: [apollo_person, import]\nproviders: [apollo_person]\n"
        "fields:\n  contact_title: [{ask: apollo_person, when: always}]\n"
    )
    (typed, _), (written, colleague) = (colleagues(database, number, 2) for number in (1, 2))
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE contacts SET contact_title = 'from a file'")
        connection.execute(
            "INSERT INTO field_provenance (record_id, lead_id, field, value, source, observed_at, edited_by)"
            " SELECT id, lead_id, 'contact_title', contact_title, 'person', now(), 'Ana' FROM contacts WHERE id = %s",
            (typed,),
        )
    run()
    titles = dict(rows(database, "SELECT id, contact_title FROM contacts"))
    assert (titles[typed], titles[written], titles[colleague]) == ("from a file", "Head of Operations", "from a file")
    assert rows(database, "SELECT record_id, original FROM field_provenance WHERE source = 'apollo_person'") == [
        (written, "from a file")
    ]
    assert run()["leads"] == 0
    for change in (
        f"UPDATE contacts SET linkedin_url = 'https://www.linkedin.com/in/ana' WHERE id = '{written}'",
        f"UPDATE contacts SET title_points = 99 WHERE id = '{colleague}'",
        f"UPDATE contacts SET state = 'former' WHERE id = '{colleague}'",
        f"DELETE FROM contacts WHERE id = '{typed}'",
    ):
        with psycopg.connect(database) as connection:
            connection.execute(change)
        assert run()["leads"] == 1, change
