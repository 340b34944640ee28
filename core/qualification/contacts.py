"""Which of a lead's contacts an assessment rests on, and what a profile reads of the lead with that one.

A lead has one score. What a profile asks for about a person is read of the best contact: the one whose title earns the
most points, of those who may be written to. Columns of a file stand with the row that named a person; where the best
contact has none, the lead's own count, then those of the other contacts.
"""

from collections.abc import Sequence
from functools import cached_property
from hashlib import md5
from typing import NamedTuple, get_args
from uuid import UUID

import orjson

from core.leads.fields import COMPANY_FIELDS, PERSON_FIELDS
from core.qualification.criteria import MICRO, Rater, RoleOf, rater_of, role_in_title
from core.qualification.icp import Condition, Criterion, Profile, RatedRole, Titles
from core.qualification.icp_columns import LeadSource
from core.qualification.runs import ContactFit, LeadFacts
from core.qualification.scoring import NEUTRAL, applies, rounded_division
from core.text.titles import read_title

TITLE = "contact_title"
_ANY_ROLE = Criterion(
    name="decides",
    field=TITLE,
    weight=1,
    unknown=50,
    titles=Titles(roles=dict.fromkeys(get_args(RatedRole), 100)),
)
"""What stands for a profile that says nothing of titles: who decides comes first."""
_MAX_REMEMBERED = 15_000


class LeadContact(NamedTuple):
    """A contact as it is weighed against its colleagues.

    Attributes:
        contact_id: whose.
        is_eligible: neither former nor suppressed.
        certainty: 0-1, of the source that names it.
        since: when it was first met, in seconds since 1970.
        title: as it is known, or None.
        values: what the profile asks for, in the order of its sources, as far as the contact has it.
    """

    contact_id: UUID
    is_eligible: bool
    certainty: float
    since: float
    title: str | None
    values: Sequence[str | None]


class ContactChooser:
    """A profile, prepared once for the contacts of many leads.

    Args:
        profile: the ideal customer.
        sources: where leads keep what it asks for.
        role_of: how job titles are read.
    """

    def __init__(self, profile: Profile, sources: Sequence[LeadSource], role_of: RoleOf = role_in_title) -> None:
        self._sources = tuple(sources)
        self._place = {source.name: place for place, source in enumerate(self._sources)}
        self._profile = profile
        about_title = {source.name for source in self._sources if source.fields == (TITLE,)}
        stated = [one for one in profile.criteria if set(one.columns) <= about_title]
        self._rated: list[tuple[Criterion, Rater]] = [(one, rater_of(one, role_of)) for one in stated or [_ANY_ROLE]]
        self._about_title = [place for place, source in enumerate(self._sources) if source.name in about_title]
        against = [one for one in profile.disqualifiers if set(one.columns) <= about_title]
        self._against: list[tuple[Condition, Rater]] = [(one, rater_of(one, role_of)) for one in against]
        self._points: dict[tuple[str | None, ...], float] = {}

    @cached_property
    def _readers(self) -> list[tuple[bool, bool]]:
        """Whether each source is only a person's, and only a company's."""
        return [
            (
                not source.labels and set(source.fields) <= set(PERSON_FIELDS),
                not source.labels and set(source.fields) <= set(COMPANY_FIELDS),
            )
            for source in self._sources
        ]

    def points(self, contact: LeadContact) -> float:
        """Return the points of a contact's title, 0-100, as a score counts them; 0 where it would disqualify a lead."""
        key = (contact.title, *(contact.values[place] for place in self._about_title))
        found = self._points.get(key)
        if found is None:
            if len(self._points) > _MAX_REMEMBERED:
                self._points.clear()
            found = self._points[key] = self._weighed(contact)
        return found

    def _weighed(self, contact: LeadContact) -> float:
        if any(applies(rate(self._read(one, contact))) for one, rate in self._against):
            return 0.0
        total = counted = 0
        for criterion, rate in self._rated:
            rating = rate(self._read(criterion, contact))
            unknown = self._profile.unknown_points(criterion)
            points = rating.points if rating.points is not None else None if unknown is None else int(unknown * MICRO)
            if points is not None:
                weight = int(criterion.weight * MICRO)
                total, counted = total + weight * points, counted + weight
        return (rounded_division(total, counted) if counted else NEUTRAL) / MICRO

    def _read(self, condition: Condition, contact: LeadContact) -> list[str | None]:
        if condition is _ANY_ROLE:
            return [contact.title]
        return [contact.values[self._place[name]] for name in condition.columns]

    def facts(
        self, lead_id: UUID, own: Sequence[str | None], contacts: Sequence[LeadContact], known_by: str
    ) -> LeadFacts:
        """Return what a profile reads of a lead, and by which contact.

        Args:
            lead_id: whose.
            own: what it asks for, in the order of its sources, as far as the lead itself has it.
            contacts: all of the lead.
            known_by: a hash of all of this, by which it is told whether the lead is due.
        """
        weighed = [(self.points(contact), contact) for contact in contacts]
        weighed.sort(
            key=lambda one: (not one[1].is_eligible, -one[0], -one[1].certainty, one[1].since, one[1].contact_id)
        )
        in_order = [contact for _, contact in weighed]
        best = in_order[0] if in_order and in_order[0].is_eligible else None
        values = [self._value(place, own[place], best, in_order) for place in range(len(self._sources))]
        fits = tuple(ContactFit(contact.contact_id, points, *_role(contact.title)) for points, contact in weighed)
        rests_on = md5(orjson.dumps(values), usedforsecurity=False).hexdigest()
        return LeadFacts(lead_id, values, known_by + rests_on, best.contact_id if best else None, fits)

    def _value(
        self, place: int, own: str | None, best: LeadContact | None, in_order: Sequence[LeadContact]
    ) -> str | None:
        is_persons, is_companys = self._readers[place]
        if is_companys:
            return own
        of_best = best.values[place] if best else None
        if is_persons:
            return of_best
        return of_best or own or next(filter(None, (contact.values[place] for contact in in_order)), None)


def _role(title: str | None) -> tuple[str | None, bool]:
    """Return the role that a title holds among those who decide, and whether it is an owner's."""
    if not title:
        return None, False
    found = read_title(title)
    leads_alone = found.is_president and found.place is None and not found.is_past
    return found.role or ("CEO" if leads_alone else None), found.is_owner_like
