"""Days and months begin where budgets say."""

from datetime import UTC, datetime, timedelta, timezone

from core.reports.status import starts


def test_day_and_month_begin_in_utc() -> None:
    early = datetime(2026, 12, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert starts(early) == (datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
