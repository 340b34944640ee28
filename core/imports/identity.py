"""When two rows that share a key are one lead all the same, and when the key is wrong about it.

A key says that two rows look alike in one respect: an id, an address, a name. Others may contradict it: another
person's name, another address of their own, another company. Then the key belongs to whoever had it first, and the row
takes the next one of its own (`core.leads.lead.further_keys`). Nobody is merged away; at worst one lead stands twice.

What only one of the two says contradicts nothing. What a row filled in once it goes on agreeing with, so the same file
again finds what it made.
"""

import re
import unicodedata
from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache

from core.imports.column_names import HONORIFICS
from core.leads.lead import FIELDS, POSITION
from core.leads.merging import LeadValues
from core.text.folding import fold
from core.text.lexicons import words
from core.text.mailboxes import is_made_up, is_shared

_NAME, _DOMAIN, _EMAIL = POSITION["company_name"], POSITION["company_domain"], POSITION["contact_email"]
_FULL, _FIRST, _LAST = POSITION["contact_name"], POSITION["first_name"], POSITION["last_name"]
_PROFILE, _PAGE = POSITION["linkedin_url"], POSITION["company_linkedin_url"]

LOOKED_AT = (
    "company_name", "company_domain", "company_linkedin_url", "contact_name", "first_name", "last_name",
    "contact_email", "linkedin_url",
)  # fmt: skip
"""The fields that `contradicts` looks at: where all that both fill are equal, nothing contradicts."""


_KINDS = frozenset({"id", "email", "domain", "company"})
_LEGAL_FORMS = words("companies.legal_forms") | words("companies.left_out")
_WORD = re.compile(r"[^\W_]+")
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("ss", "s"))


class Likeness(IntEnum):
    """How alike two names are."""

    OTHER = 0
    """Nothing in common."""
    NEAR = 1
    """A word in common, and words of its own on either side."""
    PART = 2
    """One is the other with less: 'J. Doe' and 'Jane Doe', 'Acme' and 'Acme Holding'."""
    SAME = 3
    """Equal but for case, accents, order, titles and legal forms."""


@lru_cache(maxsize=8192)
def _words(name: str, without: frozenset[str]) -> tuple[str, ...]:
    text = fold(name.replace("'", "").replace("\u2019", "").replace("ß", "ss"))
    for long, short in _UMLAUTS:
        text = text.replace(long, short)
    # 'S.A.' and 'e.K.' are words, 'J.R.' is initials.
    words = _WORD.findall(re.sub(r"(?<=\b\w)\.(?=\w\b)", "", text) if without is _LEGAL_FORMS else text)
    return tuple(word for word in words if word not in without) or tuple(words)


@lru_cache(maxsize=4096)
def _scripts(name: str) -> frozenset[str]:
    return frozenset(unicodedata.name(char, "?").split()[0] for char in name if char.isalpha())


def _likeness(known: str | None, new: str | None, without: frozenset[str]) -> Likeness | None:
    """Compare two names; None where one is missing or they are written in different scripts."""
    if not known or not new:
        return None
    if known == new:
        return Likeness.SAME
    our_words, their_words = _words(known, without), _words(new, without)
    ours, theirs = frozenset(our_words), frozenset(their_words)
    if not ours or not theirs:
        return None
    if ours == theirs or "".join(our_words) == "".join(their_words):
        return Likeness.SAME
    if not _scripts(known) & _scripts(new):
        return None
    common = ours & theirs
    fewer, more = sorted((ours - common, theirs - common), key=len)
    if not fewer or (common and _abbreviates(fewer, more)):
        return Likeness.PART
    return Likeness.NEAR if common else Likeness.OTHER


def _abbreviates(fewer: frozenset[str], more: frozenset[str]) -> bool:
    """Return whether every word of the one is an initial of a word of the other, or has one as its initial."""
    return all(any((len(a) == 1 or len(b) == 1) and a[0] == b[0] for b in more) for a in fewer)


