"""Workbooks, made up: which sheet is read, what its cells say, what is refused."""

import datetime
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from core.errors import InvalidFile
from core.imports.csv_rows import read
from core.imports.csv_samples import read_table
from core.imports.spreadsheet_files import scan_file

ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 office:version="1.2"><office:body><office:spreadsheet><table:table table:name="List">{rows}</table:table>
</office:spreadsheet></office:body></office:document-content>"""

MANIFEST = (
    '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
)


def workbook(path: Path) -> Path:
    book = xlsxwriter.Workbook(str(path))
    cover = book.add_worksheet("Cover")
    cover.write(0, 0, "Our list")
    sheet = book.add_worksheet("Leads")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, ["Company", "Email", "Employees", "Since"])
    sheet.write_row(1, 0, ["Bäcker, Söhne", "a@baecker.example", 12])
    sheet.write_datetime(1, 3, datetime.date(2024, 5, 1), day)
    sheet.write_row(2, 0, ["Acmo", "b@acmo.example", 1.5])
    sheet.write_formula(3, 0, '="Be"&"to"', None, "Beto")
    sheet.write_row(3, 1, ["c@beto.example", 1234567])
    book.close()
    return path


def test_the_first_sheet_with_a_table_is_read_as_people_see_it(tmp_path):
    file = scan_file(workbook(tmp_path / "leads.xlsx"))
    assert (file.sheet, file.other_sheets) == ("Leads", ("Cover",))
    assert [cells for _, cells in read(file)] == [
        ["Bäcker, Söhne", "a@baecker.example", "12", "2024-05-01"],
        ["Acmo", "b@acmo.example", "1.5", ""],
        ["Beto", "c@beto.example", "1234567", ""],
    ]
    assert read_table(file).mapping["Email"] == "contact_email"


def test_an_import_keeps_a_copy_of_the_sheet(tmp_path):
    copy = tmp_path / "copy"
    file = scan_file(workbook(tmp_path / "leads.xlsx"), copy_to=copy)
    assert file.path == copy
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "leads.xlsx"]


def test_an_open_document_is_read(tmp_path):
    path = tmp_path / "leads.ods"
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    lines = (["Company", "City"], ["Acmo", "Bath"], ["Beto", "Hull"])
    rows = "".join(f"<table:table-row>{''.join(map(cell.format, line))}</table:table-row>" for line in lines)
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        parts.writestr("META-INF/manifest.xml", MANIFEST)
        parts.writestr("content.xml", ODS.format(rows=rows))
    file = scan_file(path)
    assert (file.sheet, file.format.header) == ("List", ("Company", "City"))
    assert [cells for _, cells in read(file)] == [["Acmo", "Bath"], ["Beto", "Hull"]]


def test_what_unpacks_to_far_too_much_is_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts,
        parts.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(80):
            part.write(b" " * 1024 * 1024)
    with pytest.raises(InvalidFile, match="unpacks to"):
        scan_file(path)


@pytest.mark.parametrize("data", [b"\xd0\xcf\x11\xe0" + b"x" * 600, b"PK\x03\x04" + b"x" * 100])
def test_what_only_begins_like_a_workbook_is_refused_in_one_line(tmp_path, data):
    path = tmp_path / "leads.xls"
    path.write_bytes(data)
    with pytest.raises(InvalidFile) as caught:
        scan_file(path)
    assert "\n" not in caught.value.message
    assert list(tmp_path.iterdir()) == [path]
