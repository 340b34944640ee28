"""`sales-agent erase` beside a Prefect server that has shown the person in a run."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from installation import Installation
from mentions import mentions

from db.server.embedded import prefect_database, with_database

ADDRESS = "maud@brightwell.example"
ROWS = f"Company,Name,Email,City,Country\nBrightwell,Maud Okafor,{ADDRESS},Leeds,United Kingdom\n"


def wait_for(what: Callable[[], Any], within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.mark.installed
def test_nothing_that_prefect_keeps_names_an_erased_person(running: Installation, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text(ROWS)
    assert running.run("import", str(file)).returncode == 0
    ours = running.run("db", "url").stdout.strip()
    prefects = with_database(ours, prefect_database(ours))
    with psycopg.connect(ours) as connection:
        row = connection.execute("SELECT lead_id FROM contacts WHERE contact_email = %s", [ADDRESS]).fetchone()
    assert row is not None
    proposed = running.run("meetings", "propose", str(row[0]), SMTP_SENDER="Ana <ana@our-company.example>")
    assert "Waiting for approval" in proposed.stderr + proposed.stdout, proposed.stderr
    # The server writes events a few seconds after what they tell of.
    wait_for(lambda: "events" in mentions(prefects, "okafor"))
    done = running.run("erase", ADDRESS, "--by", "Odo", "--json")
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert receipt["erased"]["the Prefect server's events"] > 0
    assert receipt["left"] == []

    def is_written() -> bool:
        with psycopg.connect(prefects) as connection:
            query = "SELECT count(*) FROM events WHERE event = 'prefect.artifact-collection.deleted'"
            (count,) = connection.execute(query).fetchone() or (0,)
        return bool(count)

    wait_for(is_written)
    for url in (ours, prefects):
        for word in (ADDRESS, "okafor"):
            assert mentions(url, word) == []
