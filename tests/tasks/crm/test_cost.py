"""What a synchronisation costs follows what takes part and what changed, not what is stored."""

import asyncio

from sync_cost import Cost, cost_of_run, store
from syncing import Work

from core.config_files import parse_config
from core.crm.config import CrmConfig, example_text
from tasks.runtime.crm_offers import CRMS

WANTED = 12


def costs(work: Work, *, stored: int) -> tuple[Cost, Cost]:
    """Return what a first run costs, and one without a change."""
    work.config = parse_config(example_text(), CrmConfig, path="example", context=CRMS)
    work.execute("TRUNCATE leads, icps CASCADE")
    for table in ("crm_links", "crm_cursors", "crm_staged", "crm_events"):
        work.execute(f"DELETE FROM {table}")
    work.sandbox.reset("close")
    store(work.url, stored=stored, wanted=WANTED)
    first = asyncio.run(cost_of_run(work))
    work.sandbox.advance(600)
    asyncio.run(work.run())
    work.sandbox.advance(600)
    return first, asyncio.run(cost_of_run(work))


def test_a_run_costs_what_takes_part_and_leaves_no_row_for_others(work: Work) -> None:
    few, quiet_few = costs(work, stored=20)
    many, quiet_many = costs(work, stored=2_000)
    assert few.links == many.links == 2 * WANTED, "a company and a person each"
    assert many.statements <= few.statements * 1.2, (few, many)
    assert many.rows <= few.rows * 1.2, (few, many)
    assert many.calls == few.calls
    assert (quiet_many.statements, quiet_many.rows) == (quiet_few.statements, quiet_few.rows)
    assert quiet_many.rows < WANTED, "nothing changed, nothing is read"
