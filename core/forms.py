"""What a person fills in to start a run: the form of a deployment in the Prefect UI."""

from typing import Any

from pydantic import BaseModel, ConfigDict


def _in_order(schema: dict[str, Any]) -> None:
    """Number the fields: Prefect stores a schema without its order, and its UI sorts by `position`."""
    for position, field in enumerate(schema.get("properties", {}).values()):
        field["position"] = position


class Form(BaseModel):
    """A request: cannot be changed, refuses what it does not know, and is shown field by field as it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_in_order)
