"""Reading of company websites as a plug: its settings; no key, no account."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from core.settings.sections import Section, tuning
from integrations.plug import Plug
from integrations.websites.offers import WEBSITE

NAME = "websites"


class WebsiteSettings(Section):
    """Reading of company websites."""

    prefix: ClassVar[str] = "WEBSITES_"

    user_agent: str = Field(
        default="sales-agent/0.1 (reads public company pages)",
        min_length=3,
        max_length=300,
        pattern=r"^[\x20-\x7e]+$",
        description="User-Agent header; say how you can be reached. Its first word is our name in robots.txt",
    )
    page_budget: int = Field(default=12, ge=1, le=100, description="Pages fetched of one site at most")
    time_budget_s: float = Field(default=60.0, ge=1, le=3600, description="Seconds for one site")
    reading_s: float = tuning(
        default=5.0,
        ge=0.05,
        le=600,
        description="Seconds of processor time for reading one page, after which it is given up; all pages of a "
        "site together have a fourth of its time budget",
    )
    delay_s: float = Field(default=1.0, ge=0, le=60, description="Seconds between two requests to one host")
    timeout_s: float = tuning(default=15.0, ge=0.5, le=120, description="Seconds for one page")
    max_page_bytes: int = tuning(
        default=2_000_000, ge=10_000, le=20_000_000, description="Bytes read of one page, unpacked"
    )
    connections: int = tuning(default=100, ge=1, le=1000, description="Connections over all hosts")
    fresh_for_s: float = tuning(
        default=86_400, ge=0, le=31_536_000, description="Seconds a fetched page is used again without asking"
    )
    keep_s: float = tuning(
        default=7_776_000,
        ge=3600,
        le=315_360_000,
        description="Seconds after which the sweep deletes a fetched page; until then only changes are fetched",
    )
    cache_dir: Path | None = tuning(
        default=None, description="Fetched pages. Default: cache/websites in the data directory"
    )
    allow_private_hosts: bool = Field(
        default=False,
        description="Visit private, loopback and link-local addresses too; for tests and the sandbox only",
    )
    render: bool = Field(
        default=False,
        description="Read pages that scripts build in a local Chromium, where a site names nobody without it; "
        "needs the extra `browser`",
    )
    chromium: Path | None = Field(default=None, description="The browser for it. Default: `chromium` on the PATH")


PLUG = Plug(name=NAME, title="Company websites", sections=(WebsiteSettings,), sources=(WEBSITE,))
