"""What a section of settings is: a plain model with a prefix, whose fields are for users or for tuning."""

from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

_TUNING = {"tuning": True}


class Section(BaseModel):
    """Settings of one subject or provider. Made directly it has its defaults; `Environment.read` fills it.

    Attributes:
        prefix: what the variables of this section begin with, as `POSTGRES_`.
        empty_lifts: an empty variable means None instead of the default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: ClassVar[str] = ""
    empty_lifts: ClassVar[bool] = False


S = TypeVar("S", bound=Section)


class SettingsReader(Protocol):
    """Reads a section of settings as it is set: `Environment.read`, or whatever stands in for it."""

    def __call__(self, section: type[S], /) -> S:
        """Return the section. Raises InvalidSetting."""
        ...


def tuning(default: Any, description: str, **bounds: Any) -> Any:
    """Return a field for those who tune an installation: documented apart, absent from `.env.example`."""
    return Field(default=default, description=description, json_schema_extra=dict(_TUNING), **bounds)


def is_tuning(field: FieldInfo) -> bool:
    """Return whether a field is for tuning, not for every user."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and extra.get("tuning") is True


def variables(section: type[Section]) -> dict[str, FieldInfo]:
    """Return variable name to field, in the order of the section."""
    return {f"{section.prefix}{name}".upper(): field for name, field in section.model_fields.items()}
