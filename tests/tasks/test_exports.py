"""Exports in every format hold the same leads, and a file is complete or as it was."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow.parquet
import pytest
from importing import load

from core.errors import InvalidFile, InvalidInput
from core.exports import COLUMNS, ExportRequest
from core.settings import settings
from tasks.exports import export_leads

FORMULA = '=cmd|"/c calc"!A1'


@pytest.fixture
async def at_database(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Let this process's settings name the test's database."""
    monkeypatch.setenv("POSTGRES_URL", database)
    settings.cache_clear()
    await load(database, [{"key": f"k{number}", "company_name": FORMULA, "extra.Note": f"-{number}", "extra.tier": "x"}
                          for number in range(3)])  # fmt: skip
    yield
    monkeypatch.undo()
    settings.cache_clear()


def _names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.usefixtures("at_database")
async def test_formats_hold_the_same(tmp_path: Path) -> None:
    frames = {}
    for name in ("a.csv", "a.parquet", "a.xlsx"):
        report = await export_leads(ExportRequest(path=tmp_path / name, with_extra=True))
        assert (report.leads, report.columns, report.cut_cells) == (3, len(COLUMNS) + 2, 0)
        frames[name] = tmp_path / name
    table = pyarrow.parquet.read_table(frames["a.parquet"]).to_pandas()
    assert list(table.columns) == [*COLUMNS, "Note", "tier (extra)"]
    assert list(table["company_name"]) == [FORMULA] * 3
    assert list(table["Note"]) == ["-0", "-1", "-2"]
    sheet = pd.read_csv(frames["a.csv"], dtype=str)
    assert list(sheet["company_name"]) == ["'" + FORMULA] * 3
    assert frames["a.xlsx"].read_bytes().startswith(b"PK")
    assert _names(tmp_path) == sorted(frames)


@pytest.mark.usefixtures("at_database")
async def test_selection(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert (await export_leads(ExportRequest(path=path, limit=2))).leads == 2
    assert (await export_leads(ExportRequest(path=path, tiers=("hot",)))).leads == 0
    assert (await export_leads(ExportRequest(path=path, min_score=Decimal(0)))).leads == 0


@pytest.mark.usefixtures("at_database")
async def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"ends in \.csv, \.parquet, \.xlsx"):
        await export_leads(ExportRequest(path=tmp_path / "a.ods"))
    with pytest.raises(InvalidFile, match="cannot be written"):
        await export_leads(ExportRequest(path=tmp_path / "none" / "a.csv"))
