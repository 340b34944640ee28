"""All settings, as sections of one object.

One `Settings` of sections; each section has its own prefix, each field a default, a unit and bounds. Fields made by
`tuning` are for those who tune an installation and stand in `docs/tuning.md`; the others are for every user.
Read by `tasks/runtime/resources.py`, `app` and Alembic's environment; everything else is handed values.
`.env.example` is generated from this class (`python -m scripts.env_example`) and compared in a test.
"""

import logging
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

from pydantic import AfterValidator, Field, SecretStr, field_validator

from core.settings.environment import Environment, default_home
from core.settings.outreach import OutreachSettings
from core.settings.providers import SpeechSettings
from core.settings.sections import Section, tuning
from core.text.country_readings import known_code

S = TypeVar("S", bound=Section)

log = logging.getLogger(__name__)


def _address(url: SecretStr | None, schemes: tuple[str, ...]) -> SecretStr | None:
    """Return an address that begins with one of these schemes. Raises ValueError for others."""
    if url is not None and url.get_secret_value().partition("://")[0] not in schemes:
        raise ValueError(f"an address begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return url


class HomeSettings(Section):
    """Where this installation keeps its own files."""

    prefix: ClassVar[str] = "SALES_AGENT_"

    home: Path = Field(
        default_factory=lambda: Path(default_home()),
        description="Data directory: private servers, uploads, rejects, logs. Default: the platform's own place",
    )
    root: Path | None = tuning(
        default=None, description="Directory that holds prefect.yaml and flows/. Default: where this is installed"
    )
    host_names: str = Field(
        default="",
        description="Names under which the Prefect server is reached beyond this machine or through a proxy, separated "
        "by commas; it answers to no others",
    )


class PostgresSettings(Section):
    """Postgres, PostgreSQL 15 or later."""

    prefix: ClassVar[str] = "POSTGRES_"

    url: SecretStr | None = Field(
        default=None,
        description="postgresql://user:password@host:port/name. Empty: a private PostgreSQL in the data directory",
    )

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: SecretStr | None) -> SecretStr | None:
        return _address(url, ("postgresql", "postgres"))

    pool_min: int = tuning(default=1, ge=0, le=100, description="Connections that a task keeps open")
    pool_max: int = tuning(default=5, ge=1, le=500, description="Connections that a task opens at most")
    connect_timeout_s: int = tuning(default=10, ge=1, le=120, description="Seconds to wait for a connection")


class RedisSettings(Section):
    """Redis 7.0 or later; holds only what may be lost."""

    prefix: ClassVar[str] = "REDIS_"

    url: SecretStr | None = Field(
        default=None, description="redis://host:port/0. Empty: a private Valkey in the data directory, when needed"
    )

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: SecretStr | None) -> SecretStr | None:
        return _address(url, ("redis", "rediss", "unix"))


class PrefectSettings(Section):
    """The Prefect server; every other PREFECT_ variable reaches Prefect as it is."""

    prefix: ClassVar[str] = "PREFECT_"

    api_url: str | None = Field(
        default=None, description="http://host:4200/api of a running server. Empty: `sales-agent up` starts one"
    )
    api_auth_string: SecretStr | None = Field(default=None, description="user:password for that server")
    server_api_auth_string: SecretStr | None = Field(
        default=None,
        description="user:password that a server started here asks for; needed beyond this machine. Empty: made once, "
        "kept as prefect-login in the data directory",
    )
    server_database_connection_url: SecretStr | None = Field(
        default=None, description="Database of a server started here. Empty: its own one beside ours"
    )
    server_encryption_key: SecretStr | None = Field(
        default=None, description="Fernet key for secrets in Prefect. Empty: made once, kept in the data directory"
    )


class ImportSettings(Section):
    """CSV import."""

    prefix: ClassVar[str] = "IMPORT_"

    upload_dir: Path | None = Field(
        default=None, description="The only directory a form may name files in. Default: uploads/ in the data directory"
    )
    batch_rows: int = tuning(default=10_000, ge=100, le=100_000, description="Rows a commit")
    process_rows: int = tuning(
        default=30_000, ge=0, description="Files of so many rows or more are read in a process of their own"
    )
    default_country: Annotated[str, AfterValidator(known_code)] | None = Field(
        default=None,
        description="Country, by code or name, of phone numbers without a country code where the row names no country",
    )


class QualificationSettings(Section):
    """Qualifying leads."""

    prefix: ClassVar[str] = "QUALIFY_"

    icp: Path | None = Field(
        default=None, description="The ideal customer profile. Default: icp.yaml in the data directory, or the example"
    )
    batch_leads: int = tuning(default=5_000, ge=10, le=50_000, description="Leads a task run, scored by rules alone")
    model_batch_leads: int = tuning(default=200, ge=1, le=5_000, description="Leads a task run, where a model is asked")
    model_calls_at_once: int = tuning(default=20, ge=1, le=500, description="Leads a task puts before a model at once")


