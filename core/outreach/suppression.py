"""Whom we never write to: addresses and domains that are suppressed, and persons who were erased.

An erased person leaves tombstones: HMAC-SHA-256 of each address, LinkedIn profile and phone number under a key of this
installation. Who reads the table learns nobody's address; who has the key can tell whether one they hold is among them.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from core.errors import InvalidInput
from core.text import normalize
from core.text.mail_addresses import ascii_domain, folded, readable

_MIN_KEY = 32

TombstoneKind = Literal["address", "profile", "phone"]
"""What of an erased person leaves a tombstone: each e-mail address, LinkedIn profile and phone number of their own."""


class Reason(StrEnum):
    """Why somebody is not written to."""

    OPT_OUT = "opt_out"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DO_NOT_CALL = "do_not_call"
    """Of calls and talks by voice alone: letters may be written."""
    OTHER = "other"


@dataclass(frozen=True)
class Target:
    """What is suppressed: one address, a domain with all its subdomains, a person or a company without an address.

    Attributes:
        value: the address or domain in its canonical form; of a person or company a name to list it by.
        keys: what else finds it, where the address is not known: see `core.outreach.opt_outs`.
    """

    kind: Literal["address", "domain", "person", "company"]
    value: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportedOptOut:
    """A refusal that arrived as data, in a file or from the CRM.

    Attributes:
        by: who says so, as `import ID`.
        note: where it stands there.
        origin: names the statement; one that a person has lifted is not taken again from the same origin.
    """

    target: Target
    reason: Reason
    by: str
    note: str
    origin: str


@dataclass(frozen=True)
class Suppression:
    """A suppression that stands."""

    id: UUID
    target: Target
    reason: str
    note: str | None
    added_by: str
    added_at: datetime


def address_key(address: str) -> str:
    """Return the one spelling of an address that suppressions, tombstones and leads are compared by.

    Raises:
        InvalidInput: it is no address.
    """
    found = normalize.email(address)
    if found is None or found.count("@") != 1:
        raise InvalidInput("this is no e-mail address")
    return found


def target_of(text: str) -> Target:
    """Read what a person names: `ada@brightwell.example`, or `brightwell.example` or `@brightwell.example`.

    `person: …` and `company: …` name one that was suppressed without an address, as a list of suppressions shows it;
    `voice` before any of these names the suppression of calls alone.

    Raises:
        InvalidInput: it is neither.
    """
    given = folded(text.strip())
    if given.startswith(_VOICE):
        return of_voice(target_of(without_channel(given)))
    for kind in _UNADDRESSED:
        if given.startswith(f"{kind}:"):
            return Target(kind, given)
    if "@" in given.removeprefix("@"):
        return Target("address", address_key(given))
    domain = ascii_domain(given.removeprefix("@").rstrip("."))
    if domain is None or address_key(f"somebody@{domain}") != f"somebody@{domain}":
        raise InvalidInput("this is neither an e-mail address nor a domain")
    return Target("domain", domain)


_UNADDRESSED: tuple[Literal["person", "company"], ...] = ("person", "company")


_VOICE = "voice "


def by_voice(signs: Iterable[str]) -> list[str]:
    """Return what suppressions of the voice alone are found under, of what finds all of somebody's."""
    return [f"{_VOICE}{sign}" for sign in signs]


def of_voice(target: Target) -> Target:
    """Return the suppression of calls and talks by voice, beside which letters may be written.

    It stands under names of its own, so that nobody who asks about letters meets it.
    """
    return Target(target.kind, f"{_VOICE}{target.value}", tuple(by_voice(target.keys)))


def without_channel(value: str) -> str:
    """Return whom a suppression is of, whichever channel it is of."""
    return value.removeprefix(_VOICE)


def spellings(address: str) -> tuple[str, ...]:
    """Return an address in its canonical form, and as older versions have stored it."""
    canonical = normalize.email(address) or address
    return tuple(dict.fromkeys((canonical, readable(canonical), address)))


def matching_values(address: str) -> tuple[str, ...]:
    """Return what a suppression of this address may be stored as: itself, its domain, and the domains above."""
    found: dict[str, None] = {}
    for spelling in spellings(address):
        labels = spelling.partition("@")[2].split(".")
        found |= dict.fromkeys((spelling, *(".".join(labels[start:]) for start in range(len(labels) - 1))))
    return tuple(found)


@dataclass(frozen=True)
class TombstoneKey:
    """The secret that tombstones are made with."""

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) < _MIN_KEY:
            raise InvalidInput(f"the key of tombstones has fewer than {_MIN_KEY} bytes")

    def __repr__(self) -> str:
        return f"TombstoneKey({self.key_id})"

    @property
    def key_id(self) -> str:
        """A name for the key that does not give it away."""
        return hmac.new(self.secret, b"key id", hashlib.sha256).hexdigest()[:16]

    def digest(self, value: str, kind: TombstoneKind = "address") -> bytes:
        """Return the tombstone of a normalised address, a LinkedIn profile or a phone number in international form."""
        # No address begins with a kind and a colon; addresses are hashed as they always were.
        said = value if kind == "address" else f"{kind}:{value}"
        return hmac.digest(self.secret, said.encode(), hashlib.sha256)
