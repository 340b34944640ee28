"""DataFrames in and out."""

import os
import subprocess
import sys
from pathlib import Path

from installation import ROOT

SCRIPT = """
import asyncio
import pandas as pd
from flows.import_leads import import_leads
from tasks.reports.frames import leads_frame, request_of

async def main():
    frame = pd.DataFrame({"Company": ["Acme", "Bolt"], "Email": ["ann@acme.example", None], "Shoe": [44, None]})
    report = await import_leads(frame)
    assert (report.inserted, report.rejected) == (2, 0), report
    again = await import_leads(request_of(frame, policy="overwrite", source="notebook"))
    assert (again.updated, again.unchanged) == (2, 0), again
    leads = await leads_frame()
    assert list(leads["company_name"]) == ["Acme", "Bolt"]
    assert leads["extra"].iloc[0] == {"Shoe": "44.0"}
    assert leads["source"].iloc[1] == "notebook"

asyncio.run(main())
"""


def test_a_frame_goes_in_and_comes_out(database: str, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SALES_AGENT_HOME": str(tmp_path), "POSTGRES_URL": database}
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "spool").iterdir()) == []
