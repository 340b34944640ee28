"""A mail server as a plug: its settings, and whether it lets us in."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, SecretStr

from core.errors import ProviderNotConfigured
from core.outreach.delivery import Stage
from core.settings.sections import Section, tuning
from core.upkeep.health_checks import HealthCheck, HealthState, Knobs
from integrations.plug import Examination, Plug, PlugContext, Reader

if TYPE_CHECKING:
    from integrations.smtp.client import SmtpServer

NAME = "smtp"


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


def server_of(section: SmtpSettings) -> "SmtpServer":
    """Return the mail server. Raises ProviderNotConfigured."""
    from integrations.smtp.client import SmtpServer

    return SmtpServer(
        host=section.checked_host(),
        port=section.port,
        security=section.security,
        username=section.username,
        password=section.password.get_secret_value() if section.password else None,
        timeout_s=section.timeout_s,
        deadline_s=section.deadline_s,
    )


async def _open(opening: PlugContext) -> "SmtpServer":
    return server_of(opening.read(SmtpSettings))


def _off(reader: Reader) -> str | None:
    return None if reader.read(SmtpSettings).host else "SMTP_HOST is not set"


async def _check(examination: Examination) -> HealthCheck:
    """Look whether the mail server greets us and lets us log in; sends nothing."""
    from integrations.smtp.client import look

    trouble = await look(server_of(examination.read(SmtpSettings)))
    if trouble is None:
        return HealthCheck(NAME, HealthState.OK, "it greets and lets us in", is_reachable=True)
    advice = "mend that; approved messages wait for it until they expire"
    is_reachable = trouble.stage is not Stage.CONNECT
    return HealthCheck(NAME, HealthState.FAILED, trouble.detail, advice, is_reachable=is_reachable)


PLUG = Plug(
    name=NAME,
    title="A mail server",
    sections=(SmtpSettings,),
    ports={"mail": _open},
    off=_off,
    check=_check,
    knobs=Knobs("SMTP_HOST", "SMTP_USERNAME and SMTP_PASSWORD"),
)
