"""Leads as DataFrames, for notebooks."""

import pandas as pd

from db import leads
from tasks.resources import database


async def leads_frame(limit: int | None = None) -> pd.DataFrame:
    """Give the leads as a DataFrame: one row a lead, its id as the index, `extra` as a dict.

    Args:
        limit: leads at most, oldest first; None for all.
    """
    async with database() as connection:
        rows = await leads.select_values(connection, limit)
    return pd.DataFrame.from_records(rows, columns=["id", *leads.VALUE_COLUMNS]).set_index("id")
