"""Whom of a lead a message is for: the best who can be reached and may be written to."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.outreach.recipients import best_of_each

LEAD, BEST = uuid4(), UUID(int=9)
OLD, NEW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def person(number: int, email: str | None = "own", **more: Any) -> dict[str, Any]:
    return {
        "id": LEAD,
        "contact_id": UUID(int=number),
        "contact_email": f"p{number}@firm.example" if email == "own" else email,
        "best_contact_id": BEST,
        "title_points": None,
        "confidence": None,
        "contact_created_at": OLD,
        **more,
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (person(9), person(1, title_points=99.0)),
        (person(1, title_points=2.0), person(2, title_points=1.0)),
        (person(1, title_points=0.0), person(2)),
        (person(1, confidence=0.9), person(2, confidence=0.5)),
        (person(2), person(1, contact_created_at=NEW)),
        (person(1), person(2)),
        # Who can be reached in person goes before who cannot, the best one too.
        (person(1), person(9, email=None)),
        (person(1), person(9, email="info@firm.example")),
        (person(9, email="info@firm.example"), person(1, email=None)),
    ],
)
def test_of_two_one_is_written_to(first: dict[str, Any], second: dict[str, Any]) -> None:
    for rows in permutations([first, second]):
        assert best_of_each(rows) == [first]


def test_who_must_not_be_written_to_gives_way() -> None:
    best, other = person(9), person(1, email="info@firm.example")
    assert best_of_each([best, other], {best["contact_id"]}) == [other]
    assert best_of_each([best], {best["contact_id"]}) == [best], "the reason is told"


def test_a_lead_without_anybody_is_a_row() -> None:
    nobody = person(1, email=None, contact_id=None, contact_created_at=None)
    assert best_of_each([nobody]) == [nobody]


@given(st.permutations([person(n, title_points=float(n % 3), contact_created_at=OLD + timedelta(n)) for n in range(5)]))
def test_the_order_of_the_rows_does_not_matter(rows: list[dict[str, Any]]) -> None:
    assert [row["contact_id"].int for row in best_of_each(rows)] == [2]
