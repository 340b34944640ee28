"""Leads with their people as the synchronisation compares them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from core.crm.config import COMPUTED, CONTACT_COLUMNS, LEAD_FIELDS, LISTS, CrmConfig, Standing
from core.crm.records import RecordKind, Value
from core.crm.units import Edit, LocalRecord, LocalUnit
from core.crm.values import tidy
from core.leads.fields import FIELDS_OF_CONTACT, FIELDS_OF_LEAD, PERSON_FIELDS
from core.outreach.opt_outs import keys_of, person_name
from core.outreach.suppression import matching_values, spellings
from db.crm.codec import edits_of
from db.server.engine import Connection
from db.server.statements import listed, select, select_dicts

JOINED = "leads l LEFT JOIN assessments a ON a.lead_id = l.id"
_WRITTEN_TO = """EXISTS (SELECT FROM approvals p WHERE p.lead_id = c.lead_id AND p.contact_id = c.id
    AND p.status = 'executed')"""
_SUPPRESSED = "EXISTS (SELECT FROM suppressions s WHERE s.removed_at IS NULL AND s.value = lower(c.contact_email))"
_OF_CONTACT = f"""c.id, {listed(PERSON_FIELDS, "c.{0}")}, c.state, c.role, c.not_seen_since IS NULL,
    c.origin, c.field_edits <> '{{}}', {_WRITTEN_TO}, {_SUPPRESSED}"""
TOKEN = f"""md5(ROW({listed(FIELDS_OF_LEAD, "l.{0}")}, l.stands_for, l.tags, l.assigned_to, a.tier, a.score,
    a.reasoning)::text || coalesce((
    SELECT string_agg(md5(ROW({_OF_CONTACT})::text), '' ORDER BY c.id) FROM contacts c WHERE c.lead_id = l.id), ''))"""
"""SQL of what changes when anything of a lead or its people does that may matter to a CRM."""

FORMER = "left the company"
NOT_SEEN = "was not found any more where it had been found"
SUPPRESSED = "must not be written to"
STANDS_ELSEWHERE = "stands at another company in the CRM; move it there too"
ORIGIN = "crm"
_MACHINES_SAY = "was found by a machine, and crm.yaml does not let those be created"


async def load(
    connection: Connection, provider: str, config: CrmConfig, lead_ids: Sequence[UUID], *, lock: bool = False
) -> dict[UUID, LocalUnit]:
    """Return leads with their people; leads that are not there (any more) are missing.

    Args:
        connection: in a transaction where `lock` is set.
        provider: whose links say what lists hold beyond our columns.
        config: says who takes part.
        lead_ids: which; locked in their order, so that two never wait for one another in a circle.
        lock: keep others from changing the leads until the transaction ends.
    """
    names = {"ids": list(lead_ids), "provider": provider}
    if lock:
        await connection.execute("SELECT id FROM leads WHERE id = ANY (%(ids)s) ORDER BY id FOR UPDATE", names)
    statement = f"""
        SELECT l.*, a.tier, a.score::text AS score, a.reasoning, a.assessed_at, {TOKEN} AS token
        FROM {JOINED} WHERE l.id = ANY (%(ids)s)
    """
    leads = {row["id"]: row for row in await select_dicts(connection, statement, names)}
    people: dict[UUID, list[dict[str, Any]]] = {lead_id: [] for lead_id in leads}
    statement = f"""
        SELECT c.*, {_WRITTEN_TO} AS is_written_to,
            EXISTS (SELECT FROM import_changes i WHERE i.record_id = c.id) AS is_imported
        FROM contacts c WHERE c.lead_id = ANY (%(ids)s) ORDER BY c.created_at, c.id
    """
    for row in await select_dicts(connection, statement, names):
        people[row["lead_id"]].append(row)
    standing = await _standing(connection, names)
    suppressed = await _suppressed(connection, leads, people) if config.contacts else frozenset()
    return {
        lead_id: _Reading(config, lead, people[lead_id], standing, suppressed).unit() for lead_id, lead in leads.items()
    }


class _Standing(NamedTuple):
    """What links say of contacts: where their companies' twins have them, and what their lists hold beyond ours."""

    others: dict[UUID, dict[str, list[str]]]
    elsewhere: frozenset[UUID]
    moved: dict[UUID, frozenset[UUID]]


async def _standing(connection: Connection, names: Mapping[str, Any]) -> _Standing:
    statement = """
        SELECT k.own_id, k.other_values, k.lead_id AS there, c.lead_id AS here FROM crm_links k
        JOIN contacts c ON c.id = k.own_id
        WHERE k.provider = %(provider)s AND k.kind = 'contact' AND k.lead_id = ANY (%(ids)s)
        UNION ALL
        SELECT k.own_id, k.other_values, k.lead_id, c.lead_id FROM contacts c
        JOIN crm_links k ON k.provider = %(provider)s AND k.kind = 'contact' AND k.own_id = c.id
        WHERE c.lead_id = ANY (%(ids)s) AND k.lead_id <> ALL (%(ids)s)
    """
    rows = await select(connection, statement, names)
    moved = [row for row in rows if row.there != row.here]
    return _Standing(
        {row.own_id: row.other_values for row in rows if row.other_values},
        frozenset(row.own_id for row in moved),
        {row.there: frozenset(each.own_id for each in moved if each.there == row.there) for row in moved},
    )


