"""DataFrames imported and read again, by a process that has nothing else open."""

import warnings

import pandas as pd

from flows.import_leads import import_leads
from tasks.reports.frames import leads_frame, request_of


async def import_frames() -> None:
    """Import a DataFrame twice, as it is and by a request of one's own, and read the leads."""
    warnings.simplefilter("error")
    frame = pd.DataFrame({"Company": ["Acme", "Bolt"], "Email": ["ann@acme.example", None], "Shoe": [44, None]})
    report = await import_leads(frame)
    assert (report.inserted, report.rejected) == (2, 0), report
    again = await import_leads(request_of(frame, policy="overwrite", source="notebook"))
    assert (again.updated, again.unchanged) == (2, 0), again
    leads = await leads_frame()
    assert list(leads["company_name"]) == ["Acme", "Bolt"]
    assert leads["extra"].iloc[0] == {"Shoe": "44.0"}
    assert leads["source"].iloc[1] == "notebook"