def person_of(values: LeadValues) -> str | None:
    """Return the name of a lead's person, as much as there is."""
    return values[_FULL] or values[_LAST] or values[_FIRST]


def _companies(known: LeadValues, new: LeadValues) -> Likeness | None:
    return _likeness(known[_NAME], new[_NAME], _LEGAL_FORMS)


def _differ(known: str | None, new: str | None) -> bool:
    return known is not None and new is not None and known != new


def _own(address: str | None) -> str | None:
    """Return an address if it is a person's own."""
    return None if address is None or is_shared(address) or is_made_up(address) else address


def contradicts(key: str, known: LeadValues, new: LeadValues) -> bool:
    """Return whether a row contradicts that it is the lead its key found.

    Args:
        key: What both have in common, as `core.leads.lead.dedupe_key` gives it.
        known: The lead's values; None also where a person edited the field, which speaks for nobody.
        new: The row's.
    """
    kind = key.partition(":")[0]
    if kind not in _KINDS:  # a hash of the row, or of an erased person: nothing but the same comes to it
        return False
    if kind in ("domain", "company"):
        return _is_another_company(key, known, new)
    return _is_another_person(kind, known, new)


def _is_another_company(key: str, known: LeadValues, new: LeadValues) -> bool:
    """Return whether two rows with one company, and the same person's name or none, are two leads."""
    if _differ(_own(known[_EMAIL]), _own(new[_EMAIL])) or _differ(known[_PROFILE], new[_PROFILE]):
        return True
    if key.startswith("company:"):
        return _differ(known[_DOMAIN], new[_DOMAIN]) or _differ(known[_PAGE], new[_PAGE])
    return key.endswith("|") and _companies(known, new) is Likeness.OTHER


def _is_another_person(kind: str, known: LeadValues, new: LeadValues) -> bool:
    """Return whether two rows that an address or a person's own id brought together are of two people."""
    address, other = _own(known[_EMAIL]), _own(new[_EMAIL])
    person = _likeness(person_of(known), person_of(new), HONORIFICS)
    company = _companies(known, new)
    if known[_DOMAIN] is not None and known[_DOMAIN] == new[_DOMAIN]:
        company = Likeness.SAME
    profiles_differ = _differ(known[_PROFILE], new[_PROFILE])
    if address is not None and address == other:
        return _own_address_is_wrong(person, company, known, new, profiles_differ=profiles_differ)
    if person is Likeness.OTHER:
        return True
    if person is Likeness.NEAR and (kind == "email" or _differ(address, other) or company is not Likeness.SAME):
        return True
    if kind == "email":  # many share it
        return company is not None and company < Likeness.PART
    is_same_person = person in (Likeness.SAME, Likeness.PART)
    if _differ(address, other) or profiles_differ:
        return not is_same_person or (company is not None and company is not Likeness.SAME)
    return not is_same_person and company is not None and company is not Likeness.SAME


def _own_address_is_wrong(
    person: Likeness | None, company: Likeness | None, known: LeadValues, new: LeadValues, *, profiles_differ: bool
) -> bool:
    """Return whether two rows with one address of a person's own are not one person's after all."""
    if person is Likeness.OTHER:
        return True
    if person is Likeness.NEAR:
        return company is Likeness.OTHER or profiles_differ
    nobody_named = person_of(known) is None and person_of(new) is None
    return nobody_named and company is Likeness.OTHER


def unedited(values: Mapping[str, str | None], edits: Mapping[str, object]) -> list[str | None]:
    """Return a stored lead's values as `contradicts` wants them: what a person or the CRM wrote speaks for nobody.

    A name that was corrected must not make a second lead of the file it came from.

    Args:
        values: By field; fields it does not look at may be missing.
        edits: The lead's `field_edits`.
    """
    return [None if field in edits else values.get(field) for field in FIELDS]
