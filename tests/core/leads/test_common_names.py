"""A name that many companies have is hardly a hint that two of them are one."""

from itertools import count

import pytest

from core.leads.lead import FIELDS
from core.leads.matching import COMMON_NAME, Matching
from core.leads.merging import ConflictPolicy
from core.leads.rows import new_row


@pytest.mark.parametrize(("known", "listed"), [(1, 1), (COMMON_NAME + 1, COMMON_NAME), (30, COMMON_NAME)])
def test_branches_of_a_common_name_are_not_listed_each(known: int, listed: int) -> None:
    numbers = count()
    matching = Matching(ConflictPolicy.FILL_EMPTY, lambda kind: f"{kind} {next(numbers):06}", are_branches_apart=True)
    for number in range(known + 1):
        said = {"company_name": "Springfield Dental", "city": f"Springfield {number}"}
        matching.place(new_row([said.get(field) for field in FIELDS]))
    assert len(matching.leads) == known + 1
    assert len(matching.pairs) == listed


def test_one_whose_place_nobody_knows_is_listed_with_one_of_a_common_name() -> None:
    numbers = count()
    matching = Matching(ConflictPolicy.FILL_EMPTY, lambda kind: f"{kind} {next(numbers):06}", are_branches_apart=True)
    for number in range(10):
        said = {"company_name": "Springfield Dental", "city": f"Springfield {number}"}
        matching.place(new_row([said.get(field) for field in FIELDS]))
    before = len(matching.pairs)
    matching.place(new_row(["Springfield Dental" if field == "company_name" else None for field in FIELDS]))
    assert len(matching.pairs) == before + 1
