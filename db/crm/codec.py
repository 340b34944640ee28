"""Links, bases and companies of a CRM as JSON, and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from core.crm.merging import Base
from core.crm.records import RecordKind, RecordValues, RemoteRecord, RemoteUnit, Value
from core.crm.states import SyncState
from core.crm.units import Edit, RecordLink
from core.crm.values import are_equal
from core.text.cell_text import storable


def value_json(value: Value) -> Any:
    """Write a value."""
    if value is None:
        return None
    return storable(value) if isinstance(value, str) else [storable(item) for item in value]


def value_of(written: Any) -> Value:
    """Read a value."""
    return tuple(written) if isinstance(written, list) else written


def values_json(values: RecordValues) -> Any:
    """Write values by field."""
    return {name: value_json(value) for name, value in values.items()}


def values_of(written: Mapping[str, Any]) -> dict[str, Value]:
    """Read values by field."""
    return {name: value_of(value) for name, value in written.items()}


def base_json(bases: Mapping[str, Base]) -> Any:
    """Write what was last agreed on: `t` theirs, `o` ours where it differs, `p` where people in the CRM wrote it."""
    written: dict[str, dict[str, Any]] = {}
    for name, base in bases.items():
        entry: dict[str, Any] = {"t": value_json(base.theirs)}
        if value_json(base.ours) != entry["t"]:
            entry["o"] = value_json(base.ours)
        if base.is_theirs:
            entry["p"] = True
        written[name] = entry
    return written


def bases_of(written: Mapping[str, Mapping[str, Any]]) -> dict[str, Base]:
    """Read what was last agreed on."""
    return {
        name: Base(value_of(entry["t"]), value_of(entry.get("o", entry["t"])), bool(entry.get("p")))
        for name, entry in written.items()
    }


def edits_of(written: Mapping[str, Mapping[str, str]]) -> dict[str, Edit]:
    """Read who wrote which field, and when."""
    return {name: Edit(datetime.fromisoformat(mark["at"]), mark["by"]) for name, mark in written.items()}


def times_of(written: Mapping[str, str]) -> dict[str, datetime]:
    """Read moments by name."""
    return {name: datetime.fromisoformat(moment) for name, moment in written.items()}


def overwritten_of(written: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[Value, datetime]]:
    """Read what was written over, and when it had been written."""
    return {name: (value_of(lost["v"]), datetime.fromisoformat(lost["at"])) for name, lost in written.items()}


def record_json(record: RemoteRecord) -> Any:
    """Write a record of the CRM."""
    return {
        "id": record.id,
        "values": values_json(record.values),
        "own_id": str(record.own_id) if record.own_id else None,
        "updated_at": record.updated_at.isoformat() if record.updated_at else None,
    }


def _record_of(kind: RecordKind, written: Mapping[str, Any]) -> RemoteRecord:
    own_id, updated_at = written["own_id"], written["updated_at"]
    return RemoteRecord(
        kind,
        written["id"],
        values_of(written["values"]),
        UUID(own_id) if own_id else None,
        datetime.fromisoformat(updated_at) if updated_at else None,
    )


def unit_json(unit: RemoteUnit | None) -> Any:
    """Write a company with its people; None where it is gone."""
    if unit is None:
        return None
    return {"lead": record_json(unit.lead), "contacts": [record_json(contact) for contact in unit.contacts]}


def unit_of(written: Any) -> RemoteUnit | None:
    """Read a company with its people."""
    if written is None:
        return None
    contacts = tuple(_record_of(RecordKind.CONTACT, contact) for contact in written["contacts"])
    return RemoteUnit(_record_of(RecordKind.LEAD, written["lead"]), contacts)


def link_of(row: Mapping[str, Any]) -> RecordLink:
    """Read a link."""
    return RecordLink(
        kind=RecordKind(row["kind"]),
        own_id=row["own_id"],
        lead_id=row["lead_id"],
        remote_id=row["remote_id"],
        base=bases_of(row["base"]),
        seen_edits=times_of(row["seen_edits"]),
        state=SyncState(row["state"]),
        reason=row["reason"],
        failures=row["failures"],
        next_try_at=row["next_try_at"],
        create_sent_at=row["create_sent_at"],
        remote_updated_at=row["remote_updated_at"],
        is_gone=row["is_gone"],
        token=row["local_token"],
    )


def others_of(value: Value, column: str | None) -> list[str]:
    """Return the items of a list beyond the one that its column holds."""
    listed = (value,) if isinstance(value, str) else value or ()
    return [item for item in listed if column is None or not are_equal(item, column)]
