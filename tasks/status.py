"""How far everything is: what `sales-agent status` says."""

from pydantic import BaseModel

from core.imports import ImportSummary
from core.qualification import QualificationStatus
from db import imports, leads
from tasks.qualification import qualification_status
from tasks.resources import database

_LAST_IMPORTS = 5


class Status(BaseModel):
    """Counts a stage; the JSON of `sales-agent status --json`, a stable interface."""

    leads: int
    imports: list[ImportSummary]
    qualification: QualificationStatus


async def status() -> Status:
    """Count leads, and what became of them in each stage; list the last imports and runs."""
    async with database() as connection:
        count = await leads.count(connection)
        last = await imports.select_summaries(connection, _LAST_IMPORTS)
    return Status(leads=count, imports=last, qualification=await qualification_status())
