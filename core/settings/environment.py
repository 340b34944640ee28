"""The only reader of the environment.

The process's variables go first, then the file of keys, then a `.env` in the working directory, then the one in the
data directory, which `sales-agent init` writes. The file of keys is how a worker's runs get what is secret:
`sales-agent up` and `sales-agent worker` move it there out of the environment,
which every program that a run starts would inherit and many write into their reports.
"""

import json
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Self, TypeVar, get_args, get_origin

import platformdirs
from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from core.errors import InvalidSetting
from core.settings.sections import Section, variables

S = TypeVar("S", bound=Section)

RENAMED: Mapping[str, str] = {"SPEECH_EAR": "SPEECH_TO_TEXT"}
"""Old name to new name of a variable. The old one is read for one version, and answered with a notice."""

KEYS_FILE = "SALES_AGENT_KEYS_FILE"
"""Names, in the environment of a worker and its runs, the file of keys: a JSON object of names and values."""

HOME = "SALES_AGENT_HOME"
"""Names the data directory, in the environment or in the `.env` of the working directory."""

_CHARS_SHOWN = 80


def default_home() -> str:
    """Return the data directory where none is named: the platform's own place."""
    return platformdirs.user_data_dir("sales-agent")


class SettingOrigin(StrEnum):
    """Where a value came from."""

    PROCESS = "environment"
    KEYS = "file of keys"
    FILE = ".env"
    DEFAULT = "default"


class Environment:
    """Variables by name, in any case; the process's own win over the file's.

    Attributes:
        notices: what a person should know of the names that were read, a line each.
    """

    def __init__(
        self, process: Mapping[str, str], file: Mapping[str, str | None], keys: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Take the variables of a process, of a `.env`, and of a file of keys."""
        self._places = (
            ({name.upper(): value for name, value in process.items()}, SettingOrigin.PROCESS),
            ({name.upper(): value for name, value in keys.items()}, SettingOrigin.KEYS),
            ({name.upper(): value for name, value in file.items() if value is not None}, SettingOrigin.FILE),
        )
        self.notices: list[str] = []

    @classmethod
    def of_process(cls) -> Self:
        """Read this process's variables and `.env`. Raises InvalidSetting where that file cannot be read."""
        try:
            here = dotenv_values(".env")
            home = Path(os.environ.get(HOME) or here.get(HOME) or default_home()).expanduser()
            return cls(os.environ, dotenv_values(home / ".env") | here, _keys(os.environ.get(KEYS_FILE)))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSetting(f".env cannot be read: {error}. Mend the file, or remove it") from error

    def find(self, variable: str) -> tuple[str | None, SettingOrigin]:
        """Return a variable's text and where it is from; None where nobody set it."""
        for name in (variable, *(old for old, new in RENAMED.items() if new == variable)):
            for place, origin in self._places:
                if name in place:
                    if name != variable:
                        self._notice(f"{name} is called {variable} now: rename it in the {origin}")
                    return place[name], origin
        return None, SettingOrigin.DEFAULT

    def read(self, section: type[S]) -> S:
        """Return a section with what is set.

        Raises:
            InvalidSetting: naming the variable, its value and what is allowed, a variable after the other.
        """
        given: dict[str, Any] = {}
        for variable, name in zip(variables(section), section.model_fields, strict=True):
            text, _ = self.find(variable)
            if text:
                given[name] = text
            elif text is not None and section.empty_lifts:
                given[name] = None
        try:
            return section.model_validate(given)
        except ValidationError as error:
            raise InvalidSetting("; ".join(_problem(section, detail) for detail in error.errors())) from None

    def _notice(self, line: str) -> None:
        if line not in self.notices:
            self.notices.append(line)


def _keys(path: str | None) -> dict[str, str]:
    """Read a file of keys; one that is gone holds none."""
    try:
        kept: dict[str, str] = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except FileNotFoundError:
        return {}
    return kept


def _problem(section: type[Section], detail: ErrorDetails) -> str:
    """Return one line: the variable, its value (a secret's is not shown), what is allowed."""
    name = str(detail["loc"][0]) if detail["loc"] else ""
    field = section.model_fields.get(name)
    if field is None:
        return f"{section.prefix}*: {detail['msg']}"
    given = detail["input"]
    value = "what it is set to" if is_secret(field) else repr(str(given)[:_CHARS_SHOWN])
    cause = detail.get("ctx", {}).get("error")
    wanted = str(cause) if isinstance(cause, ValueError) else f"it must be {allowed(field)}"
    return f"{section.prefix}{name.upper()} cannot be {value}: {wanted}"


def is_secret(field: FieldInfo) -> bool:
    """Return whether a field's value must never be shown."""
    return SecretStr in _kinds(field.annotation)


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """Return what an annotation allows, without None: `int | None` gives (int,)."""
    if annotation is None or annotation is type(None):
        return ()
    if get_origin(annotation) is Literal or not get_args(annotation):
        return (annotation,)
    return tuple(kind for part in get_args(annotation) for kind in _kinds(part))


_IN_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "Decimal": "a number",
    "bool": "true or false",
    "time": "a time of day as 09:00",
    "Path": "a path",
}


def allowed(field: FieldInfo) -> str:
    """Return in words what a setting may be."""
    kind = (*_kinds(field.annotation), str)[0]
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    pattern = next((part.pattern for part in field.metadata if getattr(part, "pattern", None)), None)
    words = _IN_WORDS.get(getattr(kind, "__name__", ""), f"text like {pattern}" if pattern else "text")
    bounds = [bound for part in field.metadata if (bound := _bound(part))]
    return ", ".join([words, *bounds])


_BOUNDS = {
    "ge": "{} or more",
    "gt": "more than {}",
    "le": "{} at most",
    "lt": "less than {}",
    "min_length": "{} characters or more",
    "max_length": "{} characters at most",
}


def _bound(part: Any) -> str:
    limits = ((words, getattr(part, name, None)) for name, words in _BOUNDS.items())
    return ", ".join(words.format(limit) for words, limit in limits if limit is not None)
