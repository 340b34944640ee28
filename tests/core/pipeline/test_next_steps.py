"""What is due: what broke before what waits for a person, that before what machines have left to do."""

from typing import Any

import pytest

from core.pipeline.next_steps import WhatStands, next_step

BUSY: dict[str, Any] = {
    "leads": 50, "interrupted": "leads.csv", "unscored": 3, "unresolved": 1, "pending": 2, "failing": 4,
    "dead_letters": 1, "duplicates": 5, "unenriched": 6, "crm": "Close", "sync_is_off": True,
}  # fmt: skip
ORDER = (
    ("interrupted", "sales-agent run FILE"),
    ("unresolved", "sales-agent outbox list"),
    ("pending", "sales-agent approvals list"),
    ("failing", "sales-agent crm status --state failing"),
    ("dead_letters", "sales-agent dead-letters list"),
    ("unscored", "sales-agent qualify"),
    ("duplicates", "sales-agent duplicates list"),
    ("crm", "sales-agent plan"),
    ("unenriched", "sales-agent enrich --plan"),
)


def test_one_thing_after_the_other_is_due_until_nothing_is() -> None:
    left = dict(BUSY)
    for name, command in ORDER:
        due = next_step(WhatStands(**left))
        assert due.command == command, name
        assert due.what.endswith((".", "cost", "costs."))
        del left[name]
    assert next_step(WhatStands(**left)).command is None


@pytest.mark.parametrize(
    ("stands", "command"),
    [
        (WhatStands(), "sales-agent init"),
        (WhatStands(has_profile=True), "sales-agent run FILE"),
        (WhatStands(leads=1, crm="Close", is_synced=True, sync_is_off=True), "sales-agent schedule on sync-crm"),
        (WhatStands(leads=1, crm="Close", is_synced=True, sync_is_off=None), None),
        (WhatStands(leads=1, crm="Close", is_synced=True, sync_is_off=False), None),
    ],
)
def test_where_a_person_stands(stands: WhatStands, command: str | None) -> None:
    assert next_step(stands).command == command


def test_one_is_no_plural() -> None:
    assert next_step(WhatStands(leads=1, pending=1)).what == "1 approval waits for a person's word."
    assert next_step(WhatStands(leads=1, pending=2)).what == "2 approvals wait for a person's word."
