"""Where the memory of the synchronisation holds a person: found, and removed."""

import json
from typing import Any

from core.leads.fields import PERSONAL_FIELDS
from core.upkeep.erasure import Subject
from db.server.engine import Connection
from db.server.statements import change, select_dicts
from db.upkeep.held import HeldRows, Place, rows_where, values_of

_LINKED = "own_id = ANY (%(records)s)"
_REMEMBERED = f"{_LINKED} OR base::text || other_values::text || seen_edits::text ~* %(pattern)s"
_LOGGED = f"{_LINKED} OR before::text || after::text ~* %(pattern)s"
_DISAGREED = (
    f"{_LINKED} OR concat_ws(' ', base::text, ours::text, theirs::text) ~* %(pattern)s "
    "OR own_id = ANY (%(leads)s) AND concat_ws(' ', base::text, ours::text, theirs::text) ~* %(named)s"
)
_UNSENT = f"{_LINKED} OR payload::text ~* %(pattern)s"
_STAGED = "concat(unit, overwritten) ~* %(pattern)s"

_ERASE = (
    "UPDATE crm_sync_logs SET before = '{}', after = '{}' "
    f"WHERE (before <> '{{}}' OR after <> '{{}}') AND ({_LOGGED})",
    f"DELETE FROM crm_conflicts WHERE {_DISAGREED}",
    f"DELETE FROM crm_dead_letters WHERE {_UNSENT}",
    f"DELETE FROM crm_staged WHERE {_STAGED}",
    # The link stays, so that the CRM's record is not made twice. A person's values go whole; of a company's, in the
    # CRM's own names, those that spell an address out.
    f"""
    UPDATE crm_links SET base = CASE WHEN {_LINKED} THEN '{{}}' ELSE (SELECT coalesce(jsonb_object_agg(k, v), '{{}}')
            FROM jsonb_each(base) AS b(k, v) WHERE v::text !~* %(pattern)s) END,
        other_values = '{{}}', seen_edits = '{{}}', local_token = NULL
    WHERE ({_REMEMBERED}) AND (base <> '{{}}' OR other_values <> '{{}}' OR seen_edits <> '{{}}')
    """,
)


async def _find_crm(connection: Connection, subject: Subject) -> dict[str, HeldRows]:
    found = dict(
        await rows_where(crm_links=_LINKED, crm_sync_logs=_LOGGED, crm_conflicts=_DISAGREED, crm_dead_letters=_UNSENT)(
            connection, subject
        )
    )
    values = values_of(subject)
    links = f"SELECT kind, own_id, base FROM crm_links WHERE ({_REMEMBERED}) AND NOT ({_LINKED})"
    for row in await select_dicts(connection, links, values):
        of_them = {name: value for name, value in row["base"].items() if _names(value, subject)}
        found["crm_links"].append({"kind": row["kind"], "own_id": str(row["own_id"]), "base": of_them})
    staged = f"SELECT provider, remote_id, unit, overwritten FROM crm_staged WHERE {_STAGED}"
    found["crm_staged"] = [
        {**row, "unit": _of_them(row["unit"], subject), "overwritten": _of_them(row["overwritten"], subject)}
        for row in await select_dicts(connection, staged, values)
    ]
    return found


def _names(value: Any, subject: Subject) -> bool:
    return subject.is_named_in(json.dumps(value, ensure_ascii=False))


def _of_them(value: Any, subject: Subject) -> Any:
    """Return the parts of a value that name the person: of lists the entries, of objects the whole, colleagues not."""
    if isinstance(value, list):
        return [_of_them(entry, subject) for entry in value if _names(entry, subject)]
    if isinstance(value, dict) and any(isinstance(inner, list | dict) for inner in value.values()):
        kept = {name: _of_them(inner, subject) for name, inner in value.items() if isinstance(inner, list | dict)}
        plain = {name: inner for name, inner in value.items() if not isinstance(inner, list | dict)}
        return {**plain, **{name: inner for name, inner in kept.items() if inner}}
    return value if _names(value, subject) else None


async def _erase_crm(connection: Connection, subject: Subject) -> int:
    values = {**values_of(subject), "fields": list(PERSONAL_FIELDS)}
    return sum([await change(connection, statement, values) for statement in _ERASE])


CRM_PLACES: tuple[Place, ...] = (
    Place(
        "the CRM sync's memory",
        ("crm_links", "crm_staged", "crm_sync_logs", "crm_conflicts", "crm_dead_letters"),
        _find_crm,
        _erase_crm,
    ),
)
