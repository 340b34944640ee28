"""Slots are free, within the hours, and exist on the clock; a reply chooses only beyond doubt."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.outreach.meetings import Span, WorkingHours, free_slots, offer, said, within, zone_of

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC", "America/Sao_Paulo"]
ALL_WEEK = "Mon,Tue,Wed,Thu,Fri,Sat,Sun"
START = datetime(2026, 3, 1, tzinfo=UTC)
BUSY = st.lists(
    st.builds(
        lambda start, length: Span(START + timedelta(minutes=start), START + timedelta(minutes=start + length)),
        st.integers(0, 60 * 24 * 20),
        st.integers(1, 60 * 24 * 2),
    ),
    max_size=12,
)


@given(BUSY, st.sampled_from(ZONES), st.sampled_from([15, 30, 45, 60]), st.integers(0, 22), st.integers(0, 250))
def test_slots_are_free_within_the_hours_and_exist(
    busy: list[Span], zone: str, minutes: int, opens: int, first_day: int
) -> None:
    hours = WorkingHours.of(zone, ALL_WEEK, time(opens), time(min(opens + 8, 23)))
    begin = START + timedelta(days=first_day)
    latest = begin + timedelta(days=5)
    moved = [
        Span(each.starts_at + timedelta(days=first_day), each.ends_at + timedelta(days=first_day)) for each in busy
    ]
    slots = free_slots(moved, hours, minutes=minutes, earliest=begin, latest=latest)
    assert slots == sorted(set(slots))
    for slot in slots:
        assert slot.ends_at - slot.starts_at == timedelta(minutes=minutes)
        assert begin <= slot.starts_at
        assert slot.ends_at <= latest
        assert within(slot, hours)
        assert not any(slot.overlaps(other) for other in moved)
        wall = slot.starts_at.astimezone(ZoneInfo(zone))
        assert wall.replace(fold=0).astimezone(UTC) == wall.replace(fold=1).astimezone(UTC) == slot.starts_at
    chosen = offer(slots, prospect_zone=None)
    assert len(chosen) == min(3, len(chosen))
    assert all(not one.overlaps(other) for one in chosen for other in chosen if one != other)
    assert not slots or chosen


@pytest.mark.parametrize(("day", "gone"), [(date(2026, 3, 29), "02:30"), (date(2026, 10, 25), "02:30")])
def test_a_wall_time_that_the_clocks_skip_or_repeat_is_not_offered(day: date, gone: str) -> None:
    hours = WorkingHours.of("Europe/Berlin", ALL_WEEK, time(1), time(5))
    begin = datetime.combine(day, time(0), ZoneInfo("Europe/Berlin")).astimezone(UTC)
    slots = free_slots([], hours, minutes=30, earliest=begin, latest=begin + timedelta(hours=8))
    starts = [f"{slot.starts_at.astimezone(ZoneInfo('Europe/Berlin')):%H:%M}" for slot in slots]
    assert gone not in starts
    assert starts == sorted(set(starts))
    assert {"01:00", "03:30"} <= set(starts)


def test_slots_are_spread_and_suit_the_prospect() -> None:
    hours = WorkingHours.of("Europe/Berlin", "Mon,Tue,Wed,Thu,Fri", time(9), time(17))
    free = free_slots([], hours, minutes=30, earliest=START, latest=START + timedelta(days=10))
    chosen = offer(free, prospect_zone="America/New_York")
    assert len({slot.starts_at.date() for slot in chosen}) == 3
    assert all(8 <= slot.starts_at.astimezone(ZoneInfo("America/New_York")).hour < 18 for slot in chosen)
    assert offer(free, prospect_zone="Pacific/Auckland") == []


def test_a_slot_is_said_in_the_prospects_time() -> None:
    slot = Span(datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 9, 30, tzinfo=UTC))
    assert said(slot, "Europe/Berlin") == "Tuesday, 24 November 2026, 10:00-10:30 (Europe/Berlin, UTC+01:00)"
    assert said(slot, "UTC").endswith("09:00-09:30 (UTC)")


@pytest.mark.parametrize(
    ("days", "opens", "closes"), [("Mon,Someday", 9, 17), ("", 9, 17), ("Mon", 17, 9), ("Mon", 9, 9)]
)
def test_hours_that_are_none_are_refused(days: str, opens: int, closes: int) -> None:
    with pytest.raises(InvalidInput):
        WorkingHours.of("UTC", days, time(opens), time(closes))


@pytest.mark.parametrize("zone", ZONES)
def test_the_zone_of_a_message_is_found_again(zone: str) -> None:
    assert zone_of(f"1. {said(Span(START, START + timedelta(minutes=30)), zone)}\n") == zone
    assert zone_of("Tuesday at ten (Europe/Nowhere, UTC+01:00)") is None
