"""What every section of the settings has in common: where its values come from.

The environment goes first, then the file of keys, then `.env`. The file of keys is how a worker's runs get what is
secret: `sales-agent up` and `sales-agent worker` move it there out of the environment, which every program that a run
starts would inherit and many write into their reports.
"""

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import get_args

from pydantic import SecretStr
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

KEYS_FILE = "SALES_AGENT_KEYS_FILE"
"""Names, in the environment of a worker and its runs, the file of keys: a JSON object of names and values."""


def section(prefix: str) -> SettingsConfigDict:
    """Return the configuration of a section whose variables start with `prefix`."""
    return SettingsConfigDict(env_prefix=prefix, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)


class Section(BaseSettings):
    """A section of the settings."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the file of keys between the environment and `.env`."""
        keys = EnvSettingsSource(settings_cls)
        keys.env_vars = _keys()
        return init_settings, env_settings, keys, dotenv_settings, file_secret_settings

    @classmethod
    def variables(cls) -> Iterator[tuple[str, bool]]:
        """Yield each variable's name, in upper case, and whether its value is secret."""
        prefix = cls.model_config.get("env_prefix", "")
        for name, field in cls.model_fields.items():
            is_secret = SecretStr in (field.annotation, *get_args(field.annotation))
            yield f"{prefix}{name}".upper(), is_secret


def sections() -> Iterator[type[Section]]:
    """Yield every section that has been imported; `core.settings.settings` imports all."""
    waiting = Section.__subclasses__()
    while waiting:
        each = waiting.pop(0)
        waiting += each.__subclasses__()
        if each.model_config.get("env_prefix"):
            yield each


@cache
def _keys() -> Mapping[str, str | None]:
    """Read the file of keys once, names in lower case as pydantic-settings compares them."""
    path = os.environ.get(KEYS_FILE)
    if not path:
        return {}
    try:
        kept: dict[str, str] = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {name.lower(): value for name, value in kept.items()}
