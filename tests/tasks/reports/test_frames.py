"""DataFrames in and out."""

from pathlib import Path

import forked
from frames_there_and_back import import_frames


def test_a_frame_goes_in_and_comes_out(database: str, tmp_path: Path) -> None:
    forked.run({"SALES_AGENT_HOME": str(tmp_path), "POSTGRES_URL": database}, import_frames, within_s=900)
    assert list((tmp_path / "spool").iterdir()) == []
