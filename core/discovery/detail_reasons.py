"""Whose an e-mail address, a phone number or a profile is: how sure, and why.

That a detail stands in somebody's card is not enough: cards show the company's mailbox and switchboard too, and a
neighbour's profile by mistake. What is called after the person is theirs; what is called after somebody else is not;
what several people or the page's head and foot show is the company's.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from core.discovery.company import Company
from core.text.names import PersonName
from core.text.shared_hosts import is_shared
from core.text.titles import fold
from core.text.web_addresses import registrable_domain

DetailKind = Literal["email", "phone", "linkedin_url"]
_PARTS = re.compile(r"[^a-z]+")
_LONG = 4
"""Letters of a name that are looked for inside other letters: shorter ones stand in many words."""


@dataclass(frozen=True)
class DetailReason:
    """Why a detail is somebody's.

    Attributes:
        detail: which.
        confidence: 0 to 1, the share of such details that should be theirs.
        why: a phrase for people.
    """

    detail: DetailKind
    confidence: float
    why: str


@dataclass(frozen=True)
class DetailHolder:
    """Somebody whose details are judged.

    Attributes:
        name: theirs.
        others: the other people of the page.
        company: whose site it is.
        host: of the site.
        has_own_boxes: the page gives several people an address of their own each.
        has_own_numbers: the same of telephone numbers, or the page is about people.
    """

    name: PersonName
    others: Collection[PersonName]
    company: Company
    host: str
    has_own_boxes: bool
    has_own_numbers: bool

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return _words_of(self.name)

    def email(self, address: str) -> DetailReason | None:
        """Judge an address; None where it is not theirs."""
        box, _, domain = address.lower().partition("@")
        is_foreign = not self._is_at_home(domain)
        called = _called(box, self._words)
        if called is None and self._is_anothers(box):
            return None
        if called is None:
            if is_foreign or not (self.has_own_boxes or not self._words):
                return None
            return DetailReason("email", 0.8, "it stands in their card, as the others' do in theirs")
        if is_foreign:
            return DetailReason("email", 0.7, f"{called}, at a domain that is not the site's")
        return DetailReason("email", 0.97 if called == _NAMED else 0.9, called)

    def linkedin(self, profile: str) -> DetailReason | None:
        """Judge a profile; None where it is not theirs."""
        slug = fold(profile.rstrip("/").rsplit("/", 1)[-1])
        called = _called(slug, self._words)
        if called is not None:
            return DetailReason("linkedin_url", 0.97 if called == _NAMED else 0.9, called)
        parts = [part for part in _PARTS.split(slug) if len(part) >= _LONG]
        if self._is_anothers(slug) or (self._words and len(parts) > 1):
            return None
        return DetailReason("linkedin_url", 0.8, "it stands in their card")

    def phone(self) -> DetailReason | None:
        """Judge a number that stands with nobody else; beside the one person of a legal notice it is the company's."""
        if not self.has_own_numbers:
            return None
        return DetailReason("phone", 0.9, "it stands in their card, and nowhere else on the page")

    def _is_at_home(self, domain: str) -> bool:
        own = registrable_domain(domain)
        label = own.split(".")[0]
        return own == registrable_domain(self.host) or is_shared(own) or self.company.is_own(label)

    def _is_anothers(self, handle: str) -> bool:
        return any(_called(handle, _words_of(other)) == _NAMED for other in self.others)


_NAMED = "it is called after them"
_INITIALS = "it has their initials"


@lru_cache(maxsize=2_000)
def _words_of(name: PersonName) -> tuple[str, ...]:
    """The words of a name in Latin letters; none where it is written in others, which no handle is."""
    return tuple(word for word in _PARTS.split(fold(f"{name.given} {name.family} {name.nickname}")) if word)


@lru_cache(maxsize=4_000)
def _called(handle: str, words: tuple[str, ...]) -> str | None:
    """Say how a mailbox's or a profile's name is that of somebody with these words in their name."""
    parts = [part for part in _PARTS.split(fold(handle)) if part]
    joined = "".join(parts)
    if not words or not joined:
        return None
    if any(len(word) > 1 and word in parts for word in words):
        return _NAMED
    if any(len(word) >= _LONG and word in joined for word in words):
        return _NAMED
    if len(joined) < 2 or joined[0] not in {word[0] for word in words}:
        return None
    initials = "".join(word[0] for word in words)
    firsts = {initials, initials[:2], initials[0] + initials[-1]} if len(words) > 1 else set()
    spelled = {f"{words[0][:size]}{words[-1][:other]}" for size in (1, 2, 3) for other in (1, 2, 3)}
    return _INITIALS if joined in firsts or joined in spelled else None


def as_json(reasons: Collection[DetailReason]) -> dict[str, Mapping[str, float | str]]:
    """Return reasons as they are stored, by detail."""
    return {reason.detail: {"confidence": reason.confidence, "why": reason.why} for reason in reasons}
