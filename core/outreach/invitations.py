"""The invitation to a booked meeting, as an iCalendar object.

Source: RFC 5545 and RFC 5546, 3.2.2: a REQUEST with the same UID and a higher SEQUENCE replaces the earlier one; the
same UID and SEQUENCE again is the same meeting. So a repeat doubles nothing, and a move moves.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr

from icalendar import Calendar, Event, vCalAddress, vText

from core.outreach.meetings import Span
from core.text.plain_text import plain_line


@dataclass(frozen=True)
class Invitation:
    """A meeting to invite to.

    Attributes:
        uid: the same for every version of this meeting.
        sequence: 0 for the first version, one more for each change.
        slot: when.
        summary: one line.
        organizer: "Name <address>".
        prospect: a bare address.
        at: when this version was made, aware.
    """

    uid: str
    sequence: int
    slot: Span
    summary: str
    organizer: str
    prospect: str
    at: datetime


def render(invitation: Invitation) -> bytes:
    """Return the iCalendar object; the same invitation gives the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//sales-agent//meetings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    event = Event()
    event.add("uid", invitation.uid)
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", invitation.at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", invitation.slot.starts_at.astimezone(UTC))
    event.add("dtend", invitation.slot.ends_at.astimezone(UTC))
    event.add("summary", plain_line(invitation.summary))
    event.add("status", "CONFIRMED")
    name, address = parseaddr(invitation.organizer)
    organizer = vCalAddress(f"mailto:{address}")
    if name:
        organizer.params["CN"] = vText(plain_line(name))
    event.add("organizer", organizer)
    prospect = vCalAddress(f"mailto:{invitation.prospect}")
    prospect.params["RSVP"] = vText("TRUE")
    prospect.params["PARTSTAT"] = vText("NEEDS-ACTION")
    event.add("attendee", prospect)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