async def _suppressed(
    connection: Connection, leads: Mapping[UUID, Mapping[str, Any]], people: Mapping[UUID, Sequence[Mapping[str, Any]]]
) -> frozenset[UUID]:
    """Return the contacts that must not be written to, by whatever was said of them or of their company."""
    known: dict[UUID, frozenset[str]] = {}
    for lead_id, contacts in people.items():
        for contact in contacts:
            address = contact["contact_email"]
            lead = {**leads[lead_id], **{name: contact[name] for name in PERSON_FIELDS}}
            who = [(person_name(contact), contact["linkedin_url"])]
            keys = keys_of(lead, who, spellings(address)[0] if address else None)
            known[contact["id"]] = keys | frozenset(matching_values(address) if address else ())
    asked = sorted({name for names in known.values() for name in names})
    if not asked:
        return frozenset()
    statement = """
        SELECT value, keys FROM suppressions
        WHERE removed_at IS NULL AND (value = ANY (%(asked)s) OR keys && %(asked)s::text[])
    """
    met = {name for row in await select(connection, statement, {"asked": asked}) for name in (row.value, *row.keys)}
    return frozenset(contact_id for contact_id, names in known.items() if names & met)


class _Reading:
    """One lead with its people, as rows, becoming a unit."""

    def __init__(
        self,
        config: CrmConfig,
        lead: Mapping[str, Any],
        people: Sequence[Mapping[str, Any]],
        standing: _Standing,
        suppressed: frozenset[UUID],
    ) -> None:
        self._config = config
        self._lead = lead
        self._people = people
        self._standing = standing
        self._suppressed = suppressed

    def unit(self) -> LocalUnit:
        """Return it."""
        lead, config = self._lead, self._config
        values: dict[str, Value] = {name: _text(lead[name]) for name in LEAD_FIELDS}
        edits = edits_of(lead["field_edits"])
        if lead["stands_for"] == "person" and not values["company_name"] and self._people:
            # Where no company is known, the person stands for it, there as well.
            values["company_name"] = _name(self._people[0])
            if (edit := _name_edit(self._people[0])) is not None:
                edits["company_name"] = edit
        told = self._told() | {name: value for name, value in values.items() if isinstance(value, str)}
        record = LocalRecord(
            RecordKind.LEAD,
            lead["id"],
            values,
            edits,
            max(filter(None, (lead["updated_at"], lead["assessed_at"]))),
            excluded=config.leads.why_not(told),
            held_back=config.leads.why_not_created(told),
        )
        contacts = tuple(map(self._contact, self._people)) if config.contacts else ()
        return LocalUnit(record, contacts, lead["token"], self._standing.moved.get(lead["id"], frozenset()))

    def _told(self) -> dict[str, Value]:
        """Return what conditions on the lead may ask: its values, and of its people the first that has one."""
        of_people = {
            name: next((_text(person[name]) for person in self._people if person[name]), None) for name in PERSON_FIELDS
        }
        of_lead = {name: _text(self._lead[name]) for name in (*FIELDS_OF_LEAD, *COMPUTED, "assigned_to")}
        return {**of_people, **of_lead, "tags": tuple(self._lead["tags"])}

    def _contact(self, row: Mapping[str, Any]) -> LocalRecord:
        assert self._config.contacts is not None
        more = self._standing.others.get(row["id"], {})
        found = {name: row[column] for name, column in CONTACT_COLUMNS.items()} | {"name": _name(row)}
        values: dict[str, Value] = {"role": row["role"]}
        for name, value in found.items():
            values[name] = tidy(tuple(filter(None, (value, *more.get(name, ()))))) if name in LISTS else _text(value)
        told = {name: _first(value) for name, value in values.items()}
        told |= {name: _text(row[name]) for name in FIELDS_OF_CONTACT}
        edits = edits_of(row["field_edits"])
        named = {name: edits[column] for name, column in CONTACT_COLUMNS.items() if column in edits}
        if (edit := _name_edit(row)) is not None:
            named["name"] = edit
        held_back = STANDS_ELSEWHERE if row["id"] in self._standing.elsewhere else None
        held_back = held_back or self._config.contacts.why_not_created(told) or self._why_not_created(row)
        return LocalRecord(
            RecordKind.CONTACT,
            row["id"],
            values,
            named,
            row["updated_at"],
            excluded=self._config.contacts.why_not(told),
            held_back=held_back,
        )

    def _why_not_created(self, row: Mapping[str, Any]) -> str | None:
        assert self._config.contacts is not None
        if row["state"] == "former":
            return FORMER
        if row["id"] in self._suppressed:
            return SUPPRESSED
        standings = set(_standings(row))
        if not standings & set(self._config.contacts.create):
            return _MACHINES_SAY
        return NOT_SEEN if standings == {"found"} and row["not_seen_since"] is not None else None


def _standings(row: Mapping[str, Any]) -> Iterable[Standing]:
    """Say what a contact stands on. Who came from a CRM was entered by a person, there."""
    if row["origin"] == "import" or row["created_import_id"] or row["is_imported"]:
        yield "imported"
    if row["origin"] in {"person", ORIGIN} or row["field_edits"] or row["edited_at"]:
        yield "edited"
    if row["is_written_to"]:
        yield "written_to"
    if row["origin"] not in {"import", "person", ORIGIN}:
        yield "found"


def _name(row: Mapping[str, Any]) -> str | None:
    return person_name(row) or None


def _name_edit(row: Mapping[str, Any]) -> Edit | None:
    """Return who wrote a person's name, or half of it, last."""
    edits = edits_of(row["field_edits"])
    named = [edits[column] for column in ("contact_name", "first_name", "last_name") if column in edits]
    return max(named, default=None)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _first(value: Value) -> str | None:
    return value[0] if isinstance(value, tuple) and value else None if isinstance(value, tuple) else value
