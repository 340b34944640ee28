"""Which of a lead's contacts comes first, in SQL: of those who may be written to, the one the profile wants most.

The fragments speak of a lead `l` and of one contact of it, `person`. Suppressions are met by what they name and by keys
of `core.outreach.opt_outs`; of those the ones that are made of a name at a company are left out: what is drafted,
approved and sent is held against them too.
"""

from datetime import datetime

from db.server.engine import Connection
from db.server.statements import change

_HOST = "split_part(lower(person.contact_email), '@', 2)"
_VALUES = f"""
    ARRAY[lower(person.contact_email), {_HOST}] || CASE WHEN {_HOST} LIKE '%%.%%.%%' THEN ARRAY(
        SELECT array_to_string((string_to_array({_HOST}, '.'))[label:], '.') FROM generate_series(2, 9) AS label
    ) END
"""
_KEYS = f"""
    ARRAY['person:' || person.linkedin_url, 'person id:' || person.person_id, 'lead id:' || l.id,
        'company:' || {_HOST}, 'company:' || CASE WHEN NOT l.is_domain_shared THEN l.company_domain END]
    || ARRAY(SELECT 'person id:' || old_id FROM merged_records WHERE new_id = person.person_id)
    || ARRAY(SELECT 'lead id:' || old_id FROM merged_records WHERE new_id = l.id)
    || ARRAY(SELECT 'identity:' || key FROM identities WHERE owner_id = person.person_id
        OR (owner_id = l.id AND NOT l.is_domain_shared))
"""
IS_SUPPRESSED = f"""
    (EXISTS (SELECT FROM suppressions s WHERE s.removed_at IS NULL AND s.value = ANY ({_VALUES}))
    OR (SELECT count(*) FROM suppressions s WHERE s.removed_at IS NULL AND s.keys && ({_KEYS})) > 0)
"""
# Counted, because for the first of them the planner would rather read the whole table than its index.
"""Whether the contact, or the company, is not to be written to. Two looks into indexes, for leads in work."""

MAY_BE_WRITTEN_TO = f"(person.state = 'active' AND NOT {IS_SUPPRESSED})"
"""Whether a contact may come first: neither former nor suppressed. Who was erased is no contact any more."""

CERTAINTY = "(CASE WHEN person.origin IN ('import', 'person', 'crm') THEN 1 ELSE coalesce(person.confidence, 0) END)"
"""How sure it is that the person is there: what people wrote is certain, a source of people says how sure it is."""

BEST_FIRST = f"person.title_points DESC NULLS LAST, {CERTAINTY} DESC, person.created_at, person.id"
"""The order; `core.qualification.contacts` has the same once the contacts were assessed."""

_LABELS = "string_to_array(split_part(lower(c.contact_email), '@', 2), '.')"
_ABOVE = tuple(f"array_to_string(({_LABELS})[{label}:], '.')" for label in (1, 2, 3))
"""The host of an address, and the domains above it."""
_CHANGED = """
    WITH changed AS (
        SELECT kind, value, keys, greatest(added_at, removed_at) AS at FROM suppressions
        WHERE greatest(added_at, removed_at) > coalesce(%(since)s::timestamptz, '-infinity')
    ), named AS MATERIALIZED (
        SELECT split_part(key, ':', 1) AS kind, substr(key, position(':' IN key) + 1) AS value, at
        FROM changed, unnest(keys) AS key
    ), ids AS MATERIALIZED (
        SELECT coalesce(m.new_id, n.id) AS id, n.kind, n.at
        FROM (SELECT value::uuid AS id, kind, at FROM named WHERE kind IN ('person id', 'lead id')) n
            LEFT JOIN merged_records m ON m.old_id = n.id
        UNION ALL SELECT i.owner_id, 'either', n.at
        FROM (SELECT value::uuid AS key, at FROM named WHERE kind = 'identity') n JOIN identities i ON i.key = n.key
    ), domains AS MATERIALIZED (
        SELECT value, at FROM changed WHERE kind = 'domain'
        UNION ALL SELECT value, at FROM named WHERE kind = 'company' AND value NOT LIKE '%%|%%'
    ), concerned AS (
        SELECT c.lead_id, s.at FROM changed s JOIN contacts c ON lower(c.contact_email) = s.value
        UNION ALL SELECT c.lead_id, n.at FROM ids n JOIN contacts c ON c.person_id = n.id
        UNION ALL SELECT id, at FROM ids WHERE kind <> 'person id'
        UNION ALL SELECT c.lead_id, n.at FROM named n JOIN contacts c ON c.linkedin_url = n.value
        WHERE n.kind = 'person'
        UNION ALL SELECT l.id, d.at FROM domains d JOIN leads l ON l.company_domain = d.value
        {above}
    ), latest AS (
        SELECT lead_id, max(at) AS at FROM concerned GROUP BY lead_id
    )
""".format(
    above=" ".join(
        f"UNION ALL SELECT c.lead_id, d.at FROM domains d JOIN contacts c ON {domain} = d.value" for domain in _ABOVE
    )
)
_LOOK_AGAIN = """
    UPDATE {table} SET facts_hash = repeat('0', 32) || substr(facts_hash, 33) WHERE lead_id IN (
        SELECT t.lead_id FROM {table} t JOIN latest n ON n.lead_id = t.lead_id WHERE t.{done_at} < n.at
        ORDER BY t.lead_id FOR NO KEY UPDATE OF t SKIP LOCKED
    )
"""


async def look_again(connection: Connection, table: str, done_at: str, *, since: datetime | None) -> int:
    """Make due what was done before somebody of the lead opted out, or may be written to again; return how much.

    Nobody who suppresses has to know who rests on it, and no scan for what is due has to ask of every contact.

    Args:
        connection: any.
        table: of what became of leads, with a `facts_hash` that is compared.
        done_at: its column that says when.
        since: suppressions that changed before have been looked at; None: none were.
    """
    statement = _CHANGED + _LOOK_AGAIN.format(table=table, done_at=done_at)
    return await change(connection, statement, {"since": since})
