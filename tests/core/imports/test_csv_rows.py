import csv
import io
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidFile
from core.imports.columns import map_columns
from core.imports.csv_bytes import MAX_LINE_BYTES
from core.imports.csv_format import MAX_COLUMNS, FormatOptions
from core.imports.csv_rows import DETECT, MAX_CELL_CHARS, read, scan
from core.imports.lead_rows import ImportedRow, Reject, row_reader

FUZZ = Path(__file__).parents[2] / "data" / "fuzz"


def file_of(folder: Path, data: bytes) -> Path:
    path = folder / "leads.csv"
    path.write_bytes(data)
    return path


def refusal(path: Path, options: FormatOptions = DETECT) -> InvalidFile:
    with pytest.raises(InvalidFile) as caught:
        scan(path, options)
    return caught.value


FORMATS = [
    ("people without a header", "Ann Fern,ann@fern.example,+49 30 1234567\nBob Reed,bob@reed.example,+49 30 7654321\n", 0, False, 2, ","),
    ("one record without a header", "Ann Fern,ann@fern.example,555-1234\n", 0, False, 1, ","),
    ("companies without a header", "Fern Inc,Hull,www.fern.com\nReed LLC,Bath,www.reed.com\n", 0, False, 2, ","),
    ("words without a header", "Fern Inc,Hull,Software\nReed LLC,Bath,Retail\nMoss Ltd,Hull,Software\n", 0, False, 3, ","),
    ("addresses alone", "a@fern.example\nb@reed.example\n", 0, False, 2, ","),
    ("one column", "email\na@fern.example\n", 0, True, 1, ","),
    ("one column of names with commas", 'Name\n"Fern, Ann"\n"Reed, Bob"\n', 0, True, 2, ","),
    ("title line and an empty line", "My export\n\nName,Email,Phone\nAnn,a@b.example,1\nBob,b@b.example,2\n", 1, True, 2, ","),
    ("padded title lines", "Kunden 2024;;;\n;;;\nFirma;PLZ;Ort;Telefon\nFarn;10115;Berlin;030 123456\nRohr;20095;Suhl;040 123456\n", 2, True, 2, ";"),
    ("pairs above the header", "Report:,Leads\nAt:,2024-05-01\nName,Email,Phone,City\nAnn,a@b.example,123456,Ely\nBob,b@b.example,234567,Bath\n", 2, True, 2, ","),
    ("a comma in the title line", "Confidential, do not share\nCompany,City,Country\nFern,Ely,UK\nReed,Bath,UK\n", 1, True, 2, ","),
    ("header in two rows", "Company,,,Contact,,\nName,City,Country,First Name,Last Name,Email\nFern,Ely,UK,Ann,Moss,a@b.example\n", 1, True, 1, ","),
    ("sep line", "sep=;\nFirma;Ort\nFarn;Suhl\n", 1, True, 1, ";"),
    ("header alone", "Name,Email,Phone\n", 0, True, 0, ","),
    ("empty", "", 0, True, 0, ","),
    ("unknown words above numbers", "foo,bar,baz\n1,2,3\n4,5,6\n", 0, True, 2, ","),
    ("years as names", "Company,2021,2022\nFern,1,2\nReed,4,5\n", 0, True, 2, ","),
    ("lists in cells", "name,tags\nAnn,a;b;c\nBob,d;e;f\n", 0, True, 2, ","),
    ("decimal commas", "Firma;Umsatz;Ort\nFarn;1,5;Suhl\nRohr;2,7;Gera\n", 0, True, 2, ";"),
    ("line ends of old Macs", "Name,Email\rAnn,a@b.example\rBob,b@b.example\r", 0, True, 2, ","),
    ("a line of delimiters counts, an empty one does not", "Name,Email\nAnn,a@b.example\n\n,\n", 0, True, 2, ","),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "preamble", "has_header", "records", "delimiter"),
    [row[1:] for row in FORMATS],
    ids=[row[0] for row in FORMATS],
)
def test_finds_the_format(
    tmp_path: Path, text: str, preamble: int, has_header: bool, records: int, delimiter: str
) -> None:
    file = scan(file_of(tmp_path, text.encode()))
    form = file.format
    assert (form.preamble_lines, form.has_header, file.records, form.delimiter) == (
        preamble,
        has_header,
        records,
        delimiter,
    )
    assert len(list(read(file))) == records


