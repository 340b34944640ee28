"""What people and doors read of imports. Imports no Prefect."""

from core.imports.runs import ImportReport, ImportSummary
from db.imports import history as imports
from tasks.runtime.resources import database


async def report_of_run(flow_run_id: str) -> ImportReport:
    """Return the report of the import that a Prefect run finished."""
    async with database() as connection:
        return await imports.get_report_of_run(connection, flow_run_id)


async def list_imports(limit: int = 50) -> list[ImportSummary]:
    """List imports, newest first."""
    async with database() as connection:
        return await imports.select_summaries(connection, limit)
