"""What goes into a run and what comes out of it: forms, which a person fills in, and reports."""

from collections.abc import Collection
from typing import Any

from pydantic import BaseModel, ConfigDict


def _in_order(schema: dict[str, Any]) -> None:
    """Number the fields: Prefect stores a schema without its order, and its UI sorts by `position`."""
    for position, field in enumerate(schema.get("properties", {}).values()):
        field["position"] = position


class Form(BaseModel):
    """A request: cannot be changed, refuses what it does not know, and is shown field by field as it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_in_order)


class Frozen(BaseModel):
    """A value: cannot be changed, refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Report(Frozen):
    """What a run did or would do, or how things stand: what the doors print, and what is kept of the run."""

    def to_json(self, *, without: Collection[str] = ()) -> dict[str, Any]:
        """Return the report as JSON values: decimals and dates as text, ids as text.

        Args:
            without: names of fields that are left out.
        """
        return self.model_dump(mode="json", exclude=set(without) or None)
