"""Rows become batches: every record is in exactly one, and batch boundaries do not depend on what rows say."""

from hypothesis import given
from hypothesis import strategies as st

from core.imports.batches import gather
from core.imports.lead_rows import ImportedRow, Reject
from core.leads.lead import FIELDS


def read_row(cells: list[str]) -> ImportedRow | Reject:
    name, city = cells
    if not name:
        return Reject("name", name, "blank_row")
    values: list[str | None] = [None] * len(FIELDS)
    values[FIELDS.index("company_name")], values[FIELDS.index("city")] = name, city or None
    return ImportedRow(values=values, extra={"k": city} if city else None, original=None)


rows = st.lists(st.tuples(st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["", "x", "y"])), max_size=40)


@given(rows, st.integers(1, 7))
def test_every_record_is_in_one_batch(given_rows, size) -> None:
    records = [(line, list(cells)) for line, cells in enumerate(given_rows, 2)]
    batches = list(gather(records, read_row, batch_rows=size))
    assert [batch.first_record for batch in batches] == list(range(0, len(records), size))
    for batch in batches:
        assert batch.next_record - batch.first_record == len(batch.rows) + len(batch.rejects)
    assert sum(len(batch.rejects) for batch in batches) == sum(not name for name, _ in given_rows)


def test_start_numbers_go_on() -> None:
    records = [(12, ["a", ""]), (13, ["", ""]), (14, ["a", "x"])]
    (batch,) = gather(records, read_row, batch_rows=10, start=10)
    assert [row.values[FIELDS.index("city")] for row in batch.rows] == [None, "x"]
    assert (batch.first_record, batch.next_record) == (10, 13)
    assert [(reject.record, reject.line) for reject in batch.rejects] == [(11, 13)]
