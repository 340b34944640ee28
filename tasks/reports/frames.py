"""Leads from and to DataFrames, for notebooks."""

from typing import Any, Literal

import pandas as pd

from core.imports.runs import ImportRequest
from db.leads import reading as leads
from tasks.imports.received_frames import spool_frame
from tasks.runtime.resources import database


def request_of(frame: pd.DataFrame, **options: Any) -> ImportRequest:
    """Make the request that imports a DataFrame.

    Args:
        frame: one row a lead, columns named as in a file; the index is left out.
        options: further fields of `ImportRequest`.
    """
    return ImportRequest(path=spool_frame(frame), **options)


async def leads_frame(limit: int | None = None, per: Literal["contact", "lead"] = "contact") -> pd.DataFrame:
    """Return the leads with their contacts as a DataFrame, the lead's id as the index, `extra` as a dict.

    Args:
        limit: rows at most, oldest leads first; None for all.
        per: a row a contact, and one for a lead without; or a row a lead, with its best contact.
    """
    async with database() as connection:
        rows = await leads.select_values(connection, limit, per)
    return pd.DataFrame.from_records(rows, columns=["id", "contact_id", *leads.VALUE_COLUMNS]).set_index("id")
