"""What a file may hold and a database may not reaches neither the leads nor the report of what was refused."""

from pathlib import Path

from import_process import finish
from importing import records


def test_a_file_of_two_byte_characters_may_hold_nul(database: str, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("Comp\0any,Email,Sh\0oe\nFern Ltd,ann@fern.example,4\x004\n,no\0body,\n", encoding="utf-16")
    report = finish({"POSTGRES_URL": database, "SALES_AGENT_HOME": str(home)}, path)
    assert (report["inserted"], report["rejected"]) == (1, 1)
    (lead,) = records(database)
    assert lead == {"company_name": "Fern Ltd", "contact_email": "ann@fern.example", "extra.Shoe": "44"}
    assert "nobody" in Path(report["rejects_file"]).read_text(encoding="utf-8-sig")
