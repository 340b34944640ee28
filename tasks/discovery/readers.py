"""What people and doors read of discovery. Imports no Prefect."""

from core.discovery.runs import DiscoveryReport
from db.discovery import runs
from db.server.engine import own_connection
from tasks.runtime.resources import database_url


async def report_of_run(flow_run_id: str) -> DiscoveryReport:
    """Return the report of the discovery that a Prefect run was. Raises RunNotFound where it finished none."""
    async with own_connection(database_url()) as connection:
        return await runs.get_report(connection, flow_run_id)
