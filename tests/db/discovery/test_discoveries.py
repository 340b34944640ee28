"""Claims on sites, and what is stored of a visit."""

import asyncio
from dataclasses import replace

import psycopg
import pytest
from discovery_process import add_lead, rows
from importing import session
from psycopg.types.json import Jsonb
from site_looks import JANE, LOOK, SITE, TEAM, planned, visited

from core.discovery.company_contacts import Provenance, SiteDiscovery, SourceAttempt
from core.discovery.runs import Site
from core.errors import DatabaseUnavailable
from db.discovery import contacts, discoveries, runs
from db.discovery.lease import leased
from db.server.engine import open_engine, transaction


async def test_of_many_at_once_one_gets_the_site_and_its_end_frees_it(database: str) -> None:
    batch = await planned(database, add_lead(database, "Acme", SITE.website))
    have_claimed = asyncio.Barrier(4)

    async def claimed() -> list[Site]:
        async with leased(database, batch) as lease:
            sites = await lease.claim()
            await have_claimed.wait()
        return sites

    found = await asyncio.gather(*(claimed() for _ in range(4)))
    assert sorted(found, key=len) == [[], [], [], [SITE]]
    assert rows(database, "SELECT FROM discovery_claims") == []
    async with leased(database, batch) as lease:
        assert await lease.claim() == [SITE]


async def test_a_holder_that_died_loses_the_site_and_its_late_result(database: str) -> None:
    batch = await planned(database, add_lead(database, "Acme", SITE.website))
    dead = 1  # a token that no connection holds
    rows(database, "INSERT INTO discovery_claims (site, token) VALUES (%s, %s) RETURNING site", SITE.site, dead)
    async with leased(database, batch) as lease, session(database) as connection:
        assert await lease.claim() == [SITE]
        late = {"run_id": batch.run_id, "token": dead, "fresh_for_s": 60}
        assert not await discoveries.finish(connection, SITE.site, LOOK, **late)
    assert rows(database, "SELECT outcome, run_id FROM discoveries") == [{"outcome": None, "run_id": None}]


async def test_a_site_whose_connection_was_lost_is_still_held(database: str) -> None:
    batch = await planned(database, add_lead(database, "Acme", SITE.website))
    async with leased(database, batch) as lease:
        assert await lease.claim() == [SITE]
        lost = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
        with psycopg.connect(database) as connection:
            connection.execute(lost, [connection.info.backend_pid])
            connection.execute("DELETE FROM discovery_claims")  # as a server that died has
        await lease.share(SITE.site)  # the next word on the line
        async with leased(database, batch) as other:
            assert await other.claim() == []
        assert await lease.finish(SITE.site, LOOK, fresh_for_s=60)
    assert rows(database, "SELECT outcome FROM discoveries") == [{"outcome": "found"}]