@pytest.mark.parametrize(
    ("data", "encoding", "cell"),
    [
        ("Name,Ort\nAnn,Köln\n".encode(), "utf-8", "Köln"),
        ("\ufeffName,Ort\nAnn,Bonn\n".encode(), "utf-8", "Bonn"),
        ("Name,Ort\nAnn,Köln\n".encode("cp1252"), "cp1252", "Köln"),
        ("\ufeffName,Ort\nAnn,Łódź\n".encode("utf-16-le"), "utf-16-le", "Łódź"),
        ("\ufeffName,Ort\nAnn,Łódź\n".encode("utf-16-be"), "utf-16-be", "Łódź"),
        ("Name,Ort\nAnn,Köln\n".encode("utf-16-le"), "utf-16-le", "Köln"),
        (b"Name,Ort\nAnn,Bonn\n", "ascii", "Bonn"),
    ],
)
def test_finds_the_encoding(tmp_path: Path, data: bytes, encoding: str, cell: str) -> None:
    file = scan(file_of(tmp_path, data))
    assert file.format.encoding == encoding
    assert file.format.header == ("Name", "Ort")
    assert [cells for _, cells in read(file)] == [["Ann", cell]]


def test_a_late_foreign_byte_decides_the_encoding(tmp_path: Path) -> None:
    data = b"Name,Ort\n" + b"Ann,Bonn\n" * 60_000 + "Ann,Köln\n".encode("cp1252")
    assert scan(file_of(tmp_path, data)).format.encoding == "cp1252"


def test_what_the_user_says_overrides(tmp_path: Path) -> None:
    path = file_of(tmp_path, "x;y\nName,Ort\nAnn,Łódź\n".encode("cp1250"))
    file = scan(path, FormatOptions(encoding="cp1250", delimiter=",", has_header=True, preamble_lines=1))
    assert file.format.header == ("Name", "Ort")
    assert [cells for _, cells in read(file)] == [["Ann", "Łódź"]]
    plain = scan(path, FormatOptions(encoding="cp1250", delimiter=",", has_header=False, preamble_lines=0))
    assert plain.records == 3
    assert plain.format.header == ("col_1", "col_2")


def test_labels_are_unique_and_keep_padding(tmp_path: Path) -> None:
    file = scan(file_of(tmp_path, b"Name ,Email,Email,,Email\nAnn,a@b.example,,,\n"))
    assert file.format.header == ("Name ", "Email", "Email#2", "col_4", "Email#3")


def test_lines_are_those_of_an_editor(tmp_path: Path) -> None:
    file = scan(file_of(tmp_path, b'Title of it\n\nName,Note\nAnn,"two\nlines"\n\nBob,x\n'))
    assert [(line, cells[0]) for line, cells in read(file)] == [(4, "Ann"), (7, "Bob")]
    assert [cells[0] for _, cells in read(file, skip=1)] == ["Bob"]
    assert [cells[0] for _, cells in read(file, limit=1)] == ["Ann"]
    assert list(read(file, limit=0)) == []


def test_the_copy_is_what_was_scanned(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"Name,Email\nAnn,a@b.example\n")
    file = scan(path, copy_to=tmp_path / "copy")
    path.write_bytes(b"shorter")
    assert file.path == tmp_path / "copy"
    assert [cells for _, cells in read(file)] == [["Ann", "a@b.example"]]


def test_a_refused_file_leaves_no_copy(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile):
        scan(file_of(tmp_path, b"a,b\n1,\0\n"), copy_to=tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_file_that_is_gone_when_read_is_named(tmp_path: Path) -> None:
    file = scan(file_of(tmp_path, b"Name,Email\nAnn,a@b.example\n"))
    file.path.unlink()
    with pytest.raises(InvalidFile, match="cannot be read"):
        list(read(file))


LINE = b"Ann,a@b.example\n"


def grow(path: Path) -> None:
    with path.open("ab") as out:
        out.write(LINE)


def shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size - len(LINE))


