"""When an identity is wrong: what else two rows say tells that they are not one company, or not one person.

An identity says that two look alike in one respect: an id, an address, a name. Others may contradict it. Then it
belongs to whoever had it first, and the row is somebody else's: nobody is merged away; at worst somebody stands twice,
and is listed as a possible duplicate. What only one of the two says contradicts nothing.
"""

from collections.abc import Sequence

from core.leads.identities import IdentityKind, IdsOf, own_address
from core.leads.known import CONTACT_AT, LEAD_AT, KnownContact, KnownLead, Values, name_of
from core.leads.names import Likeness
from core.text.folding import fold

_NAME, _DOMAIN, _PAGE = LEAD_AT["company_name"], LEAD_AT["company_domain"], LEAD_AT["company_linkedin_url"]
_CITY, _COUNTRY = LEAD_AT["city"], LEAD_AT["country"]
_LEAD_ID, _LEAD_SOURCE = LEAD_AT["external_id"], LEAD_AT["source"]
_EMAIL, _PROFILE = CONTACT_AT["contact_email"], CONTACT_AT["linkedin_url"]
_ID, _SOURCE = CONTACT_AT["external_id"], CONTACT_AT["source"]


def _differ(known: str | None, new: str | None) -> bool:
    return known is not None and new is not None and known != new


def is_another_place(known: KnownLead, row: Sequence[str | None]) -> bool:
    """Return whether both name a place, and not the same one."""
    for position in (_CITY, _COUNTRY):
        ours, theirs = known.values[position], row[position]
        if ours and theirs and ours != theirs and fold(ours) != fold(theirs):
            return not any(_is_at(place, row) for place in known.places)
    return False


def _is_at(place: dict[str, str], row: Sequence[str | None]) -> bool:
    return all(
        not ours or not theirs or fold(ours) == fold(theirs)
        for ours, theirs in ((place.get("city"), row[_CITY]), (place.get("country"), row[_COUNTRY]))
    )


def is_another_company(known: KnownLead, row: Sequence[str | None], found_by: IdentityKind | None) -> bool:
    """Return whether a row contradicts that its company is the lead that one of its identities found.

    Args:
        known: The lead.
        row: In the order of `FIELDS_OF_LEAD`.
        found_by: The kind of the identity; None where it was the name.
    """
    if found_by is IdentityKind.COMPANY_ROW:
        return False
    if found_by is None:
        return (
            _differ(known.values[_DOMAIN], row[_DOMAIN])
            or _differ(known.values[_PAGE], row[_PAGE])
            or _has_another_id(known, row)
        )
    likeness = known.likeness(row[_NAME])
    if likeness is None or likeness >= Likeness.PART:
        return False
    if found_by is IdentityKind.DERIVED_DOMAIN or (found_by is IdentityKind.DOMAIN and known.values[_DOMAIN] is None):
        return True
    if likeness is Likeness.OTHER and found_by is IdentityKind.COMPANY_ID:
        return True
    return known.is_named or _differ(known.values[_DOMAIN], row[_DOMAIN]) or is_another_place(known, row)


def _has_another_id(known: KnownLead, row: Sequence[str | None]) -> bool:
    if not known.values[_LEAD_ID] or known.is_person:
        return False
    return known.values[_LEAD_SOURCE] == row[_LEAD_SOURCE] and _differ(known.values[_LEAD_ID], row[_LEAD_ID])


def is_another_person(
    known: KnownContact, row: Values, found_by: IdentityKind | None, company: Likeness | None, *, ids_of: IdsOf
) -> bool:
    """Return whether a row contradicts that its person is the one that one of its identities found.

    Args:
        known: The contact of that person that speaks best: at the row's lead, else the oldest.
        row: In the order of `FIELDS_OF_CONTACT`.
        found_by: The kind of the identity; None where it was the name at the lead.
        company: How alike the row's company and the contact's are.
        ids_of: Whose the file's ids are.
    """
    if found_by is IdentityKind.PERSON_ROW:
        return False
    ours, theirs = own_address(known.values[_EMAIL]), own_address(row[_EMAIL])
    # Who was found by a profile has it, whichever of theirs the contact shows.
    profiles_differ = found_by is not IdentityKind.PROFILE and _differ(known.values[_PROFILE], row[_PROFILE])
    if found_by is None:
        return _differ(ours, theirs) or profiles_differ or (ids_of == "person" and _has_another_own_id(known, row))
    likeness = known.likeness(name_of(row))
    if likeness is Likeness.OTHER:
        return True
    if found_by is IdentityKind.EMAIL or (ours is not None and ours == theirs):
        return likeness is Likeness.NEAR and (company is Likeness.OTHER or profiles_differ)
    if _differ(ours, theirs) and likeness is not Likeness.SAME:
        return True  # two addresses of their own are one person's only where the whole name agrees
    if likeness is Likeness.NEAR:
        return found_by is IdentityKind.PERSON_ID or company is not Likeness.SAME
    if likeness is None:
        return profiles_differ or (
            found_by is IdentityKind.PERSON_ID and company is not None and company is not Likeness.SAME
        )
    return False


def _has_another_own_id(known: KnownContact, row: Values) -> bool:
    return known.values[_SOURCE] == row[_SOURCE] and _differ(known.values[_ID], row[_ID])
