"""Runs of discovery: noted, counted once for each lead, closed with a report, listed, and gone on with."""

from uuid import UUID, uuid4

import pytest
from discovery_process import add_lead, rows

from core.discovery.company_contacts import Contact, Provenance, SiteDiscovery
from core.discovery.runs import DiscoveryReport, DiscoveryRequest, DiscoveryRun
from core.errors import RunNotFound
from db.discovery import contacts, runs
from db.discovery.lease import leased
from db.server.engine import own_connection

JANE = Contact(
    name="Jane Smith",
    title="CEO",
    role="CEO",
    is_owner_like=False,
    linkedin_url=None,
    email=None,
    phone=None,
    provenance=(Provenance("website", "https://one.example", "CEO", "Jane Smith, CEO", 0.9),),
)
FOUND = SiteDiscovery("found", None, (JANE,))
NOBODY = SiteDiscovery("nobody", "people are named, but without titles")


@pytest.fixture
def leads(database: str) -> dict[str, UUID]:
    """Store two leads of one site, one of another, and one that names none."""
    sites = {"one": "one.example", "twin": "https://one.example/about", "two": "two.example", "none": None}
    return {name: add_lead(database, name, site) for name, site in sites.items()}


async def begun(url: str, flow_run_id: str | None = None, **request: object) -> DiscoveryRun:
    asked = DiscoveryRequest.model_validate(request)
    async with own_connection(url) as connection:
        return await runs.begin(connection, asked, batch_sites=1, fresh_for_s=60, flow_run_id=flow_run_id)


async def visit(url: str, run: DiscoveryRun, looks: dict[str, SiteDiscovery]) -> None:
    """Visit some sites of a run, as its batches do."""
    for batch in run.batches:
        async with leased(url, batch) as lease:
            for site in await lease.claim():
                if site.site in looks:
                    await lease.finish(site.site, looks[site.site], fresh_for_s=60)


async def finished(url: str, run: DiscoveryRun) -> DiscoveryReport:
    async with own_connection(url) as connection:
        return await runs.finish(connection, run)


async def test_a_finished_run_has_its_report_and_is_listed(database: str, leads: dict[str, UUID]) -> None:
    run = await begun(database, "a-flow-run")
    assert (run.leads, sorted(run.sites), len(run.batches)) == (4, ["one.example", "two.example"], 2)
    async with own_connection(database) as connection:
        with pytest.raises(RunNotFound, match="a-flow-run"):
            await runs.get_report(connection, "a-flow-run")
    await visit(database, run, {"one.example": FOUND, "two.example": NOBODY})
    report = await finished(database, run)
    counted = (report.leads, report.sites, report.visited, report.people, report.left, report.due)
    assert counted == (4, 2, 2, 1, 0, 0)
    assert report.outcomes == {"found": 2, "nobody": 1, "skipped": 1}
    assert (report.found, report.nobody, report.skipped) == (2, 1, 1)
    assert report.reasons == {NOBODY.reason: 1, "the lead names no website": 1}
    unfinished = await begun(database, again_failed=True)
    async with own_connection(database) as connection:
        assert await runs.get_report(connection, "a-flow-run") == report
        newest, last = await runs.select_runs(connection)
    assert (last.run_id, last.leads, last.people, last.again_failed) == (run.run_id, 4, 1, False)
    assert last.started_at == run.started_at
    assert last.finished_at is not None
    assert (newest.run_id, newest.finished_at, newest.leads, newest.again_failed) == (
        *(unfinished.run_id, None, None, True),
    )


async def test_a_run_that_was_killed_is_gone_on_with_and_each_lead_counts_once(
    database: str, leads: dict[str, UUID]
) -> None:
    killed = await begun(database)
    await visit(database, killed, {"one.example": FOUND})
    again = await begun(database)
    assert (again.leads, again.sites) == (1, ["two.example"])
    await visit(database, again, {"two.example": NOBODY})
    report = await finished(database, again)
    assert (report.leads, report.outcomes, report.visited, report.left) == (1, {"nobody": 1}, 1, 0)
    of_run = rows(database, "SELECT run_id, count(*) AS leads FROM lead_discoveries GROUP BY 1 ORDER BY 2")
    assert of_run == [{"run_id": again.run_id, "leads": 1}, {"run_id": killed.run_id, "leads": 3}]


async def test_of_two_runs_at_once_each_counts_what_came_from_it(database: str, leads: dict[str, UUID]) -> None:
    first, second = await begun(database), await begun(database)
    assert (first.leads, second.leads) == (4, 3), "a lead without a website was skipped by the first"
    await visit(database, first, {"one.example": FOUND})
    await visit(database, second, {"one.example": FOUND, "two.example": NOBODY})
    one, two = await finished(database, first), await finished(database, second)
    assert (one.leads, one.outcomes, one.left) == (3, {"found": 2, "skipped": 1}, 0)
    assert (two.leads, two.outcomes, two.left, two.visited) == (1, {"nobody": 1}, 0, 1)


async def test_what_nobody_visited_is_left_and_due(database: str, leads: dict[str, UUID]) -> None:
    run = await begun(database, lead_ids=[leads["one"], leads["two"]])
    await visit(database, run, {"two.example": NOBODY})
    report = await finished(database, run)
    assert (report.leads, report.left, report.outcomes) == (2, 1, {"nobody": 1})
    assert report.due == 3, "the twin and the lead without a website are due for everybody's run"


async def test_a_limit_is_of_leads(database: str, leads: dict[str, UUID]) -> None:
    run = await begun(database, limit=2)
    assert run.leads == 2
    assert rows(database, "SELECT count(*) AS leads FROM lead_discoveries") == [{"leads": 2}]


async def test_a_lead_with_another_website_waits_anew_without_its_old_outcome(
    database: str, leads: dict[str, UUID]
) -> None:
    run = await begun(database)
    await visit(database, run, {"one.example": FOUND, "two.example": NOBODY})
    rows(database, "UPDATE leads SET company_website = 'one.example' WHERE id = %s RETURNING id", leads["two"])
    again = await begun(database)
    assert (again.leads, again.sites) == (1, ["one.example"])
    waiting = rows(database, "SELECT outcome, run_id FROM lead_discoveries WHERE lead_id = %s", leads["two"])
    assert waiting == [{"outcome": None, "run_id": None}]
    async with leased(database, again.batches[0]) as lease:
        assert await lease.claim() == [], "it is fresh"
        await lease.share("one.example")
    async with own_connection(database) as connection:
        assert [row["contact_name"] for row in await contacts.select_of_lead(connection, leads["two"])] == [
            "Jane Smith"
        ]
    report = await finished(database, again)
    assert (report.leads, report.outcomes, report.visited) == (1, {"found": 1}, 0)


async def test_no_report_of_a_run_that_is_none(database: str) -> None:
    async with own_connection(database) as connection:
        with pytest.raises(RunNotFound, match="see it in the Prefect UI"):
            await runs.get_report(connection, str(uuid4()))
