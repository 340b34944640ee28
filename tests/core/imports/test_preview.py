import json
from pathlib import Path

import pytest

from core.errors import InvalidFile
from core.imports.columns import map_columns
from core.imports.csv_rows import read, scan
from core.imports.lead_rows import row_reader
from core.imports.preview import preview

DATA = Path(__file__).parents[2] / "data" / "csv"
LABELS = [json.loads(line) for line in (DATA / "manifest.jsonl").read_text(encoding="utf-8").split("\n") if line]


@pytest.mark.parametrize("label", LABELS, ids=lambda label: label["file_id"])
def test_previews_agree_with_the_labels(label: dict) -> None:
    path = DATA / f"{label['file_id']}.csv"
    if label.get("refused"):
        with pytest.raises(InvalidFile):
            scan(path)
        return
    file = scan(path)
    mapping = map_columns(file.format.header, [cells for _, cells in read(file, limit=200)])
    report = preview(file, mapping, row_reader(mapping)).to_json()
    assert json.loads(json.dumps(report)) == report
    assert {
        name: report[name] for name in ("encoding", "delimiter", "has_header", "preamble_lines", "rows", "mapping")
    } == {name: label[name] for name in ("encoding", "delimiter", "has_header", "preamble_lines", "rows", "mapping")}
    assert file.format.has_bom == label["has_bom"]
    assert report["importable_rows"] == label["expected"]["importable_rows"]
    assert report["reasons"] == label["expected"]["why_rejected"]
    assert report["rows"] == report["importable_rows"] + report["rejected_rows"]
    assert report["rejected_rows"] == sum(report["reasons"].values())
    assert set(report["mapping_confidence"]) == set(report["mapping"])