class DiscoverySettings(Section):
    """Discovery of contacts over many leads."""

    prefix: ClassVar[str] = "DISCOVERY_"

    fresh_for_s: float = tuning(
        default=2_592_000, ge=0, le=31_536_000, description="Seconds until a site that was read is visited again"
    )
    retry_after_s: float = tuning(
        default=86_400, ge=0, le=31_536_000, description="Seconds until a site that could not be read is tried again"
    )
    batch_sites: int = tuning(default=25, ge=1, le=100, description="Sites a task")
    batches_at_once: int = tuning(default=4, ge=1, le=50, description="Tasks side by side in one run")
    sites_at_once: int = tuning(default=10, ge=1, le=100, description="Sites visited at once in a task")
    model: bool = Field(
        default=False,
        description="Ask the model for `enrichment` about pages whose titles the rules gave to nobody; it only chooses "
        "among the page's names",
    )


class AgentSettings(Section):
    """Agents: what a thread may use, and how long it is remembered."""

    prefix: ClassVar[str] = "AGENTS_"

    max_steps: int = tuning(default=50, ge=1, le=1000, description="Steps of a thread")
    max_seconds: float = tuning(default=600, gt=0, le=86_400, description="Seconds of one run")
    max_tokens: int = tuning(default=200_000, ge=1, description="Tokens of a thread, both ways")
    max_usd: Decimal = Field(default=Decimal(1), gt=0, le=1000, description="US dollars of a thread")
    keep_ended_s: float = tuning(default=2_592_000, ge=60, description="Seconds until an ended thread is forgotten")
    keep_open_s: float = tuning(default=7_776_000, ge=60, description="Seconds until one that waits is forgotten")


class EnrichmentSettings(Section):
    """Enriching leads."""

    prefix: ClassVar[str] = "ENRICH_"

    config: Path | None = Field(
        default=None,
        description="Which providers fill which fields. Default: enrichment.yaml in the data directory, or the one "
        "that ships",
    )
    batch_leads: int = tuning(default=200, ge=1, le=5_000, description="Leads a task run")
    batches_at_once: int = tuning(default=4, ge=1, le=50, description="Task runs side by side in one run")
    sites_at_once: int = tuning(default=20, ge=1, le=200, description="Websites read at once in a task run")
    keep_s: float = tuning(
        default=7_776_000,
        ge=86_400,
        le=315_360_000,
        description="Seconds after which the sweep deletes an answer of a provider that is no longer fresh; values "
        "taken from it stay",
    )


class CrmSettings(Section):
    """Keeping leads in step with a CRM."""

    prefix: ClassVar[str] = "CRM_"

    config: Path | None = Field(
        default=None, description="What is kept in step. Default: crm.yaml in the data directory, or the example"
    )
    overlap_s: float = tuning(
        default=300,
        ge=60,
        le=86_400,
        description="Seconds of the CRM's change log that are read again each time, because changes appear late",
    )
    described_for_s: float = tuning(
        default=86_400, ge=60, le=604_800, description="Seconds until the CRM is asked anew which fields it has"
    )
    calls_at_once: int = tuning(default=20, ge=1, le=100, description="Calls to the CRM side by side in one run")


class Settings:
    """All sections. Construct once at a process's edge, or use `settings()`.

    Those that are no provider's are attributes; those that plugs declare are had by `read`, with their class.
    """

    def __init__(self, environment: Environment | None = None) -> None:
        """Read all sections but the plugs'. Raises InvalidSetting naming the variable that is wrong."""
        self._environment = environment or Environment.of_process()
        self._sections: dict[type[Section], Section] = {}
        read = self._environment.read
        place = read(HomeSettings)
        self.home = place.home.expanduser().absolute()
        self.root = place.root
        self.host_names = place.host_names
        self.prefect = read(PrefectSettings)
        self.postgres = read(PostgresSettings)
        self.redis = read(RedisSettings)
        self.imports = read(ImportSettings)
        self.qualification = read(QualificationSettings)
        self.discovery = read(DiscoverySettings)
        self.outreach = OutreachSettings(self._environment)
        self.agents = read(AgentSettings)
        self.enrichment = read(EnrichmentSettings)
        self.crm = read(CrmSettings)
        self.speech = read(SpeechSettings)

    def read(self, section: type[S]) -> S:
        """Return a section, read once. Raises InvalidSetting naming the variable that is wrong."""
        found = self._sections.get(section)
        if not isinstance(found, section):
            found = self._sections[section] = self._environment.read(section)
        return found

    def use(self, section: Section) -> None:
        """Let `read` return this instead of what the environment says."""
        self._sections[type(section)] = section

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know of the names that were read so far, a line each."""
        return tuple(self._environment.notices)

    @property
    def upload_dir(self) -> Path:
        """The directory that forms may name files in."""
        return self.imports.upload_dir or self.home / "uploads"


@cache
def settings() -> Settings:
    """The process's settings, read once from the environment and `.env`. Raises InvalidSetting."""
    found = Settings()
    for notice in found.notices:
        log.warning(notice)
    return found
