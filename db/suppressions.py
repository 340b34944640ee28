"""Suppressions and tombstones: whom we never write to, and whom no import brings back."""

from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.approvals import person
from core.errors import ConfigurationError, Suppressed
from core.suppression import Reason, Suppression, Target, TombstoneKey, matching_values
from db.sending_tables import SuppressionRow, TombstoneRow

_TABLE = SuppressionRow.__table__
_STANDS = _TABLE.c.removed_at.is_(None)


async def add(
    connection: AsyncConnection, target: Target, *, reason: Reason, by: str, now: datetime, note: str | None = None
) -> bool:
    """Suppress an address or a domain; return whether it is new. Safe to repeat: the first reason stands."""
    values = {
        "id": uuid4(),
        "kind": target.kind,
        "value": target.value,
        "reason": str(reason),
        "note": note,
        "added_by": person(by),
        "added_at": now,
    }
    statement = upsert(SuppressionRow).values(**values)
    found = await connection.execute(
        statement.on_conflict_do_nothing(index_elements=["value"], index_where=_STANDS).returning(_TABLE.c.id)
    )
    return found.first() is not None


async def remove(connection: AsyncConnection, target: Target, *, by: str, now: datetime) -> bool:
    """Lift a suppression, and keep who did so; return whether there was one. An erased person stays erased."""
    statement = update(SuppressionRow).where(_STANDS, _TABLE.c.value == target.value)
    changed = await connection.execute(statement.values(removed_by=person(by), removed_at=now))
    return bool(changed.rowcount)


async def select_standing(connection: AsyncConnection, *, limit: int = 1000) -> list[Suppression]:
    """List what stands, the newest first."""
    query = select(_TABLE).where(_STANDS).order_by(_TABLE.c.added_at.desc(), _TABLE.c.value).limit(limit)
    return [
        Suppression(row.id, Target(row.kind, row.value), row.reason, row.note, row.added_by, row.added_at)
        for row in await connection.execute(query)
    ]


async def why_suppressed(connection: AsyncConnection, address: str, key: TombstoneKey) -> str | None:
    """Say why an address must not be written to, or None where it may.

    Args:
        connection: in the transaction that the writing is recorded in.
        address: normalised.
        key: of the tombstones.

    Raises:
        ConfigurationError: there are tombstones of another key, so nobody can tell.
    """
    if await erased_among(connection, [address], key):
        return "erased"
    query = select(_TABLE.c.reason, _TABLE.c.kind).where(_STANDS, _TABLE.c.value.in_(matching_values(address)))
    row = (await connection.execute(query.order_by(_TABLE.c.kind))).first()
    if row is None:
        return None
    return str(row.reason) if row.kind == "address" else f"{row.reason} (its domain)"


async def refuse_suppressed(connection: AsyncConnection, address: str, key: TombstoneKey) -> None:
    """Do nothing for an address that may be written to. Raises Suppressed, ConfigurationError."""
    why = await why_suppressed(connection, address, key)
    if why is not None:
        raise Suppressed(f"the recipient must not be written to: {why}")


async def bury(connection: AsyncConnection, address: str, key: TombstoneKey, *, by: str, now: datetime) -> None:
    """Leave a tombstone for a normalised address, in place of suppressions that spell it out."""
    await refuse_other_keys(connection, key)
    values = {"digest": key.digest(address), "key_id": key.key_id, "erased_by": person(by), "erased_at": now}
    await connection.execute(upsert(TombstoneRow).values(**values).on_conflict_do_nothing())
    await connection.execute(delete(SuppressionRow).where(_TABLE.c.value == address))


async def erased_among(connection: AsyncConnection, addresses: Collection[str], key: TombstoneKey) -> set[str]:
    """Return those of some normalised addresses that were erased. Raises ConfigurationError for a wrong key."""
    if not addresses or not await _any_tombstones(connection):
        return set()
    await refuse_other_keys(connection, key)
    digests = {key.digest(address): address for address in addresses}
    found = await connection.execute(select(TombstoneRow.digest).where(TombstoneRow.digest.in_(list(digests))))
    return {digests[bytes(row.digest)] for row in found}


async def _any_tombstones(connection: AsyncConnection) -> bool:
    return bool(
        await connection.scalar(select(func.count()).select_from(select(TombstoneRow.key_id).limit(1).subquery()))
    )


async def refuse_other_keys(connection: AsyncConnection, key: TombstoneKey) -> None:
    """Do nothing where all tombstones are of this key.

    Raises:
        ConfigurationError: some are of another, so that nobody can tell who was erased.
    """
    other = await connection.scalar(select(TombstoneRow.key_id).where(TombstoneRow.key_id != key.key_id).limit(1))
    if other is not None:
        raise ConfigurationError(
            f"persons were erased under another key ({other}, not {key.key_id}): "
            "set SUPPRESSION_KEY, or bring back tombstones.key of the data directory it was done in"
        )
