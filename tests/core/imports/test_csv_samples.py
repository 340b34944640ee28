"""Samples of a file's rows, and records that are no rows, on made-up files."""

from pathlib import Path

import pytest

from core.imports.csv_rows import read, scan
from core.imports.csv_samples import read_table, sample_of
from core.imports.lead_rows import Reject, row_reader

ROWS = "Acmo,Jane Doe,jane@acmo.example,Bath\nBeto,Max Roe,max@beto.example,Hull\nGamo,Eva Poe,eva@gamo.example,York\n"
HEADER = "Company,Contact,Email,City\n"


def outcomes(tmp_path: Path, data: str | bytes) -> list[str]:
    path = tmp_path / "leads.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    file = scan(path)
    reader = row_reader(read_table(file))
    return [row.reason if isinstance(row := reader(cells), Reject) else "row" for _, cells in read(file)]


@pytest.mark.parametrize(
    "again",
    [HEADER, "\ufeff" + HEADER],
)
def test_the_header_again_is_no_row(tmp_path, again):
    assert outcomes(tmp_path, HEADER + ROWS + again + ROWS) == ["row"] * 3 + ["header_again"] + ["row"] * 3


@pytest.mark.parametrize(
    "foot",
    [
        "Total,,,3",
        "Summe:,,,",
        "Итого,,3,",
        "合計,,3,",
        "3 companies,,,",
        "Records: 3,,,",
        "# exported by hand,,,",
        "The list is updated every month.,,,",
        "Source: register of companies 2026,,,",
        "© Nobody,,,",
    ],
)
def test_feet_are_no_rows(tmp_path, foot):
    assert outcomes(tmp_path, HEADER + ROWS + foot + "\n") == ["row"] * 3 + ["no_row"]


@pytest.mark.parametrize(
    "last", ["Total Energies,Ann Loe,ann@total.example,Paris", "Zeta Works,,,", "Summa Partners,,,Oslo"]
)
def test_companies_at_the_end_stay_rows(tmp_path, last):
    assert outcomes(tmp_path, HEADER + ROWS + last + "\n") == ["row"] * 4


def test_rows_with_bytes_of_another_encoding_are_refused_and_no_others(tmp_path):
    rows = [f"Müller {number},Jörg,j{number}@m.example,Köln".encode() for number in range(30)]
    rows[7] = rows[7].replace("ü".encode(), b"\xfc")
    found = outcomes(tmp_path, HEADER.encode() + b"\n".join(rows))
    assert found == ["row"] * 7 + ["damaged_bytes"] + ["row"] * 22


def test_a_long_file_is_sampled_from_its_beginning_to_its_end(tmp_path):
    path = tmp_path / "long.csv"
    row = "{},Somebody Nobody,somebody{}@nowhere.example,Somewhere far away on the coast\n"
    path.write_text(HEADER + "".join(row.format(f"Firma {n}", n) for n in range(20_000)) + "Total,,,20000\n", "utf-8")
    file = scan(path)
    sample = sample_of(file)
    numbers = [int(cells[0].removeprefix("Firma ")) for cells in sample.spread]
    assert len(numbers) > 100
    assert max(numbers) > 18_000
    assert numbers == sorted(numbers)
    assert read_table(file, sample).no_rows[("Total", "", "", "20000")] == "no_row"


def test_what_begins_later_than_the_beginning_is_seen(tmp_path):
    path = tmp_path / "late.csv"
    early = "".join(f"Firma {n},,Hull\n" for n in range(300))
    late = "".join(f"Firma {n},p{n}@firma{n}.example,Hull\n" for n in range(300, 900))
    path.write_text("Company,Xyzzy,City\n" + early + late, "utf-8")
    mapping = read_table(scan(path)).mapping
    assert mapping["Xyzzy"] == "contact_email"
