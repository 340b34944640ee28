"""Make `.env.example` and `docs/tuning.md` from the settings: `python -m scripts.env_example`."""

import inspect
from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.settings.providers import ProviderSettings
from core.settings.sections import Section, is_tuning, variables
from integrations.plugs import PLUGS, sections

ROOT = Path(__file__).parent.parent
TARGET = ROOT / ".env.example"
TUNING = ROOT / "docs" / "tuning.md"
_HEAD = """# What people set, each with its default. Copy to .env and change what you need; nothing has to be set.
# For tuning there is more: docs/tuning.md. What holds now, and who said so: sales-agent config show
"""
_COMPOSE = """
# --- docker-compose.yml only
# POSTGRES_PASSWORD=        letters and digits
# REDIS_PASSWORD=           letters and digits
# PREFECT_AUTH=             user:password that the Prefect server asks for
# PGADMIN_EMAIL=
# PGADMIN_PASSWORD=
"""
_TUNING_HEAD = """# Tuning

Settings that an installation runs well without. They are read from the environment or `.env` as those of
[.env.example](../.env.example) are; `sales-agent config show --all` shows what holds. This page is made from the
settings by `python -m scripts.env_example`.

## Every provider

For each provider `X` that is called over HTTP ({prefixes}).
"""


def default_of(field: FieldInfo) -> str:
    """Return a field's default as it would be written."""
    if field.default in (None, PydanticUndefined):
        return ""
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)


def render() -> str:
    """Write one commented line a setting for users."""
    lines = [_HEAD]
    for section in sections():
        wanted = {name: field for name, field in variables(section).items() if not is_tuning(field)}
        if wanted:
            lines.append(f"# --- {inspect.getdoc(section)}")
            for name, field in wanted.items():
                lines += [f"# {field.description}", f"# {name}={default_of(field)}"]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n" + _COMPOSE


def _table(rows: dict[str, FieldInfo]) -> list[str]:
    lines = ["", "| setting | default | what |", "|---|---|---|"]
    lines += [f"| `{name}` | {_cell(default_of(field))} | {field.description} |" for name, field in rows.items()]
    return lines


def _cell(default: str) -> str:
    return f"`{default}`" if default else ""


def _own_tuning(section: type[Section]) -> dict[str, FieldInfo]:
    """Return the fields for tuning that are not every provider's."""
    shared = ProviderSettings.model_fields if issubclass(section, ProviderSettings) else {}
    found = zip(variables(section).items(), section.model_fields, strict=True)
    return {variable: field for (variable, field), name in found if is_tuning(field) and name not in shared}


def _other_defaults() -> list[str]:
    """Write the defaults of single providers, a row a provider."""
    shared = {name: field for name, field in ProviderSettings.model_fields.items() if is_tuning(field)}
    lines = ["", "Where a provider's default is another:", "", "| `X` | defaults |", "|---|---|"]
    for plug in PLUGS:
        own = plug.over_http.model_fields if plug.over_http else {}
        told = [
            f"`{name.upper()}` {_cell(default_of(field))}"
            for name, field in own.items()
            if name in shared and is_tuning(field) and field.default != shared[name].default
        ]
        if plug.over_http and told:
            lines.append(f"| `{plug.over_http.prefix.rstrip('_')}` | {', '.join(told)} |")
    return lines


def render_tuning() -> str:
    """Write the page of the settings for tuning."""
    prefixes = ", ".join(f"`{plug.over_http.prefix.rstrip('_')}`" for plug in PLUGS if plug.over_http)
    shared = {f"X_{name.upper()}": field for name, field in ProviderSettings.model_fields.items() if is_tuning(field)}
    lines = [_TUNING_HEAD.format(prefixes=prefixes).rstrip(), *_table(shared), *_other_defaults()]
    for section in sections():
        if own := _own_tuning(section):
            lines += ["", f"## {(inspect.getdoc(section) or '').splitlines()[0]}", *_table(own)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    TUNING.write_text(render_tuning(), encoding="utf-8")
