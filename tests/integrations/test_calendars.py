"""A calendar's busy times, over repetitions, time zones and changes of the clocks; what cannot be read is an error."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.errors import ConfigurationError, Unavailable, UnexpectedAnswer
from core.outreach.meetings import Span
from integrations.calendars.ics import IcsCalendar, read_busy

BERLIN = ZoneInfo("Europe/Berlin")
START, END = datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)


def calendar(*events: str, kind: str = "VEVENT") -> bytes:
    parts = [
        f"BEGIN:{kind}\nUID:{number}\nDTSTAMP:20260101T000000Z\n{event}\nEND:{kind}"
        for number, event in enumerate(events)
    ]
    text = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", *parts, "END:VCALENDAR", ""])
    return text.replace("\n", "\r\n").encode()


def busy(*events: str, **more: str) -> list[str]:
    return [
        f"{span.starts_at:%d %H:%M}-{span.ends_at:%d %H:%M}"
        for span in read_busy(calendar(*events, **more), START, END, BERLIN)
    ]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART:20261020T090000Z\nDTEND:20261020T100000Z", ["20 09:00-20 10:00"]),
        ("DTSTART;TZID=Europe/Berlin:20261020T090000\nDURATION:PT30M", ["20 07:00-20 07:30"]),
        ("DTSTART:20261020T090000\nDTEND:20261020T100000", ["20 07:00-20 08:00"]),
        ("DTSTART;VALUE=DATE:20261025", ["24 22:00-25 23:00"]),
        ("DTSTART;VALUE=DATE:20261020\nDTEND;VALUE=DATE:20261022", ["19 22:00-21 22:00"]),
        ("DTSTART:20261020T090000Z\nDTEND:20261020T100000Z\nTRANSP:TRANSPARENT", []),
        ("DTSTART:20261020T090000Z\nDTEND:20261020T100000Z\nSTATUS:CANCELLED", []),
        ("DTSTART:20261020T090000Z", []),
        ("DTSTART:20270120T090000Z\nDTEND:20270120T100000Z", []),
        (
            "DTSTART;TZID=Europe/Berlin:20260105T090000\nDTEND;TZID=Europe/Berlin:20260105T100000\nRRULE:FREQ=WEEKLY;BYDAY=MO",
            ["19 07:00-19 08:00", "26 08:00-26 09:00"],
        ),
        (
            "DTSTART:20261020T090000Z\nDTEND:20261020T093000Z\nRRULE:FREQ=DAILY;UNTIL=20261022T090000Z\n"
            "EXDATE:20261021T090000Z\nRDATE:20261101T090000Z",
            ["20 09:00-20 09:30", "22 09:00-22 09:30", "01 09:00-01 09:30"],
        ),
        ("DTSTART:20261018T220000Z\nDTEND:20261019T030000Z\nRRULE:FREQ=DAILY;COUNT=1", ["18 22:00-19 03:00"]),
    ],
)
def test_when_somebody_is_busy(event: str, expected: list[str]) -> None:
    assert sorted(busy(event)) == sorted(expected)


def test_a_moved_occurrence_is_where_it_was_moved_to() -> None:
    series = "DTSTART:20261020T090000Z\nDTEND:20261020T093000Z\nRRULE:FREQ=DAILY;COUNT=2"
    moved = "RECURRENCE-ID:20261021T090000Z\nDTSTART:20261021T150000Z\nDTEND:20261021T153000Z"
    content = calendar(series, moved).replace(b"UID:1", b"UID:0")
    found = read_busy(content, START, END, BERLIN)
    assert [span.starts_at.hour for span in found] == [9, 15]


def test_free_busy_parts_count() -> None:
    assert busy("FREEBUSY;FBTYPE=BUSY:20261020T090000Z/PT1H", kind="VFREEBUSY") == ["20 09:00-20 10:00"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>log in</html>",
        calendar("DTSTART:20261020T090000Z\nDTEND:20261020T093000Z\nRRULE:FREQ=SECONDLY"),
        calendar("DTSTART:19700101T000000Z\nDURATION:PT1M\nRRULE:FREQ=MINUTELY"),
        calendar("DTSTART:tomorrow\nDTEND:20261020T093000Z"),
    ],
    ids=["empty", "page", "every second", "every minute since 1970", "no date"],
)
def test_what_cannot_be_read_is_no_free_calendar(content: bytes) -> None:
    with pytest.raises(UnexpectedAnswer):
        read_busy(content, START, END, BERLIN)


async def test_a_file_and_an_address(tmp_path: Path) -> None:
    path = tmp_path / "busy.ics"
    path.write_bytes(calendar("DTSTART:20261020T090000Z\nDTEND:20261020T100000Z"))
    known = IcsCalendar(str(path), timezone="UTC")
    begin = datetime(2026, 10, 20, 9, tzinfo=UTC)
    assert await known.busy(START, END) == [Span(begin, begin + timedelta(hours=1))]
    for place, error in (
        (str(tmp_path / "none.ics"), ConfigurationError),
        ("http://calendars.example/secret.ics", ConfigurationError),
        ("http://127.0.0.1:1/secret.ics", Unavailable),
    ):
        with pytest.raises(error) as refused:
            await IcsCalendar(place, timezone="UTC").busy(START, END)
        assert "secret" not in str(refused.value)
