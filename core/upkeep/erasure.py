"""Erasing a person, and saying what is held of them: who is meant, what names them, what the receipt says."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from core.errors import InvalidInput
from core.leads import names as lead_names
from core.outreach.suppression import address_key
from core.text import names as text_names
from core.text.normalize import linkedin_person

_NOBODY = "(?=a)b"
"""A pattern that no text fits."""
_BEFORE = r"(?:(?<![\w.+%/-])|(?<=\\[nrt])|(?<=//)|(?<=www\.))"
"""Not in the middle of a longer address; after an escaped line break of JSON, after the scheme of an address."""
_AFTER = r"(?![\w-]|\.\w)"


class NamedPerson(NamedTuple):
    """How a person is named who is to be erased or told of: by exactly one of these."""

    address: str | None = None
    profile: str | None = None
    contact_id: UUID | None = None


def named_person(text: str) -> NamedPerson:
    """Read an e-mail address, a LinkedIn profile or a contact's id.

    Raises:
        InvalidInput: it is none of them.
    """
    given = text.strip()
    try:
        return NamedPerson(contact_id=UUID(given))
    except ValueError:
        pass
    if profile := linkedin_person(given):
        return NamedPerson(profile=profile)
    try:
        return NamedPerson(address=address_key(given))
    except InvalidInput:
        raise InvalidInput("name the person by an e-mail address, a LinkedIn profile or a contact's id") from None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A person, as far as they are known here.

    Attributes:
        addresses: e-mail addresses of their own, normalised; none that others share.
        profiles: LinkedIn profiles in the canonical form.
        phones: numbers that nobody else here has.
        person_ids: one, or several where one address is that of several people.
        contact_ids: what they are at every lead.
        lead_ids: leads where they are a contact.
        own_lead_ids: those of them that are nobody but the person.
        names: as written with their contacts.
        approval_ids: of what was or would have been sent to them, or names them.
        thread_ids: of agents' threads about them.
        identity_keys: keys of their identities.
    """

    addresses: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    person_ids: tuple[UUID, ...] = ()
    contact_ids: tuple[UUID, ...] = ()
    lead_ids: tuple[UUID, ...] = ()
    own_lead_ids: tuple[UUID, ...] = ()
    names: tuple[str, ...] = ()
    approval_ids: tuple[UUID, ...] = ()
    thread_ids: tuple[UUID, ...] = ()
    identity_keys: tuple[UUID, ...] = ()

    @cached_property
    def name_keys(self) -> frozenset[str]:
        """What their names share with other spellings of them."""
        return frozenset().union(*map(_keys_of, self.names))

    @property
    def full_names(self) -> tuple[str, ...]:
        """Names of more than one word, in lower case: a single one could be anybody's."""
        return tuple(dict.fromkeys(name.lower().strip() for name in self.names if " " in name.strip()))

    @cached_property
    def pattern(self) -> str:
        """A regular expression, for Python and for Postgres, of a text in any case that names an address or profile."""
        return _any_of([*self.addresses, *(profile.partition("linkedin.com")[2] for profile in self.profiles)])

    @cached_property
    def name_pattern(self) -> str:
        """As `pattern`, and of their full names: for texts about the companies they are at."""
        names = [rf"(?<!\w){re.escape(name)}(?!\w)" for name in self.full_names]
        return "|".join([self.pattern, *names])

    def is_named_in(self, text: str, *, at_their_company: bool = False) -> bool:
        """Return whether a text holds an address or a profile, in any case; of their companies, also a full name."""
        pattern = self.name_pattern if at_their_company else self.pattern
        return re.search(pattern, text, re.IGNORECASE) is not None

    def is_of_name(self, name: str | None) -> bool:
        """Return whether a name is one of theirs, however it is written."""
        return bool(name) and not self.name_keys.isdisjoint(_keys_of(str(name)))


def _keys_of(name: str) -> frozenset[str]:
    """Return both keys that names meet under: all words in any order; the first given name and the family name."""
    return frozenset(filter(None, (lead_names.person_key(name), text_names.person_key(name))))


def _any_of(words: Iterable[str]) -> str:
    found = [
        rf"(?:linkedin\.com{re.escape(word)})(?![\w%-])"
        if word.startswith("/")
        else f"{_BEFORE}{re.escape(word)}{_AFTER}"
        for word in words
    ]
    return "|".join(found) or _NOBODY


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
