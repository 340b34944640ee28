"""Keeps erased persons out of an import: a batch that names one keeps the company and loses the person.

Set-based: one statement a batch finds the rows by their keyed hash, and only where there are tombstones at all. Reading
the tombstones holds a lock that erasing waits for, so that no batch slips in between.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import psycopg

from core.errors import ConfigurationError
from core.leads.fields import PERSONAL_FIELDS
from core.leads.lead import FIELDS, dedupe_key
from core.outreach.suppression import TombstoneKey
from db.server.engine import Connection

_KEPT = tuple(field for field in FIELDS if field not in PERSONAL_FIELDS)
_KEYS = "SELECT DISTINCT key_id FROM tombstones"

TAKE_ERASED = f"""
DELETE FROM lead_stage s WHERE s.contact_email IS NOT NULL AND EXISTS (
    SELECT FROM tombstones t
    WHERE t.digest = sha256(%(outer)s::bytea || sha256(%(inner)s::bytea || convert_to(s.contact_email, 'UTF8')))
) RETURNING s.id, {", ".join(f"s.{field}" for field in _KEPT)}
"""

_PUT_BACK = f"""
INSERT INTO lead_stage (id, dedupe_key, {", ".join(_KEPT)})
SELECT %(id)s, %(dedupe_key)s, {", ".join(f"%({field})s" for field in _KEPT)}
WHERE NOT EXISTS (SELECT FROM lead_stage s WHERE s.dedupe_key = %(dedupe_key)s)
"""


def no_key() -> TombstoneKey:
    """Stand for a key where nobody was ever erased. Raises ConfigurationError."""
    raise ConfigurationError("persons were erased here, and this import was given no key to tell who")


def company_key(values: Mapping[str, Any]) -> str | None:
    """Return the key a lead has without its person; None where nothing else identifies it."""
    named = ("company_name", "company_domain", "external_id")
    if not any(values.get(name) for name in named):
        return None
    return dedupe_key(
        external_id=values.get("external_id"),
        source=values.get("source"),
        domain=values.get("company_domain"),
        company=values.get("company_name"),
        city=values.get("city"),
        country=values.get("country"),
    )


async def erased_among(connection: Connection, addresses: Collection[str], key: Callable[[], TombstoneKey]) -> set[str]:
    """Return those of some normalised addresses whose person was erased.

    Raises:
        ConfigurationError: there are tombstones of another key.
    """
    if not addresses:
        return set()
    own = await _own_key(await connection.execute(_KEYS), key)
    if own is None:
        return set()
    digests = {own.digest(address): address for address in addresses}
    found = await connection.execute("SELECT digest FROM tombstones WHERE digest = ANY(%s)", [list(digests)])
    return {digests[bytes(digest)] for (digest,) in await found.fetchall()}


async def refuse_other_keys(connection: Connection, key: TombstoneKey) -> None:
    """Do nothing where all tombstones are of this key.

    Raises:
        ConfigurationError: some are of another, so that nobody can tell who was erased.
    """
    await _own_key(await connection.execute(_KEYS), lambda: key)


async def _own_key(key_ids: psycopg.AsyncCursor[Any], key: Callable[[], TombstoneKey]) -> TombstoneKey | None:
    """Return the key where there are tombstones, all of this key; None where there are none."""
    known = {row[0] for row in await key_ids.fetchall()}
    if not known:
        return None
    own = key()
    if known != {own.key_id}:
        raise ConfigurationError(
            "persons were erased under another key than this installation's: set SUPPRESSION_KEY, or bring back "
            "tombstones.key of the data directory it was done in; nothing was written"
        )
    return own


async def strip_erased(cursor: psycopg.AsyncCursor[Any], key: Callable[[], TombstoneKey]) -> int:
    """Take erased persons out of the staged rows of this transaction.

    Args:
        cursor: of the import's transaction, its batch staged.
        key: gives the key of the tombstones; asked only where there are any.

    Returns:
        How many staged rows are gone as a whole: those that named nobody else, or a company that is staged anyway.

    Raises:
        ConfigurationError: there are tombstones of another key.
    """
    own = await _own_key(await cursor.execute(_KEYS), key)
    if own is None:
        return 0
    inner, outer = own.pads
    await cursor.execute(TAKE_ERASED, {"inner": inner, "outer": outer})
    gone = 0
    for row in await cursor.fetchall():
        values = dict(zip(("id", *_KEPT), row, strict=True))
        wanted = company_key(values)
        if wanted is None:
            gone += 1
            continue
        await cursor.execute(_PUT_BACK, {**values, "dedupe_key": wanted})
        gone += 1 - cursor.rowcount
    return gone
