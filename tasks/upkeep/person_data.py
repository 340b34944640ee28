"""Everything that is held of a person, with sources: what erasing them would remove. Changes nothing."""

from datetime import UTC, datetime
from typing import Any

from core.upkeep.erasure import named_person
from db.upkeep import erasure
from tasks.runtime.resources import database
from tasks.upkeep.erasure import OUTSIDE


async def export_person(text: str) -> dict[str, Any]:
    """Return what is held of a person: `person` (who that is), `held` (by place and table), `not_covered`.

    Args:
        text: their e-mail address, LinkedIn profile, or the id of one of their contacts.

    Raises:
        InvalidInput: it is none of these.
        Conflict: several people have the address.
    """
    async with database() as connection:
        subject, found = await erasure.held(connection, named_person(text))
    return {
        "exported_at": datetime.now(UTC).isoformat(),
        "person": {
            "addresses": subject.addresses,
            "profiles": subject.profiles,
            "names": subject.names,
            "person_ids": [str(each) for each in subject.person_ids],
            "contact_ids": [str(each) for each in subject.contact_ids],
        },
        "held": found,
        "not_covered": list(OUTSIDE),
    }