async def test_a_fresh_site_is_not_claimed_unless_it_failed_before_the_run(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    await visited(database, replace(LOOK, outcome="unknown", reason="HTTP 403", contacts=()), lead_id, fresh_for_s=60)
    again = await planned(database, lead_id, again_failed=True)
    async with leased(database, again.model_copy(update={"again_failed": False})) as lease:
        assert await lease.claim() == []
    async with leased(database, again) as lease:
        assert await lease.claim() == [SITE]
        assert await lease.finish(SITE.site, SiteDiscovery("failed", "it broke"), fresh_for_s=60)
    async with leased(database, again) as lease:
        assert await lease.claim() == [], "a retry of the same batch does not visit it once more"


async def test_a_person_under_another_spelling_stays_one_row(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    await visited(database, LOOK, lead_id)
    spelled = replace(JANE, name="J. Smith", email=None, title="Chief Executive")
    await visited(database, replace(LOOK, contacts=(spelled,)), lead_id)
    (row,) = rows(database, "SELECT * FROM contacts")
    assert (row["contact_name"], row["contact_title"], row["contact_email"], row["not_seen_since"]) == (
        *("Jane Smith", "Chief Executive", "jane@acme.example", None),
    )


async def test_a_fuller_name_is_taken(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    await visited(database, replace(LOOK, contacts=(replace(JANE, name="J. Smith", email=None),)), lead_id)
    await visited(database, LOOK, lead_id)
    (row,) = rows(database, "SELECT contact_name, name_key, contact_email FROM contacts")
    assert row == {"contact_name": "Jane Smith", "name_key": "jane smith", "contact_email": "jane@acme.example"}


async def test_each_source_keeps_its_word(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    await visited(database, LOOK, lead_id)
    bought = replace(JANE, provenance=(Provenance("apollo", None, "Chief", "Apollo: Chief", None),))
    attempts = (SourceAttempt("website", "error", "HTTP 403"), SourceAttempt("apollo", "hit", None, 1))
    await visited(database, replace(LOOK, contacts=(bought,), attempts=attempts, pages=()), lead_id)
    async with session(database) as connection:
        (row,) = await contacts.select_of_lead(connection, lead_id)
    assert row["provenance"].keys() == {"website", "apollo"}
    assert row["provenance"]["website"]["source_url"] == TEAM
    assert (row["origin"], row["source_url"]) == ("website", TEAM), "who was met first, and what speaks for them there"


async def test_a_look_stored_in_older_words_is_read_in_todays(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    await visited(database, LOOK, lead_id)
    old = [{"source": "website", "outcome": "unknown", "reason": "HTTP 403", "people": 0},
           {"source": "apollo", "outcome": "later", "reason": "the budget is used up", "people": 0}]  # fmt: skip
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE discoveries SET sources = %s", [Jsonb(old)])
        (run_id,) = connection.execute("SELECT run_id FROM discoveries").fetchone() or (None,)
    async with session(database) as connection:
        (site,) = await runs.select_visited(connection, run_id, limit=10)
    assert [(one.source, one.outcome) for one in site.look.attempts] == [("website", "error"), ("apollo", "due")]


async def test_whoever_is_missed_is_marked_once_and_never_deleted(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    await visited(database, LOOK, lead_id)
    nobody = replace(LOOK, outcome="nobody", reason="nobody", contacts=(), attempts=(SourceAttempt("website", "miss"),))
    await visited(database, nobody, lead_id)
    (first,) = rows(database, "SELECT * FROM contacts")
    await visited(database, nobody, lead_id)
    (second,) = rows(database, "SELECT * FROM contacts")
    assert first == second
    assert first["not_seen_since"] > first["last_seen_at"]


async def test_text_that_postgres_cannot_hold_is_stored_without_it(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    odd = replace(JANE, title="CEO\0 \ud800", provenance=(replace(JANE.best, evidence="a\0b\udfff"),))
    await visited(database, replace(LOOK, reason="\0", contacts=(odd,)), lead_id)
    (row,) = rows(database, "SELECT contact_title, evidence FROM contacts")
    assert row == {"contact_title": "CEO ", "evidence": "ab"}


async def test_many_leads_of_one_site_share_one_visit(database: str) -> None:
    lead_ids = [add_lead(database, f"Acme {number}", SITE.website) for number in range(30)]
    await visited(database, LOOK, *lead_ids)
    assert rows(database, "SELECT count(DISTINCT lead_id) AS leads, count(*) AS rows FROM contacts") == [
        {"leads": 30, "rows": 30}
    ]


async def test_a_lead_that_goes_takes_its_contacts_along(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    await visited(database, LOOK, lead_id)
    rows(database, "DELETE FROM leads RETURNING id")
    assert rows(database, "SELECT FROM contacts") == rows(database, "SELECT FROM lead_discoveries") == []


async def test_a_database_that_is_not_there_is_transient() -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:9/none", connect_timeout_s=2)
    with pytest.raises(DatabaseUnavailable, match="try again"):
        async with transaction(engine):
            pass
    await engine.dispose()
