"""Calendar files as a plug: when the organiser of meetings is busy."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from core.errors import ProviderNotConfigured
from core.settings.outreach import MeetingSettings
from core.settings.sections import Section
from integrations.plug import Plug, PlugContext, Reader

if TYPE_CHECKING:
    from integrations.calendars.ics import IcsCalendar

NAME = "calendars"


class CalendarSettings(Section):
    """The organiser's calendar."""

    prefix: ClassVar[str] = "MEETINGS_"

    calendar: str | None = Field(
        default=None,
        description="The organiser's calendar, an .ics file or its https URL. Empty: only held slots count",
    )


async def _open(opening: PlugContext) -> "IcsCalendar":
    from integrations.calendars.ics import IcsCalendar

    place = opening.read(CalendarSettings).calendar
    if place is None:
        raise ProviderNotConfigured("there is no calendar: set MEETINGS_CALENDAR")
    return IcsCalendar(place, timezone=opening.read(MeetingSettings).timezone)


def _off(reader: Reader) -> str | None:
    return None if reader.read(CalendarSettings).calendar else "MEETINGS_CALENDAR is not set"


PLUG = Plug(
    name=NAME,
    title="Calendar files",
    sections=(CalendarSettings,),
    ports={"calendar": _open},
    off=_off,
)
