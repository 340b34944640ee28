"""What a synchronisation shows in the Prefect UI: what it did, the plan, and the three lists."""

from collections.abc import Mapping, Sequence
from typing import Any

from prefect.artifacts import acreate_markdown_artifact

from core.crm.runs import SyncReport
from core.crm.states import SyncState
from db.crm import links as crm_links
from db.crm import sync_log
from db.server.engine import own_connection
from tasks.discovery.artifacts import plain
from tasks.runtime.artifacts import in_words, markdown_table, show_facts
from tasks.runtime.resources import database_url

_LISTED = 200
_TITLES = {
    SyncState.IN_SYNC: ("crm-in-sync", "In step with the CRM"),
    SyncState.PENDING: ("crm-pending", "Still to be sent"),
    SyncState.EXCLUDED: ("crm-excluded", "Takes no part, and why"),
    SyncState.FAILING: ("crm-failing", "Failing, and why"),
}


async def show_sync(report: SyncReport) -> None:
    """Show the report, the plan with its differences, conflicts, and the records by state with why and since when."""
    facts = report.to_json(without={"plan"})
    await show_facts("crm-sync-report", facts, "What was done, how both sides stand, lag and last cursor")
    await acreate_markdown_artifact(
        markdown=plan_text(report), key="crm-plan", description="What was to be done on both sides"
    )
    async with own_connection(database_url()) as connection:
        lists = {
            state: await crm_links.select_by_state(connection, report.provider, state, limit=_LISTED)
            for state in SyncState
        }
        conflicts = await sync_log.select_conflicts(connection, report.provider, limit=_LISTED)
    for state, rows in lists.items():
        key, title = _TITLES[state]
        text = records_table(rows) + _more(report.states.get(str(state), 0), len(rows))
        await acreate_markdown_artifact(markdown=text, key=key, description=title)
    await acreate_markdown_artifact(
        markdown=_table(conflicts, ("at", "kind", "field", "ours", "theirs", "winner", "rule")),
        key="crm-conflicts",
        description="Both sides wanted something different: both values, and who won",
    )


def plan_text(report: SyncReport) -> str:
    """Write a run's plan as Markdown: counts, then the first differences; and what fails, where something does."""
    plan, standing = report.plan, plain(report.standing)
    if not plan.counts:
        return standing
    lines = [standing] if standing else []
    lines += [f"**{count}** × {name}" for name, count in sorted(plan.counts.items())]
    lines.append(plan.in_words)
    rows = [
        {
            "side": change.side,
            "action": change.action,
            "kind": change.kind,
            "record": change.name or change.record,
            "fields": "; ".join(
                f"{name}: {in_words(pair[0])} → {in_words(pair[1])}" for name, pair in change.changes.items()
            ),
        }
        for change in plan.changes
    ]
    counts = "  \n".join(lines)
    total = sum(plan.counts.values())
    return f"{counts}\n\n{_table(rows, ('side', 'action', 'kind', 'record', 'fields'))}{_more(total, len(rows))}"


def records_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write records with their company, reason and since when as Markdown."""
    return _table(rows, ("kind", "company_name", "remote_id", "reason", "since", "failures", "next_try_at"))


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    return markdown_table(columns, [[plain(str(in_words(row.get(name)))) for name in columns] for row in rows])


def _more(total: int, shown: int) -> str:
    return f"\n\nThe first {shown} of {total}." if total > shown else ""
