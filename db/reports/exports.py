"""Leads with their contacts and assessments, best first, streamed."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

from core.leads.lead import FIELDS
from core.reports.exports import Per
from db.leads.reading import BEST_FIRST, PEOPLE, value_of
from db.server.engine import Connection

_FETCHED = 2_000
_TIERS = "(%(tiers)s::text[] IS NULL OR a.tier = ANY (%(tiers)s))"
_SCORED = f"""
    SELECT a.lead_id AS id, a.score, a.confidence FROM assessments a
    WHERE a.score IS NOT NULL AND {_TIERS} AND (%(min_score)s::numeric IS NULL OR a.score >= %(min_score)s)
    ORDER BY a.score DESC, a.confidence DESC NULLS LAST, a.lead_id LIMIT %(limit)s
"""
_UNSCORED = f"""
    SELECT l.id, a.score, a.confidence FROM leads l LEFT JOIN assessments a ON a.lead_id = l.id
    WHERE a.score IS NULL AND {_TIERS} AND %(min_score)s::numeric IS NULL ORDER BY l.id LIMIT %(limit)s
"""
"""The best first, and those without a score after them: each is read in the order of an index."""
_CONTACTS = """
    (SELECT string_agg(concat_ws(' ', coalesce(p.contact_name, concat_ws(' ', p.first_name, p.last_name)) || ',',
            p.contact_title, '<' || p.contact_email || '>', p.contact_phone, p.linkedin_url,
            '[' || coalesce(p.source_url, p.origin) || ']'), '; ' ORDER BY p.role IS NULL, p.confidence DESC NULLS LAST,
            p.contact_name, p.id)
        FROM contacts p WHERE p.lead_id = l.id AND p.not_seen_since IS NULL AND p.state = 'active')
"""
"""All people of a lead, one after the other, each with where they were found."""
_SOURCES = """
    (SELECT string_agg(concat_ws(' ', p.field || ':', p.source, p.source_url,
            to_char(p.observed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), 'instead of "' || p.original || '"'),
            '; ' ORDER BY p.field)
        FROM field_provenance p WHERE p.record_id IN (l.id, c.id))
"""
"""Each value that did not come with an import: its field, who said it, where, and when."""
_ROLE = "CASE WHEN c.role IS NULL AND c.is_owner_like AND %(owners)s::boolean THEN 'Owner' ELSE c.role END"
_STATUS = "CASE WHEN c.not_seen_since IS NOT NULL AND c.state = 'active' THEN 'not seen' ELSE c.state END"


async def extra_labels(connection: Connection) -> list[str]:
    """List the names that leads and contacts keep in `extra`, in alphabetical order."""
    cursor = await connection.execute(
        "SELECT jsonb_object_keys(extra) FROM leads UNION SELECT jsonb_object_keys(extra) FROM contacts ORDER BY 1"
    )
    return [label async for (label,) in cursor]


async def stream_leads(
    connection: Connection,
    *,
    per: Per = "contact",
    tiers: Sequence[str] = (),
    min_score: Decimal | None = None,
    limit: int | None = None,
    extra: Sequence[str] = (),
    with_owners: bool = False,
) -> AsyncIterator[tuple[list[Any], dict[str, Any]]]:
    """Yield leads with their contacts, the best first and those without a score last, in constant memory.

    Args:
        connection: one's own.
        per: a row a contact, the best of a lead first, and one for a lead without; or a row a lead with its best.
        tiers: only these; empty: all leads.
        min_score: only leads with at least this score.
        limit: leads at most.
        extra: names of `extra` to add.
        with_owners: give owners without a title that decides the role `Owner`.

    Yields:
        (the values in the order of `core.reports.exports.COLUMNS` without `reason`, which stands as None, and then
        `extra`; the breakdown of the score and a model's reasoning, for the reason).
    """
    names = {"tiers": list(tiers) or None, "min_score": min_score, "labels": list(extra), "owners": with_owners}
    left = limit
    async with connection.transaction():
        for chosen in (_SCORED, _UNSCORED):
            last = None
            async with connection.cursor(name="export") as cursor:
                cursor.itersize = _FETCHED
                await cursor.execute(_query(chosen, per), {**names, "limit": left})
                async for *values, extras, breakdown, reasoning, reason in cursor:
                    if left is not None and values[0] != last:
                        last, left = values[0], left - 1
                    yield [*values, *extras], {"breakdown": breakdown, "reasoning": reasoning, "reason": reason}


def _query(chosen: str, per: Per) -> str:
    fields = ", ".join(value_of(field) for field in FIELDS)
    return f"""
        SELECT l.id::text, c.id::text, {fields}, l.assigned_to, nullif(array_to_string(l.tags, ', '), ''), {_ROLE},
            {_STATUS}, a.score::float8, a.tier, a.confidence::float8, NULL, a.outcome, a.icp_version,
            to_char(a.assessed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            a.rules_score::float8, a.model, {_CONTACTS if per == "lead" else "NULL"}, {_SOURCES},
            ARRAY(SELECT coalesce(c.extra->>label, l.extra->>label)
                FROM unnest(%(labels)s::text[]) WITH ORDINALITY AS n (label, place) ORDER BY place),
            a.breakdown, a.reasoning, a.reason
        FROM ({chosen}) AS s JOIN leads l ON l.id = s.id LEFT JOIN assessments a ON a.lead_id = l.id {PEOPLE[per]}
        ORDER BY s.score DESC NULLS LAST, s.confidence DESC NULLS LAST, l.id, {BEST_FIRST}
    """
