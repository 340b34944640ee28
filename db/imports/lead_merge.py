"""The set-based merge of a batch of staged rows into `leads`.

A batch is COPYed into a temporary table, then merged by two statements in the same transaction:

1. look the keys up and insert those nobody has; tell whether the policy would change any of the others;
2. if it would, change those, and only those, keeping the values before and after for `undo_import`.

A row that may contradict the lead its key found (`core.imports.identity`: another name, address or company) is left
out of both: `TAKE_DOUBTFUL` hands it to Python, which knows the rules, and it is staged again with the lead it is.

Unchanged leads cost a look-up and no write and no lock. Rows are inserted, then locked, each in the order of their
key, so that two imports at once cannot deadlock. The rules are those of `core.leads.merging`, in SQL.
"""

from core.imports.identity import LOOKED_AT
from core.leads.lead import FIELDS
from core.leads.merging import ConflictPolicy

COLUMNS = (*FIELDS, "extra", "original")

_TYPES = dict.fromkeys(FIELDS, "text") | {"extra": "jsonb", "original": "jsonb"}

CREATE_STAGE = f"""
CREATE TEMP TABLE IF NOT EXISTS lead_stage (
    id uuid NOT NULL, dedupe_key text COLLATE "C" NOT NULL, {", ".join(f"{c} {_TYPES[c]}" for c in COLUMNS)},
    owner_id uuid
) ON COMMIT DELETE ROWS
"""

COPY_STAGE = f"COPY lead_stage (id, dedupe_key, {', '.join(COLUMNS)}) FROM STDIN (NULL '')"
COPY_SETTLED = COPY_STAGE.replace(") FROM", ", owner_id) FROM", 1)
CLEAR_STAGE = "DELETE FROM lead_stage"

# A necessary condition of `core.imports.identity.contradicts`, cheap enough for every row that is met.
_DOUBTFUL = f"""(l.id <> s.id AND l.id IS DISTINCT FROM s.owner_id AND coalesce(
    {" OR ".join(f"s.{field} <> l.{field}" for field in LOOKED_AT)} OR
    coalesce(s.contact_name, s.last_name, s.first_name) <> coalesce(l.contact_name, l.last_name, l.first_name),
    false))"""

TAKE_DOUBTFUL = f"""
DELETE FROM lead_stage s USING leads l WHERE s.dedupe_key = l.dedupe_key AND {_DOUBTFUL}
RETURNING s.dedupe_key, {", ".join(f"s.{column}" for column in COLUMNS)}
"""
"""Takes the staged rows that may contradict the lead with their key: key, `FIELDS`, extra, original."""

SELECT_OWNERS = f"""
SELECT dedupe_key, id, field_edits, {", ".join(LOOKED_AT)} FROM leads WHERE dedupe_key = ANY(%s)
"""
"""Who has which of some keys: key, lead, edits, `core.imports.identity.LOOKED_AT`."""


def _takes(field: str, policy: ConflictPolicy) -> str:
    """The condition under which a lead takes the staged value of a field."""
    if policy is ConflictPolicy.OVERWRITE:
        return f"(s.{field} IS NOT NULL AND l.{field} IS DISTINCT FROM s.{field})"
    return f"(l.{field} IS NULL AND s.{field} IS NOT NULL)"


def _merged_extra(policy: ConflictPolicy) -> str:
    return "(l.extra || s.extra)" if policy is ConflictPolicy.OVERWRITE else "(s.extra || l.extra)"


def _merged_original(policy: ConflictPolicy) -> str:
    """Each original stays with the value that won (see `core.leads.merging.merge_original`)."""
    cases = [
        f"'{field}', CASE WHEN {_takes(field, policy)} THEN s.original->'{field}' "
        f"WHEN l.{field} IS NULL THEN coalesce(l.original->'{field}', s.original->'{field}') "
        f"ELSE l.original->'{field}' END"
        for field in FIELDS
    ]
    return f"jsonb_strip_nulls(jsonb_build_object({', '.join(cases)}))"


def _differs(policy: ConflictPolicy) -> str:
    """The condition under which the policy changes anything in a lead that is there."""
    if policy is ConflictPolicy.SKIP:
        return "false"
    fields = " OR ".join(_takes(field, policy) for field in FIELDS)
    # Equal objects, the common case of a repeated import, are told apart without building the merged one.
    extra = f"s.extra IS DISTINCT FROM l.extra AND {_merged_extra(policy)} IS DISTINCT FROM l.extra"
    return f"({fields} OR (s.extra IS NOT NULL AND {extra}))"


