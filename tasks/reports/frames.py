"""Leads from and to DataFrames, for notebooks."""

from typing import Any

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


async def leads_frame(limit: int | None = None) -> pd.DataFrame:
    """Return the leads as a DataFrame: one row a lead, its id as the index, `extra` as a dict.

    Args:
        limit: leads at most, oldest first; None for all.
    """
    async with database() as connection:
        rows = await leads.select_values(connection, limit)
    return pd.DataFrame.from_records(rows, columns=["id", *leads.VALUE_COLUMNS]).set_index("id")
