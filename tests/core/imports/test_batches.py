"""Rows become batches: every record is in exactly one count, and batch boundaries do not depend on what rows say."""

from hypothesis import given
from hypothesis import strategies as st

from core.imports.batches import gather
from core.imports.lead_rows import ImportedRow, Reject
from core.leads.lead import FIELDS
from core.leads.merging import ConflictPolicy


def read_row(cells: list[str]) -> ImportedRow | Reject:
    key, city = cells
    if not key:
        return Reject("key", key, "blank_row")
    values: list[str | None] = [None] * len(FIELDS)
    values[FIELDS.index("city")] = city or None
    return ImportedRow(key=key, values=values, extra={"k": city} if city else None, original=None)


rows = st.lists(st.tuples(st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["", "x", "y"])), max_size=40)


@given(rows, st.integers(1, 7), st.sampled_from(ConflictPolicy))
def test_every_record_is_counted_once(given_rows, size, policy) -> None:
    records = [(line, list(cells)) for line, cells in enumerate(given_rows, 2)]
    batches = list(gather(records, read_row, policy=policy, batch_rows=size))
    assert [batch.first_record for batch in batches] == list(range(0, len(records), size))
    for batch in batches:
        assert batch.next_record - batch.first_record == len(batch.leads) + batch.repeated + len(batch.rejects)
        assert len({lead.key for lead in batch.leads}) == len(batch.leads)
    assert sum(len(batch.rejects) for batch in batches) == sum(not key for key, _ in given_rows)


def test_a_later_row_fills_gaps_and_start_numbers_go_on() -> None:
    records = [(12, ["a", ""]), (13, ["", ""]), (14, ["a", "x"])]
    (batch,) = gather(records, read_row, policy=ConflictPolicy.FILL_EMPTY, batch_rows=10, start=10)
    assert batch.leads[0].values[FIELDS.index("city")] == "x"
    assert (batch.first_record, batch.next_record, batch.repeated) == (10, 13, 1)
    assert [(reject.record, reject.line) for reject in batch.rejects] == [(11, 13)]
