"""Who of a lead is written to: its best contact, unless somebody names another.

The best one of the last assessment goes first, then who has more points for their title. But whoever must not be
written to, or has no address of their own, stands behind who may be and has: a colleague with fewer points who can be
reached is more use than the best one who cannot.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from core.text.mailboxes import is_shared

LEFT = "they have left the company"
"""Why a former contact is not written to."""
_FAR = datetime.max.replace(tzinfo=UTC)


def preference(row: Mapping[str, Any], *, is_refused: bool) -> tuple[Any, ...]:
    """Return by what the contacts of a lead are ordered, the one to write to first.

    Args:
        row: of `db.leads.segments.select_addressed`.
        is_refused: whether they must not be written to.
    """
    address = row["contact_email"]
    reach = 2 if not address else int(is_shared(str(address).lower()))
    points, certainty = row["title_points"], row["confidence"]
    return (
        is_refused,
        reach,
        row["contact_id"] != row["best_contact_id"],
        -(points if points is not None else -1.0),
        -(certainty if certainty is not None else -1.0),
        row["contact_created_at"] or _FAR,
        str(row["contact_id"]),
    )


def best_of_each(rows: Iterable[Mapping[str, Any]], refused: Collection[UUID] = ()) -> list[Mapping[str, Any]]:
    """Return one row a lead, in the order of the leads: that of the contact to write to.

    Args:
        rows: one a contact, a lead's together, and a row without a contact for a lead that has none.
        refused: contacts who must not be written to; one of them is taken where there is nobody else, to say why.
    """
    by_lead: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_lead.setdefault(row["id"], []).append(row)
    return [
        min(people, key=lambda row: preference(row, is_refused=row["contact_id"] in refused))
        for people in by_lead.values()
    ]
