"""Who was erased, told by keyed hashes of addresses, LinkedIn profiles and phone numbers.

A row, a page or a CRM's record of an erased person keeps its company and leaves the person out. Reading the tombstones
holds a lock that erasing waits for, so that nobody slips in between; who makes leads or contacts takes
`db.leads.matching.lock_who_is_who` before it, as erasing does.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from core.errors import ConfigurationError
from core.outreach.approvals import person
from core.outreach.suppression import TombstoneKey, TombstoneKind, spellings
from db.server.engine import Connection

_KEYS = "SELECT DISTINCT key_id FROM tombstones"


def no_key() -> TombstoneKey:
    """Stand for a key where nobody was ever erased. Raises ConfigurationError."""
    raise ConfigurationError("persons were erased here, and this import was given no key to tell who")


async def erased_among(
    connection: Connection,
    values: Collection[str],
    key: Callable[[], TombstoneKey],
    *,
    kind: TombstoneKind = "address",
) -> set[str]:
    """Return those of some values whose person was erased.

    Args:
        connection: in the transaction that would bring them back.
        values: addresses, LinkedIn profiles or phone numbers, in the form in which fields hold them.
        key: gives the key of the tombstones; asked only where there are any.
        kind: what the values are. A phone number alone names nobody: it tells of a person without address and profile.

    Raises:
        ConfigurationError: there are tombstones of another key.
    """
    if not values:
        return set()
    own = await _own_key(await connection.execute(_KEYS), key)
    if own is None:
        return set()
    digests = {own.digest(value, kind): value for value in values}
    found = await connection.execute("SELECT digest FROM tombstones WHERE digest = ANY(%s)", [list(digests)])
    return {digests[bytes(digest)] for (digest,) in await found.fetchall()}


class PersonMarks(NamedTuple):
    """What a person may be recognised by, in the form in which fields hold it."""

    address: str | None
    profile: str | None
    phone: str | None


async def erased_people(
    connection: Connection, people: Sequence[PersonMarks], key: Callable[[], TombstoneKey]
) -> list[bool]:
    """Return of each of some people whether they were erased: by address or profile, without both by phone number.

    Args:
        connection: in the transaction that would bring them back.
        people: any number.
        key: gives the key of the tombstones; asked only where there are any.

    Raises:
        ConfigurationError: there are tombstones of another key.
    """
    if not people or await _own_key(await connection.execute(_KEYS), key) is None:
        return [False] * len(people)
    addresses = await erased_among(connection, {each.address for each in people if each.address}, key)
    profiles = await erased_among(connection, {each.profile for each in people if each.profile}, key, kind="profile")
    # A number may be another's by now, who then has an address or a profile of their own.
    numbers = {each.phone for each in people if each.phone and not each.address and not each.profile}
    phones = await erased_among(connection, numbers, key, kind="phone")
    return [
        each.address in addresses or each.profile in profiles
        or (each.phone in phones and not each.address and not each.profile)
        for each in people
    ]  # fmt: skip


async def bury(
    connection: Connection,
    addresses: Iterable[str],
    profiles: Iterable[str] = (),
    phones: Iterable[str] = (),
    *,
    key: TombstoneKey,
    by: str,
    now: datetime,
) -> None:
    """Leave tombstones for what an erased person is known by, normalised, in place of suppressions that spell it out.

    Raises:
        ConfigurationError: there are tombstones of another key.
    """
    await _own_key(await connection.execute(_KEYS), lambda: key)
    known = list(addresses)
    kinds: tuple[tuple[TombstoneKind, Iterable[str]], ...] = (
        ("address", known),
        ("profile", profiles),
        ("phone", phones),
    )
    values = {
        "digests": [key.digest(value, kind) for kind, of_kind in kinds for value in of_kind],
        "key_id": key.key_id,
        "by": person(by),
        "now": now,
    }
    await connection.execute(
        "INSERT INTO tombstones (digest, key_id, erased_by, erased_at)"
        " SELECT digest, %(key_id)s, %(by)s, %(now)s FROM unnest(%(digests)s::bytea[]) AS d (digest)"
        " ON CONFLICT DO NOTHING",
        values,
    )
    spelled = [spelling for address in known for spelling in spellings(address)]
    await connection.execute("DELETE FROM suppressions WHERE value = ANY (%(spelled)s)", {"spelled": spelled})


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
