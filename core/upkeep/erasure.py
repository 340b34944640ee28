"""Erasing a person: who is meant, and what the receipt says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.text.names import person_key


@dataclass(frozen=True)
class Subject:
    """A person to erase, as far as they are known here.

    Attributes:
        address: normalised.
        lead_ids: leads whose contact they are, or whose text names the address.
        names: as written with those leads and contacts.
        approval_ids: of what was or would have been sent to them, or names them.
        thread_ids: of agents' threads about them.
    """

    address: str
    lead_ids: tuple[UUID, ...] = ()
    names: tuple[str, ...] = ()
    approval_ids: tuple[UUID, ...] = ()
    thread_ids: tuple[UUID, ...] = ()

    @property
    def person_keys(self) -> frozenset[str]:
        """Keys that their names have among contacts."""
        return frozenset(person_key(name) for name in self.names)

    def is_named_in(self, text: str) -> bool:
        """Return whether a text holds the address, in any case."""
        return self.address in text.lower()


@dataclass(frozen=True)
class ErasureReceipt:
    """What an erasure removed. It holds nothing of the person.

    Attributes:
        erased: place -> how many rows, files or artifacts.
        left: what was found and not removed, and what to do about it.
        not_covered: what lies outside and was not looked at.
    """

    by: str
    at: datetime
    key_id: str
    erased: Mapping[str, int]
    left: tuple[str, ...] = ()
    not_covered: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Return the receipt as `sales-agent erase --json` prints it."""
        return {
            "erased_by": self.by,
            "erased_at": self.at.isoformat(),
            "tombstone_key": self.key_id,
            "erased": {place: count for place, count in self.erased.items() if count},
            "looked_at": sorted(self.erased),
            "left": list(self.left),
            "not_covered": list(self.not_covered),
        }
