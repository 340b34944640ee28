"""A calendar as an iCalendar file or URL (RFC 5545), read by `icalendar`, its repetitions expanded by `dateutil`.

Only times are read. Summaries, descriptions and attendees are never looked at: whoever can send an invitation can write
into a calendar. What cannot be read is an error, never a free hour.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from dateutil.rrule import rrulestr
from icalendar import Calendar

from core.errors import ConfigurationError, Unavailable, UnexpectedAnswer
from core.outreach.meetings import Span

_PROVIDER = "calendar"
_LONGEST_BYTES = 20_000_000
_MOST_OCCURRENCES = 50_000
"""Of one entry: a day of minutes is 1,440, a century of days 36,525."""


class IcsCalendar:
    """Reads an .ics file or URL at each question.

    Args:
        place: a file's path, or an https address (http on this machine only).
        timezone: of entries that name none, and of whole days.
        timeout_s: seconds for an address.
    """

    def __init__(self, place: str, *, timezone: str, timeout_s: float = 15.0) -> None:
        self._place = place
        self._zone = ZoneInfo(timezone)
        self._timeout_s = timeout_s

    async def busy(self, start: datetime, end: datetime) -> list[Span]:
        """Return when the owner is busy between two moments, aware.

        Raises:
            Unavailable: it cannot be fetched.
            UnexpectedAnswer: it is no calendar, or an entry cannot be read.
            ConfigurationError: the file is not there.
        """
        content = await self._content()
        return await asyncio.to_thread(read_busy, content, start, end, self._zone)

    async def _content(self) -> bytes:
        if not self._place.startswith(("https://", "http://")):
            return await asyncio.to_thread(_read, self._place)
        if self._place.startswith("http://") and httpx.URL(self._place).host not in ("127.0.0.1", "localhost", "::1"):
            raise ConfigurationError("MEETINGS_CALENDAR is an unprotected address: write https")
        try:
            async with (
                httpx.AsyncClient(timeout=self._timeout_s, trust_env=False, follow_redirects=True) as client,
                client.stream("GET", self._place) as answer,
            ):
                content = b""
                async for piece in answer.aiter_bytes():
                    content += piece
                    if len(content) > _LONGEST_BYTES:
                        raise UnexpectedAnswer("the calendar is longer than 20 MB", provider=_PROVIDER)
        except httpx.HTTPError as error:
            # The address of a private calendar is a secret: httpx's own words quote it.
            raise Unavailable(f"the calendar cannot be fetched ({type(error).__name__})", provider=_PROVIDER) from None
        if not answer.is_success:
            raise Unavailable(
                f"the calendar's server answered {answer.status_code}", provider=_PROVIDER, status=answer.status_code
            )
        return content


def _read(place: str) -> bytes:
    try:
        return Path(place).expanduser().read_bytes()
    except OSError as error:
        raise ConfigurationError(f"MEETINGS_CALENDAR cannot be read: {error.strerror}") from error


def read_busy(content: bytes, start: datetime, end: datetime, zone: ZoneInfo) -> list[Span]:
    """Return the busy times of a calendar file that touch the stretch between two moments.

    Free are entries that are cancelled or marked transparent; whole days are busy from midnight to midnight in `zone`.

    Raises:
        UnexpectedAnswer: it is no calendar, or an entry cannot be read.
    """
    try:
        calendars = Calendar.from_ical(content, multiple=True)
        wanted = Span(start.astimezone(UTC), end.astimezone(UTC))
        spans = [span for calendar in calendars for span in _spans(calendar, wanted, zone)]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        raise UnexpectedAnswer(f"the calendar cannot be read ({type(error).__name__})", provider=_PROVIDER) from None
    if not calendars:
        raise UnexpectedAnswer("there is no calendar in what was read", provider=_PROVIDER)
    return sorted({span for span in spans if span.overlaps(wanted)})


def _spans(calendar: Any, wanted: Span, zone: ZoneInfo) -> Iterator[Span]:
    moved: dict[str, set[datetime]] = defaultdict(set)
    events = list(calendar.walk("VEVENT"))
    for event in events:
        if "RECURRENCE-ID" in event:
            moved[str(event.get("UID"))].add(_moment(event["RECURRENCE-ID"].dt, zone))
    for event in events:
        if _is_free(event):
            continue
        starts, length = _times(event, zone)
        skipped = set() if "RECURRENCE-ID" in event else moved[str(event.get("UID"))]
        for begins in _occurrences(event, starts, length, wanted, zone):
            if begins.astimezone(UTC) not in skipped and length > timedelta(0):
                yield Span(begins.astimezone(UTC), _end(begins, length))
    for part in calendar.walk("VFREEBUSY"):
        for period in _listed(part.get("FREEBUSY")):
            if str(period.params.get("FBTYPE", "BUSY")).upper() != "FREE":
                yield Span(_moment(period.start, zone), _moment(period.end, zone))


def _end(begins: datetime, length: timedelta) -> datetime:
    """Return the end: whole days end on the wall clock, so that a day of 23 hours is one day."""
    if begins.time() == time(0) and length % timedelta(days=1) == timedelta(0):
        return (begins.replace(tzinfo=None) + length).replace(tzinfo=begins.tzinfo).astimezone(UTC)
    return begins.astimezone(UTC) + length


def _is_free(event: Any) -> bool:
    is_cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
    return is_cancelled or str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or "DTSTART" not in event


def _times(event: Any, zone: ZoneInfo) -> tuple[datetime, timedelta]:
    """Return the start on its own wall clock, and the length."""
    raw = event["DTSTART"].dt
    starts = _local(raw, zone)
    if "DTEND" in event:
        return starts, _moment(event["DTEND"].dt, zone) - starts.astimezone(UTC) if isinstance(
            raw, datetime
        ) else _local(event["DTEND"].dt, zone).replace(tzinfo=None) - starts.replace(tzinfo=None)
    if "DURATION" in event:
        return starts, event["DURATION"].dt
    return starts, timedelta(0) if isinstance(raw, datetime) else timedelta(days=1)


def _local(value: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time(0), zone)
    return value if value.tzinfo is not None else value.replace(tzinfo=zone)


def _moment(value: date | datetime, zone: ZoneInfo) -> datetime:
    return _local(value, zone).astimezone(UTC)


def _occurrences(
    event: Any,
    starts: datetime,
    length: timedelta,
    wanted: Span,
    zone: ZoneInfo,
) -> Iterator[datetime]:
    """Yield the starts of an entry that may touch the wanted stretch, on its own wall clock."""
    extra = [_local(getattr(each, "dt", each), zone) for each in _dates(event, "RDATE")]
    if "RECURRENCE-ID" in event or "RRULE" not in event:
        yield from {starts, *extra}
        return
    without = {_moment(each.dt, zone) for each in _dates(event, "EXDATE")}
    # Repetitions are counted on the wall clock of the entry, as RFC 5545 has it; UNTIL is a moment.
    wall = starts.replace(tzinfo=None)
    latest = wanted.ends_at.astimezone(starts.tzinfo).replace(tzinfo=None)
    for rule in _listed(event["RRULE"]):
        until = rule.pop("UNTIL", [None])[0]
        last = latest if until is None else min(latest, _until(until, starts, zone))
        for each in _repeated(rule, wall, last):
            begins = each.replace(tzinfo=starts.tzinfo)
            if _end(begins, length) > wanted.starts_at and begins.astimezone(UTC) not in without:
                yield begins
    yield from (each for each in extra if each.astimezone(UTC) not in without)


def _repeated(rule: Any, first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield a rule's repetitions until the last one; raises OverflowError where there are too many to count."""
    for number, each in enumerate(rrulestr(rule.to_ical().decode(), dtstart=first, cache=False)):
        if number > _MOST_OCCURRENCES:
            raise OverflowError("an entry repeats too often")
        if each > last:
            return
        yield each


def _until(until: date | datetime, starts: datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(until, datetime):
        return datetime.combine(until, time.max)
    if until.tzinfo is None:
        return until
    return until.astimezone(starts.tzinfo or zone).replace(tzinfo=None)


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list) else [value]


def _dates(event: Any, name: str) -> list[Any]:
    return [each for group in _listed(event.get(name)) for each in group.dts]
