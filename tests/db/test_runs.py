"""What a run came to, counted from rows by group."""

from db.runs import Counts

ROWS = [
    {"outcome": "scored", "reason": None, "tier": "hot", "leads": 3},
    {"outcome": "scored", "reason": None, "tier": "cold", "leads": 2},
    {"outcome": "failed", "reason": "no answer", "tier": None, "leads": 1},
    {"outcome": "due", "reason": "no budget", "tier": None, "leads": 4},
]


def test_leads_are_counted_by_group() -> None:
    counts = Counts(ROWS)
    assert counts.leads == 10
    assert counts.by("outcome") == {"scored": 5, "failed": 1, "due": 4}
    assert counts.by("tier") == {"hot": 3, "cold": 2}
    assert list(counts.reasons().items()) == [("no budget", 4), ("no answer", 1)]


def test_nothing_is_nothing() -> None:
    assert (Counts([]).leads, Counts([]).by("outcome"), Counts([]).reasons()) == (0, {}, {})