def look_up_and_insert(policy: ConflictPolicy, *, beside_others: bool) -> str:
    """Make the statement that inserts the staged keys that are new; notes in `import_met` which others there are.

    Answers one row: how many it inserted, how many this import itself created before, how many others there are,
    whether the policy changes any, and how many rows are doubtful, which it leaves alone.

    Args:
        policy: how what is there meets what is staged.
        beside_others: whether another import may insert the same keys meanwhile. Then such a key is left out, and is
            there when the statement runs again; otherwise it is a unique violation, and the statement costs a quarter
            less, since `ON CONFLICT` searches the index once more and writes each row to the log twice.
    """
    return f"""
WITH matched AS MATERIALIZED (
    SELECT s.id AS staged_id, l.id, l.id <> s.id AS is_earlier, l.created_import_id = %(import_id)s AS is_own,
        {_differs(policy)} AS differs, {_DOUBTFUL} AS is_doubtful
    FROM lead_stage s JOIN leads l USING (dedupe_key)
), noted AS (
    INSERT INTO import_met AS m (import_id, first_record, lead_ids)
    SELECT %(import_id)s, %(first_record)s, array_agg(id) FROM matched
    WHERE is_earlier AND is_own IS NOT TRUE AND NOT is_doubtful
    HAVING count(*) > 0
    ON CONFLICT (import_id, first_record) DO UPDATE
        SET lead_ids = ARRAY(SELECT unnest(m.lead_ids) UNION SELECT unnest(excluded.lead_ids))
), inserted AS (
    INSERT INTO leads (id, dedupe_key, {", ".join(COLUMNS)}, created_import_id)
    SELECT id, dedupe_key, {", ".join(FIELDS)}, coalesce(extra, '{{}}'), coalesce(original, '{{}}'), %(import_id)s
    FROM lead_stage WHERE id NOT IN (SELECT staged_id FROM matched) ORDER BY dedupe_key
    {"ON CONFLICT (dedupe_key) DO NOTHING" if beside_others else ""}
    RETURNING 1
)
SELECT (SELECT count(*) FROM inserted), count(*) FILTER (WHERE is_earlier AND is_own AND NOT is_doubtful),
    count(*) FILTER (WHERE is_earlier AND is_own IS NOT TRUE AND NOT is_doubtful),
    coalesce(bool_or(is_earlier AND differs AND NOT is_doubtful), false), count(*) FILTER (WHERE is_doubtful)
FROM matched
"""


def change_existing(policy: ConflictPolicy) -> str:
    """Make the statement that changes leads which are there.

    Answers how many leads that were there before this import it changed for the first time. What it changes in leads
    of its own making needs no record: undoing the import removes them.
    """
    merged = ", ".join(
        f"CASE WHEN {_takes(field, policy)} THEN s.{field} ELSE l.{field} END AS new_{field}" for field in FIELDS
    )
    pairs = ", ".join(f"('{field}', to_jsonb(m.old_{field}), to_jsonb(m.new_{field}))" for field in FIELDS)
    keyed = " UNION ALL ".join(
        f"SELECT '{column}.' || key, m.old_{column}->key, m.new_{column}->key "
        f"FROM jsonb_object_keys(m.old_{column} || m.new_{column}) AS key"
        for column in ("extra", "original")
    )
    return f"""
WITH merged AS (
    SELECT l.id, l.created_import_id, {", ".join(f"l.{c} AS old_{c}" for c in COLUMNS)}, {merged},
        CASE WHEN s.extra IS NULL THEN l.extra ELSE {_merged_extra(policy)} END AS new_extra,
        CASE WHEN s.original IS NULL AND l.original = '{{}}' THEN l.original
            ELSE {_merged_original(policy)} END AS new_original
    FROM lead_stage s JOIN leads l USING (dedupe_key)
    WHERE l.id <> s.id AND {_differs(policy)}
    ORDER BY dedupe_key
    FOR UPDATE OF l
), logged AS (
    INSERT INTO import_changes AS c (import_id, lead_id, before, after)
    SELECT %(import_id)s, m.id, d.before, d.after
    FROM merged m CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(field, old) AS before, jsonb_object_agg(field, new) AS after
        FROM (SELECT * FROM (VALUES {pairs}) AS f UNION ALL {keyed}) AS v (field, old, new)
        WHERE old IS DISTINCT FROM new
    ) d
    WHERE m.created_import_id IS DISTINCT FROM %(import_id)s
    ON CONFLICT (import_id, lead_id) DO UPDATE
        SET before = excluded.before || c.before, after = c.after || excluded.after, changed_at = clock_timestamp()
    RETURNING xmax = 0 AS is_first
), changed AS (
    UPDATE leads l SET {", ".join(f"{c} = m.new_{c}" for c in COLUMNS)}, updated_at = now()
    FROM merged m WHERE l.id = m.id
)
SELECT count(*) FROM logged WHERE is_first
"""
