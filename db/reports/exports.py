"""Leads with their assessments, best first, streamed."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

from core.leads.lead import FIELDS
from db.server.engine import Connection

_FETCHED = 2_000
_SELECTED = """
    FROM leads l LEFT JOIN assessments a ON a.lead_id = l.id
    WHERE (%(tiers)s::text[] IS NULL OR a.tier = ANY (%(tiers)s)) AND (%(min_score)s::numeric IS NULL
        OR a.score >= %(min_score)s)
"""
_CONTACTS = """
    (SELECT string_agg(concat_ws(' ', c.name || ',', c.title, '<' || c.email || '>', c.phone, c.linkedin_url,
            '[' || coalesce(c.source_url, c.source) || ']'), '; ' ORDER BY c.role IS NULL, c.confidence DESC NULLS LAST,
            c.name)
        FROM contacts c WHERE c.lead_id = l.id AND c.not_seen_since IS NULL)
"""
"""Those who decide, one after the other, each with where it was found."""
_SOURCES = """
    (SELECT string_agg(concat_ws(' ', p.field || ':', p.source, p.source_url,
            to_char(p.observed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), 'instead of "' || p.original || '"'),
            '; ' ORDER BY p.field)
        FROM field_provenance p WHERE p.lead_id = l.id)
"""
"""Each value that did not come with an import: its field, who said it, where, and when."""


async def extra_labels(connection: Connection) -> list[str]:
    """List the names that leads keep in `extra`, in alphabetical order."""
    cursor = await connection.execute("SELECT DISTINCT jsonb_object_keys(extra) FROM leads ORDER BY 1")
    return [label async for (label,) in cursor]


async def stream_leads(
    connection: Connection,
    *,
    tiers: Sequence[str] = (),
    min_score: Decimal | None = None,
    limit: int | None = None,
    extra: Sequence[str] = (),
) -> AsyncIterator[tuple[list[Any], dict[str, Any]]]:
    """Yield leads, the best first and those without a score last, in constant memory.

    Args:
        connection: one's own.
        tiers: only these; empty: all leads.
        min_score: only leads with at least this score.
        limit: leads at most.
        extra: names of `extra` to add.

    Yields:
        (the values in the order of `core.reports.exports.COLUMNS` without `reason`, which stands as None, and then
        `extra`; the breakdown of the score and a model's reasoning, for the reason).
    """
    fields = ", ".join(f"l.{field}" for field in FIELDS)
    names = {"tiers": list(tiers) or None, "min_score": min_score, "limit": limit, "labels": list(extra)}
    query = f"""
        SELECT l.id::text, {fields}, a.score::float8, a.tier, a.confidence::float8, NULL, a.outcome, a.icp_version,
            to_char(a.assessed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), a.rules_score::float8, a.model,
            {_CONTACTS}, {_SOURCES},
            ARRAY(SELECT l.extra->>label FROM unnest(%(labels)s::text[]) WITH ORDINALITY AS n (label, place)
                ORDER BY place),
            a.breakdown, a.reasoning, a.reason
        {_SELECTED}
        ORDER BY a.score DESC NULLS LAST, a.confidence DESC NULLS LAST, l.id LIMIT %(limit)s
    """
    async with connection.transaction(), connection.cursor(name="export") as cursor:
        cursor.itersize = _FETCHED
        await cursor.execute(query, names)
        async for *values, extras, breakdown, reasoning, reason in cursor:
            yield [*values, *extras], {"breakdown": breakdown, "reasoning": reasoning, "reason": reason}
