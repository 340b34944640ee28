"""Ids sort in the order they were made."""

from uuid import UUID

from db.copy_text import lead_ids


def test_ids_are_version_7_unique_and_in_order() -> None:
    ids = list(lead_ids(10_000))
    assert ids == sorted(set(ids))
    assert {UUID(each).version for each in ids} == {7}
    assert {UUID(each).variant for each in ids} == {UUID(ids[0]).variant}
