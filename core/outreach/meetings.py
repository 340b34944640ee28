"""When two people can meet: free slots, and how a time is said to somebody elsewhere.

Everything is computed in UTC; local time only decides which hours are working hours. A wall time that a change of the
clocks skips or repeats is never offered.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import InvalidInput

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SLOTS_OFFERED = 3
_STEP = timedelta(minutes=30)


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of time; both ends aware UTC, the end is not part of it."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: "Span") -> bool:
        """Return whether the two have a moment in common."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def as_json(self) -> dict[str, str]:
        """Return both ends as an approval holds them."""
        return {"starts_at": self.starts_at.isoformat(), "ends_at": self.ends_at.isoformat()}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        return cls(datetime.fromisoformat(facts["starts_at"]), datetime.fromisoformat(facts["ends_at"]))


@dataclass(frozen=True)
class WorkingHours:
    """When somebody takes meetings: days 0 (Monday) to 6, between two times of their day."""

    timezone: str
    days: frozenset[int]
    opens: time
    closes: time

    @classmethod
    def of(cls, timezone: str, days: str, opens: time, closes: time) -> Self:
        """Read settings. Raises InvalidInput for a day that is none, or hours that end before they begin."""
        names = [part.strip().lower()[:3] for part in days.split(",") if part.strip()]
        if not names or not all(name in DAYS for name in names):
            raise InvalidInput("MEETINGS_DAYS names a day that is none: write Mon,Tue,Wed,Thu,Fri")
        if opens >= closes:
            raise InvalidInput("MEETINGS_OPENS lies after MEETINGS_CLOSES")
        return cls(timezone, frozenset(map(DAYS.index, names)), opens, closes)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)


BUSINESS_DAY = (time(8), time(18))
"""When a prospect is at work, where nothing else is known of them."""


def free_slots(
    busy: Sequence[Span], hours: WorkingHours, *, minutes: int, earliest: datetime, latest: datetime
) -> list[Span]:
    """Return every slot that lies within the working hours and touches nothing busy, in order of time.

    Args:
        busy: in any order; may overlap.
        hours: the organiser's.
        minutes: length of a slot.
        earliest: no slot starts before, aware.
        latest: no slot ends after, aware.
    """
    taken = sorted(busy)
    return [
        slot
        for slot in _slots(hours, timedelta(minutes=minutes), earliest, latest)
        if not any(slot.overlaps(other) for other in taken)
    ]


def _slots(hours: WorkingHours, length: timedelta, earliest: datetime, latest: datetime) -> Iterator[Span]:
    zone = hours.zone
    day, last = earliest.astimezone(zone).date(), latest.astimezone(zone).date()
    while day <= last:
        if day.weekday() in hours.days:
            for starts_at in _starts(day, hours, zone):
                slot = Span(starts_at, starts_at + length)
                if slot.starts_at >= earliest and slot.ends_at <= latest and within(slot, hours):
                    yield slot
        day += timedelta(days=1)


def _starts(day: date, hours: WorkingHours, zone: ZoneInfo) -> Iterator[datetime]:
    wall = datetime.combine(day, hours.opens)
    while wall < datetime.combine(day, hours.closes):
        local = wall.replace(tzinfo=zone)
        moment = local.astimezone(UTC)
        exists = moment.astimezone(zone).replace(tzinfo=None) == wall
        is_single = local.utcoffset() == local.replace(fold=1).utcoffset()
        if exists and is_single:
            yield moment
        wall += _STEP


def within(slot: Span, hours: WorkingHours) -> bool:
    """Return whether a slot begins and ends within one day's working hours."""
    zone = hours.zone
    starts, ends = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    same_day = starts.date() == ends.date() and starts.weekday() in hours.days
    return same_day and starts.time() >= hours.opens and ends.time() <= hours.closes


def offer(slots: Sequence[Span], *, prospect_zone: str | None, count: int = SLOTS_OFFERED) -> list[Span]:
    """Choose which slots to offer: such as suit the prospect's working day, spread over days and times of day.

    Args:
        slots: free ones, in order.
        prospect_zone: the prospect's time zone; None where nobody knows it.
        count: how many.

    Returns:
        As many as there are up to `count`, in order; fewer days apart only where there are too few days.
    """
    suiting = [slot for slot in slots if prospect_zone is None or _suits(slot, prospect_zone)]
    zone = ZoneInfo(prospect_zone or "UTC")
    by_day: dict[date, list[Span]] = {}
    for slot in suiting:
        by_day.setdefault(slot.starts_at.astimezone(zone).date(), []).append(slot)
    chosen = [day_slots[_place(number, count, len(day_slots))] for number, day_slots in enumerate(by_day.values())]
    chosen = chosen[:count]
    for slot in suiting:
        if len(chosen) >= count:
            break
        if not any(slot.overlaps(other) for other in chosen):
            chosen.append(slot)
    return sorted(chosen)


def _place(number: int, count: int, length: int) -> int:
    """Return which slot of the day to take: earlier in the day for the first one offered, later for the last."""
    return (number % count) * (length - 1) // max(count - 1, 1)


def _suits(slot: Span, zone_name: str) -> bool:
    zone = ZoneInfo(zone_name)
    starts, ends = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    opens, closes = BUSINESS_DAY
    is_same_day = starts.date() == ends.date() and starts.weekday() < len(DAYS) - 2
    return is_same_day and starts.time() >= opens and ends.time() <= closes


def said(slot: Span, zone_name: str) -> str:
    """Return a slot in words: `Tuesday, 24 November 2026, 10:00-10:30 (Europe/Berlin, UTC+01:00)`."""
    zone = ZoneInfo(zone_name)
    starts, ends = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    offset = starts.strftime("%z")
    place = f"{zone_name}, UTC{offset[:3]}:{offset[3:5]}" if zone_name != "UTC" else "UTC"
    day = f"{_WEEKDAYS[starts.weekday()]}, {starts.day} {_MONTHS[starts.month - 1]} {starts.year}"
    return f"{day}, {starts:%H:%M}-{ends:%H:%M} ({place})"


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_SAID_ZONE = re.compile(r"\((?:([A-Za-z]+(?:/[A-Za-z_+-]+)+), UTC[+-]\d{2}:\d{2}|(UTC))\)")


def zone_of(message: str) -> str | None:
    """Return the time zone that a message says its slots in, as `said` writes them; None where there is none."""
    found = _SAID_ZONE.search(message)
    if found is None:
        return None
    try:
        return ZoneInfo(found[1] or found[2]).key
    except (ZoneInfoNotFoundError, ValueError):
        return None


def taken_numbers(slots: Sequence[Span], busy: Iterable[Span]) -> list[int]:
    """Return the numbers, from 1, of the slots that are no longer free."""
    known = list(busy)
    return [number for number, slot in enumerate(slots, 1) if any(slot.overlaps(other) for other in known)]