@contextmanager
def repeated(change: Callable[[Path], None], path: Path) -> Iterator[None]:
    """Change the file again and again, from the first time on, until the block ends."""
    changed, ended = threading.Event(), threading.Event()

    def work() -> None:
        while not ended.wait(0.001):
            change(path)
            changed.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert changed.wait(900)
        yield
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("change", [grow, shrink])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = file_of(tmp_path, b"Name,Email\n" + LINE * 250_000)
    with repeated(change, path), pytest.raises(InvalidFile, match="changed while it was being read"):
        scan(path, copy_to=tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert scan(path).records == (path.stat().st_size - len(b"Name,Email\n")) // len(LINE)


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b"Name,Email\nAnn,a\0b\n", "NUL", 2),
        (b'Name,Email,City\nAnn,a@b.example,Ely\n"Bob,b@b.example,Bath\nCy,c@b.example,Hull\n', "never closes", 3),
        (b'Name,Email,City\nAnn,"\n', "never closes", 2),
        (
            b'Name,Email,City\n"Bob,b@b.example,Bath\nCy,c@b.example,Hull\nDee,d@b.example,York\nEve,e@b.example,"Leeds"\n',
            "swallowed",
            2,
        ),
        (b"PK\x03\x04" + b"x" * 100, "zip archive", None),
        (b"%PDF-1.7", "PDF", None),
        (b"\x1f\x8b\x08", "gzip", None),
        (b"a,b\n" + b"," * (MAX_COLUMNS + 1) + b"\n", "columns", 2),
        (b"a,b\n1," + b"x" * (MAX_CELL_CHARS + 2) + b"\n", "cell is longer", 2),
        (b"\xff\xfea\0,\0b\0\n\0\x00\xd8x\0\n\0", "cannot be decoded", None),
    ],
)
def test_refuses_what_is_no_sound_table(tmp_path: Path, data: bytes, message: str, line: int | None) -> None:
    error = refusal(file_of(tmp_path, data))
    assert message in error.message
    assert "leads.csv" in str(error)
    if line is not None:
        assert error.line == line


def test_a_huge_line_is_refused_before_it_is_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as out:
        out.write(b"Name,Email\n")
        for _ in range(3 * MAX_LINE_BYTES // 65536):
            out.write(b"x" * 65536)
    assert "longer than" in refusal(path).message


def test_quoted_text_of_many_lines_is_kept(tmp_path: Path) -> None:
    note = "Dear all,\nwe met, and talked.\nRegards, Ann\n"
    out = io.StringIO()
    csv.writer(out).writerows([["Name", "Note", "City", "Zip"], ["Ann", note, "Ely", "1"]])
    file = scan(file_of(tmp_path, out.getvalue().encode()))
    assert next(read(file))[1][1] == note


def test_refuses_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "no such file" in refusal(tmp_path / "missing.csv").message
    assert "directory" in refusal(tmp_path).message
    assert "no regular file" in refusal(tmp_path / "pipe").message
    assert "no regular file" in refusal(Path("/dev/zero")).message
    assert "no path" in refusal(Path("a\0b")).message


@pytest.mark.parametrize(
    "options", [FormatOptions(encoding="utf-9"), FormatOptions(delimiter=";;"), FormatOptions(preamble_lines=-1)]
)
def test_refuses_senseless_options(tmp_path: Path, options: FormatOptions) -> None:
    refusal(file_of(tmp_path, b"a,b\n"), options)


def test_refuses_an_encoding_that_does_not_fit(tmp_path: Path) -> None:
    path = file_of(tmp_path, "Name\nKöln\n".encode("cp1252"))
    assert "not utf-8" in refusal(path, FormatOptions(encoding="utf-8")).message


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=5), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-16"]),
)
@settings(max_examples=150, deadline=None)
def test_every_cell_comes_back(rows: list[list[str]], delimiter: str, encoding: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    with tempfile.TemporaryDirectory() as name:
        path = file_of(Path(name), ("\ufeff" if encoding == "utf-8" else "").encode() + out.getvalue().encode(encoding))
        try:
            file = scan(path, FormatOptions(delimiter=delimiter, has_header=False, preamble_lines=0))
        except InvalidFile:
            return  # random cells may look like records that a quote has swallowed
        assert [cells for _, cells in read(file)] == rows


@given(
    st.binary(max_size=200)
    | st.lists(
        st.sampled_from([b'"', b",", b";", b"\n", b"\r", b"\0", b"\xff\xfe", b"\xe9", b"name", b"a@b.example", b"1"]),
        max_size=40,
    ).map(b"".join)
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        accounts_add_up(file_of(Path(name), data))


@pytest.mark.parametrize("path", sorted(FUZZ.glob("*.bin")), ids=lambda path: path.stem)
def test_what_fuzzing_found(path: Path) -> None:
    accounts_add_up(path)


def accounts_add_up(path: Path) -> None:
    try:
        file = scan(path)
    except InvalidFile:
        return
    rows = [cells for _, cells in read(file)]
    assert len(rows) == file.records
    mapping = map_columns(file.format.header, rows)
    fields = list(mapping.mapping.values())
    assert len(set(fields)) == len(fields)
    results = [row_reader(mapping)(cells) for cells in rows]
    assert all(isinstance(result, ImportedRow | Reject) for result in results)
