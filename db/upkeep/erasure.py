"""Removing a person from every table, and telling all that is held of one, over the same list of places.

A new table with anything of a person in it joins a place; one without joins `HOLD_NO_PERSON`, with the reason. A test
holds the list against the tables there are.
"""

from datetime import datetime
from typing import Any

from core.outreach.suppression import TombstoneKey
from core.upkeep.erasure import NamedPerson, Subject
from db.leads.matching import lock_who_is_who
from db.outreach.tombstones import bury
from db.server.engine import Connection
from db.server.statements import change
from db.upkeep.crm_places import CRM_PLACES
from db.upkeep.held import Place
from db.upkeep.outreach_places import OUTREACH_PLACES
from db.upkeep.record_places import LAST_PLACES, RECORD_PLACES
from db.upkeep.subjects import find

PLACES: tuple[Place, ...] = (*RECORD_PLACES, *CRM_PLACES, *OUTREACH_PLACES, *LAST_PLACES)
"""Every place, in the order in which they are emptied."""

HOLD_NO_PERSON: dict[str, str] = {
    "imports": "a file's name, its format and counts",
    "import_batches": "counts",
    "header_mappings": "names of columns",
    "icps": "profiles of companies",
    "qualification_runs": "counts",
    "assessment_claims": "ids of leads",
    "lead_discoveries": "a company's site, and an outcome",
    "discovery_claims": "sites of companies",
    "mail_pauses": "a keyed hash of an account, and why nothing is sent from it",
    "crm_cursors": "how far a change log was read",
    "crm_events": "ids and names of fields",
    "enrichment_runs": "a configuration and counts",
    "lead_enrichments": "an outcome",
    "enrichment_claims": "ids of leads",
    "campaigns": "texts with places for a person's facts, without any",
    "spend": "money",
    "tombstones": "keyed hashes, which is what erasing leaves",
}
"""Tables that need no place, and what they hold instead."""

_NOTE = """
INSERT INTO record_history (record_id, lead_id, action, done_by, at)
SELECT id, id, 'erase', %(by)s, %(now)s FROM leads WHERE id = ANY (%(leads)s)
"""


async def erase(
    connection: Connection, who: NamedPerson, key: TombstoneKey, *, by: str, now: datetime
) -> tuple[Subject, dict[str, int]]:
    """Remove a person from every table, all of it or nothing, and leave tombstones.

    Args:
        connection: in a transaction of its own.
        who: the person.
        key: of the tombstones.
        by: who erases.
        now: aware UTC.

    Returns:
        Who it was, for what lies outside the database; and place -> rows removed or emptied.

    Raises:
        Conflict: several people have the address.
        ConfigurationError: earlier erasures were made under another key.
    """
    # Whoever makes contacts reads the tombstones first: this waits for those under way and makes later ones see ours.
    await lock_who_is_who(connection)
    await connection.execute("LOCK TABLE tombstones IN ACCESS EXCLUSIVE MODE")
    subject = await find(connection, who)
    erased = {place.name: await place.erase(connection, subject) for place in PLACES}
    await bury(connection, subject.addresses, subject.profiles, subject.phones, key=key, by=by, now=now)
    await change(connection, _NOTE, {"leads": list(subject.lead_ids), "by": by, "now": now})
    return subject, erased


async def held(connection: Connection, who: NamedPerson) -> tuple[Subject, dict[str, Any]]:
    """Return who a person is here, and place -> table -> rows: everything that erasing them would remove.

    Raises:
        Conflict: several people have the address.
    """
    subject = await find(connection, who)
    found: dict[str, Any] = {}
    for place in PLACES:
        rows = {table: rows for table, rows in (await place.find(connection, subject)).items() if rows}
        if rows:
            found[place.name] = rows
    return subject, found
