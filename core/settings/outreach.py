"""Settings of writing to people: the mail server, meetings, approvals, and the key of tombstones."""

from datetime import time
from pathlib import Path
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

from core.errors import ProviderNotConfigured
from core.outreach.meetings import WorkingHours
from core.settings.environment import Environment
from core.settings.sections import Section, tuning


class SmtpSettings(Section):
    """Sending mail; off without a host."""

    prefix: ClassVar[str] = "SMTP_"

    host: str | None = Field(default=None, description="Mail server. Empty: nothing can be sent")
    port: int = Field(default=587, ge=1, le=65535, description="587 for starttls, 465 for tls")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="none only for a server on this machine"
    )
    username: str | None = Field(default=None, description="Empty: no log-in")
    password: SecretStr | None = Field(default=None, description="Its password")
    sender: str = Field(default="", description="Who writes: Name <name@example.com>; answers go there too")
    timeout_s: float = tuning(default=30.0, gt=0, le=300, description="Seconds for each step")
    deadline_s: float = tuning(default=120.0, gt=0, le=500, description="Seconds for one message in all")

    def checked_host(self) -> str:
        """Return the host. Raises ProviderNotConfigured naming what is empty."""
        if not self.host or not self.sender:
            raise ProviderNotConfigured("mail is off: set SMTP_HOST and SMTP_SENDER to send")
        return self.host


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


class MeetingSettings(Section):
    """Proposing meetings."""

    prefix: ClassVar[str] = "MEETINGS_"

    calendar: str | None = Field(
        default=None,
        description="The organiser's calendar, an .ics file or its https URL. Empty: only held slots count",
    )
    timezone: str = Field(default="UTC", description="The organiser's time zone, as Europe/Berlin")
    days: str = Field(default="Mon,Tue,Wed,Thu,Fri", description="Days of the week for meetings")
    opens: time = Field(default=time(9), description="Earliest start, local time")
    closes: time = Field(default=time(17), description="Latest end, local time")
    minutes: int = Field(default=30, ge=5, le=480, description="Length of a meeting")
    notice_hours: int = Field(default=24, ge=0, le=720, description="Hours from now until the first slot")
    horizon_days: int = Field(default=14, ge=1, le=90, description="Days from now until the last slot")
    organizer: str = Field(default="", description="Who the guest meets: Name <name@example.com>. Empty: SMTP_SENDER")

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
        self.smtp = environment.read(SmtpSettings)
        self.approvals = environment.read(ApprovalSettings)
        self.suppression = environment.read(SuppressionSettings)
        self.meetings = environment.read(MeetingSettings)


TOMBSTONE_KEY_FILE = Path("tombstones.key")
"""Where a key that was made here is kept, in the data directory."""
