"""Settings of writing to people: meetings, approvals, and the key of tombstones."""

from datetime import time
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

from core.outreach.meetings import WorkingHours
from core.settings.environment import Environment
from core.settings.sections import Section


class ApprovalSettings(Section):
    """Approvals and those who must not be written to."""

    prefix: ClassVar[str] = "APPROVALS_"

    lifetime_days: float = Field(default=7, gt=0, le=365, description="Days until an approval can no longer be used")
    by: str | None = Field(default=None, description="Your name, for decisions on this machine; --by goes before it")


class SuppressionSettings(Section):
    """Erased persons."""

    prefix: ClassVar[str] = "SUPPRESSION_"

    key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Key of the tombstones. Empty: made once, kept as tombstones.key in the data directory",
    )


class CampaignSettings(Section):
    """Messages of campaigns."""

    prefix: ClassVar[str] = "CAMPAIGNS_"

    address_origin: bool = Field(
        default=True, description="End a first message with where the address is from, where that is known"
    )


class MeetingSettings(Section):
    """Proposing meetings."""

    prefix: ClassVar[str] = "MEETINGS_"

    timezone: str = Field(default="UTC", description="The organiser's time zone, as Europe/Berlin")
    days: str = Field(default="Mon,Tue,Wed,Thu,Fri", description="Days of the week for meetings")
    opens: time = Field(default=time(9), description="Earliest start, local time")
    closes: time = Field(default=time(17), description="Latest end, local time")
    minutes: int = Field(default=30, ge=5, le=480, description="Length of a meeting")
    notice_hours: int = Field(default=24, ge=0, le=720, description="Hours from now until the first slot")
    horizon_days: int = Field(default=14, ge=1, le=90, description="Days from now until the last slot")
    organizer: str = Field(
        default="", description="Who the prospect meets: Name <name@example.com>. Empty: SMTP_SENDER"
    )

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{name!r} is no time zone: write one as Europe/Berlin") from None
        return name

    def hours(self) -> WorkingHours:
        """Return the working hours. Raises InvalidInput for days that are none."""
        return WorkingHours.of(self.timezone, self.days, self.opens, self.closes)


class OutreachSettings:
    """All sections of writing to people."""

    def __init__(self, environment: Environment) -> None:
        self.approvals = environment.read(ApprovalSettings)
        self.suppression = environment.read(SuppressionSettings)
        self.campaigns = environment.read(CampaignSettings)
        self.meetings = environment.read(MeetingSettings)


TOMBSTONE_KEY_FILE = Path("tombstones.key")
"""Where a key that was made here is kept, in the data directory."""
