"""Settings as they are told to a person: each with its value, where it came from, and what it is."""

from collections.abc import Iterable, Iterator

from pydantic.fields import FieldInfo

from core.settings.environment import Environment, is_secret
from core.settings.outreach import ApprovalSettings, CampaignSettings, MeetingSettings, SuppressionSettings
from core.settings.providers import SpeechSettings
from core.settings.sections import Section, is_tuning, variables
from core.settings.settings import (
    AgentSettings,
    CrmSettings,
    DiscoverySettings,
    EnrichmentSettings,
    HomeSettings,
    ImportSettings,
    PostgresSettings,
    PrefectSettings,
    QualificationSettings,
    RedisSettings,
)

SECTIONS: tuple[type[Section], ...] = (
    HomeSettings,
    PostgresSettings,
    RedisSettings,
    PrefectSettings,
    ImportSettings,
    QualificationSettings,
    DiscoverySettings,
    AgentSettings,
    EnrichmentSettings,
    CrmSettings,
    ApprovalSettings,
    SuppressionSettings,
    CampaignSettings,
    MeetingSettings,
    SpeechSettings,
)
"""Those that are no provider's, in the order in which they are told; `integrations/plugs.py` has all."""


def variable_secrecy(sections: Iterable[type[Section]]) -> Iterator[tuple[str, bool]]:
    """Yield each variable's name, in upper case, and whether its value is secret."""
    for section in sections:
        yield from ((name, is_secret(field)) for name, field in variables(section).items())


def shown_settings(
    sections: Iterable[type[Section]], environment: Environment | None = None
) -> tuple[list[dict[str, str | bool]], tuple[str, ...]]:
    """Return a row a setting (`setting`, `value`, `from`, `tuning`, `what`) in order, and what to say of the names.

    Raises:
        InvalidSetting: for a value that a setting cannot have.
    """
    environment = environment or Environment.of_process()
    rows: list[dict[str, str | bool]] = []
    for section in sections:
        read = environment.read(section)
        for (variable, field), name in zip(variables(section).items(), section.model_fields, strict=True):
            text, origin = environment.find(variable)
            taken = text is not None and (text != "" or section.empty_lifts)
            rows.append(
                {
                    "setting": variable,
                    "value": _shown(field, getattr(read, name)),
                    "from": origin.value if taken else "default",
                    "tuning": is_tuning(field),
                    "what": field.description or "",
                }
            )
    return rows, tuple(environment.notices)


def _shown(field: FieldInfo, value: object) -> str:
    if value is None:
        return ""
    if is_secret(field):
        return "set, not shown"
    return str(value).lower() if isinstance(value, bool) else str(value)
