"""Make `.env.example` from the settings: `python -m scripts.env_example`."""

import inspect
from pathlib import Path

from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from core.settings import outreach as outreach_settings
from core.settings import providers as provider_settings
from core.settings import settings

TARGET = Path(__file__).parent.parent / ".env.example"
_HEAD = """# Every setting, with its default. Copy to .env and change what you need; nothing has to be set.
"""
_COMPOSE = """
# --- docker-compose.yml only
# POSTGRES_PASSWORD=        letters and digits
# REDIS_PASSWORD=           letters and digits
# PREFECT_AUTH=             user:password that the Prefect server asks for
# PGADMIN_EMAIL=
# PGADMIN_PASSWORD=
"""


def sections() -> list[type[BaseSettings]]:
    """List the settings' sections in the order they are written."""
    found = []
    for module in (settings, outreach_settings, provider_settings):
        classes = [each for _, each in inspect.getmembers(module, inspect.isclass) if issubclass(each, BaseSettings)]
        own = [each for each in classes if each.__module__ == module.__name__ and each.model_config.get("env_prefix")]
        found += sorted(own, key=lambda each: inspect.getsourcelines(each)[1])
    return found


def render() -> str:
    """Write one commented line a setting."""
    lines = [_HEAD]
    for section in sections():
        lines.append(f"# --- {inspect.getdoc(section)}")
        prefix = section.model_config.get("env_prefix", "")
        for name, field in section.model_fields.items():
            default = "" if field.default in (None, PydanticUndefined) else str(field.default)
            lines.append(f"# {field.description}")
            lines.append(f"# {prefix.upper()}{name.upper()}={default}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n" + _COMPOSE


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
