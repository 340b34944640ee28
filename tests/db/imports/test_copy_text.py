"""Rows survive the text format of COPY whatever stands in them; ids sort in the order they were made."""

from uuid import UUID, uuid4

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.imports.batches import Batch, RejectedRecord
from core.imports.lead_rows import Reject
from core.text.cell_text import storable
from db.imports.copy_text import prepare
from db.server.copy_rows import lead_ids

CELLS = st.lists(st.text(max_size=30) | st.sampled_from(["\\N", "\t", "\r\n", "\\", "a\0b", "\ud800", "é\xff", ""]))


def test_ids_are_version_7_unique_and_in_order() -> None:
    ids = list(lead_ids(10_000))
    assert ids == sorted(set(ids))
    assert {UUID(each).version for each in ids} == {7}
    assert {UUID(each).variant for each in ids} == {UUID(ids[0]).variant}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CELLS, st.text(max_size=300), st.text(max_size=20))
def test_rejects_arrive_as_they_stood(database: str, cells: list[str], value: str, column: str) -> None:
    import_id = uuid4()
    rejects = [RejectedRecord(7, 9, cells, Reject(column, value, "blank_row"))]
    prepared = prepare(Batch(0, 8, [], rejects), import_id)
    with psycopg.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE refused (LIKE import_rejects)")
        with cursor.copy("COPY refused FROM STDIN") as copy:
            copy.write(prepared.rejects)
        row = cursor.execute('SELECT import_id, record, line, "column", value, reason, cells FROM refused').fetchone()
        connection.rollback()
    expected = (storable(column), storable(value[:200]), "blank_row", [storable(cell) for cell in cells])
    assert row == (import_id, 7, 9, *expected)
