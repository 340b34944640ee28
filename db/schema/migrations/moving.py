"""What hangs on leads follows them when they are joined (`joining`): statements over the temporary table `joined`."""

from core.leads.fields import FIELDS_OF_LEAD

_OF_LEAD = ", ".join(f"'{name}'" for name in FIELDS_OF_LEAD if name not in ("notes", "source", "external_id"))
_IS_OF_LEAD = f"{{name}} IN ({_OF_LEAD})"


def _part(column: str, *, is_lead: bool) -> str:
    """SQL for the values of a lead's fields, or of its person's, out of a JSON object."""
    condition = f"(k.key IN ({_OF_LEAD}))"
    return f"""(SELECT coalesce(jsonb_object_agg(k.key, k.value), '{{}}') FROM jsonb_each({column}) AS k (key, value)
        WHERE {condition if is_lead else f"NOT {condition}"})"""


def _merged(column: str) -> str:
    """SQL for many JSON objects as one, the first of a key counting."""
    return f"""(SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM (
        SELECT DISTINCT ON (key) key, value FROM unnest(array_agg({column})) WITH ORDINALITY AS o (said, place),
            jsonb_each(o.said) ORDER BY key, place) AS firsts)"""


STATEMENTS = (
    # Imports vouch for the companies and people that their rows became.
    """
    UPDATE import_met m SET
        lead_ids = ARRAY(SELECT DISTINCT j.lead_id FROM unnest(m.lead_ids) AS n (id) JOIN joined j ON j.old_id = n.id),
        contact_ids = ARRAY(SELECT DISTINCT j.contact_id FROM unnest(m.lead_ids) AS n (id)
            JOIN joined j ON j.old_id = n.id WHERE j.contact_id IS NOT NULL),
        thing_ids = ARRAY(SELECT DISTINCT coalesce(j.contact_id, j.lead_id) FROM unnest(m.lead_ids) AS n (id)
            JOIN joined j ON j.old_id = n.id)
    """,
    # A lead that another import's lead was joined with is named by both.
    """
    INSERT INTO import_met AS m (import_id, first_record, lead_ids)
    SELECT o.created_import_id, -1, array_agg(DISTINCT j.lead_id)
    FROM joined j JOIN old_leads o ON o.id = j.old_id JOIN leads l ON l.id = j.lead_id
        JOIN imports i ON i.id = o.created_import_id
    WHERE o.created_import_id IS DISTINCT FROM l.created_import_id GROUP BY o.created_import_id
    ON CONFLICT (import_id, first_record) DO NOTHING
    """,
    """
    INSERT INTO import_met AS m (import_id, first_record, lead_ids, contact_ids)
    SELECT o.created_import_id, -2, '{}', array_agg(DISTINCT j.contact_id)
    FROM joined j JOIN old_leads o ON o.id = j.old_id JOIN contacts c ON c.id = j.contact_id
        JOIN imports i ON i.id = o.created_import_id
    WHERE o.created_import_id IS DISTINCT FROM c.created_import_id GROUP BY o.created_import_id
    ON CONFLICT (import_id, first_record) DO NOTHING
    """,
    # What imports changed: of the company, and of its person.
    f"""
    CREATE TEMP TABLE moved_changes ON COMMIT DROP AS
    SELECT import_id, record_id, lead_id, {_merged("before")} AS before, {_merged("after")} AS after,
        max(changed_at) AS changed_at
    FROM (
        SELECT c.import_id, j.lead_id AS record_id, j.lead_id, {_part("c.before", is_lead=True)} AS before,
            {_part("c.after", is_lead=True)} AS after, c.changed_at
        FROM import_changes c JOIN joined j ON j.old_id = c.lead_id
        UNION ALL
        SELECT c.import_id, coalesce(j.contact_id, j.lead_id), j.lead_id, {_part("c.before", is_lead=False)},
            {_part("c.after", is_lead=False)}, c.changed_at
        FROM import_changes c JOIN joined j ON j.old_id = c.lead_id
    ) AS parts WHERE before <> '{{}}' GROUP BY import_id, record_id, lead_id
    """,
    "DELETE FROM import_changes",
    """
    INSERT INTO import_changes (import_id, record_id, lead_id, before, after, changed_at)
    SELECT import_id, record_id, lead_id, before, after, changed_at FROM moved_changes
    """,
    # One assessment, one enrichment, one look a lead: that of the first; they are due again where facts changed.
    "UPDATE assessments a SET best_contact_id = j.contact_id FROM joined j WHERE j.old_id = a.lead_id",
    *(
        f"""
        DELETE FROM {table} t USING joined j WHERE j.old_id = t.lead_id AND j.lead_id <> j.old_id
            AND EXISTS (SELECT FROM {table} o WHERE o.lead_id = j.lead_id)
        """
        for table in ("assessments", "lead_enrichments", "lead_discoveries")
    ),
    *(
        f"""
        DELETE FROM {table} t USING (
            SELECT j.old_id, row_number() OVER (PARTITION BY j.lead_id ORDER BY j.old_id) AS place
            FROM joined j JOIN {table} s ON s.lead_id = j.old_id WHERE j.lead_id <> j.old_id
        ) n WHERE t.lead_id = n.old_id AND n.place > 1
        """
        for table in ("assessments", "lead_enrichments", "lead_discoveries")
    ),
    *(
        f"UPDATE {table} t SET lead_id = j.lead_id FROM joined j WHERE j.old_id = t.lead_id AND j.lead_id <> j.old_id"
        for table in ("assessments", "lead_enrichments", "lead_discoveries", "approvals", "agent_executions")
    ),
    "DELETE FROM assessment_claims",
    "DELETE FROM enrichment_claims",
    # Answers and sources: of the company with the lead, of the person with the contact.
    """
    DELETE FROM enrichment_attempts a USING (
        SELECT a.lead_id, a.run_id, a.provider, row_number() OVER (
            PARTITION BY j.lead_id, a.run_id, a.provider ORDER BY a.lead_id <> j.lead_id, a.lead_id) AS place
        FROM enrichment_attempts a JOIN joined j ON j.old_id = a.lead_id
    ) n WHERE n.place > 1 AND (a.lead_id, a.run_id, a.provider) = (n.lead_id, n.run_id, n.provider)
    """,
    """
    UPDATE enrichment_attempts a SET lead_id = j.lead_id, record_id = j.lead_id
    FROM joined j WHERE j.old_id = a.lead_id
    """,
    f"""
    CREATE TEMP TABLE moved_sources ON COMMIT DROP AS
    SELECT DISTINCT ON (record_id, field) * FROM (
        SELECT CASE WHEN {_IS_OF_LEAD.format(name="p.field")} OR j.contact_id IS NULL
                OR p.field NOT IN (SELECT unnest(%(person)s::text[])) THEN j.lead_id ELSE j.contact_id END AS record_id,
            j.lead_id, p.field, p.value, p.source, p.source_url, p.observed_at, p.confidence, p.run_id,
            p.question_hash, p.original, p.edited_by, p.lead_id AS old_id
        FROM field_provenance p JOIN joined j ON j.old_id = p.lead_id
    ) AS sources ORDER BY record_id, field, source <> 'person', old_id <> lead_id, old_id
    """,
    "DELETE FROM field_provenance",
    """
    INSERT INTO field_provenance (record_id, lead_id, field, value, source, source_url, observed_at, confidence,
        run_id, question_hash, original, edited_by)
    SELECT record_id, lead_id, field, value, source, source_url, observed_at, confidence, run_id, question_hash,
        original, edited_by FROM moved_sources
    """,
    # Approvals and messages are to people.
    """
    UPDATE approvals a SET contact_id = j.contact_id
    FROM joined j JOIN old_leads o ON o.id = j.old_id
    WHERE a.lead_id = j.lead_id AND lower(a.recipient) = lower(o.contact_email) AND j.contact_id IS NOT NULL
    """,
    """
    UPDATE approvals a SET contact_id = c.id FROM contacts c
    WHERE a.contact_id IS NULL AND a.lead_id = c.lead_id AND lower(a.recipient) = lower(c.contact_email)
    """,
    "DELETE FROM campaign_letters m USING joined j WHERE j.old_id = m.lead_id AND j.contact_id IS NULL",
    """
    DELETE FROM campaign_letters m USING (
        SELECT m.campaign_id, m.lead_id, row_number() OVER (
            PARTITION BY m.campaign_id, j.contact_id ORDER BY m.lead_id) AS place
        FROM campaign_letters m JOIN joined j ON j.old_id = m.lead_id
    ) n WHERE n.place > 1 AND (m.campaign_id, m.lead_id) = (n.campaign_id, n.lead_id)
    """,
    """
    UPDATE campaign_letters m SET contact_id = j.contact_id, lead_id = j.lead_id
    FROM joined j WHERE j.old_id = m.lead_id
    """,
    # A link stays with who is linked; one of a lead that was joined and never was in the CRM goes.
    """
    DELETE FROM crm_links k USING joined j
    WHERE k.kind = 'lead' AND k.own_id = j.old_id AND j.lead_id <> j.old_id
        AND (k.remote_id IS NULL OR EXISTS (SELECT FROM crm_links o WHERE o.provider = k.provider AND o.kind = 'lead'
            AND o.own_id = j.lead_id AND o.remote_id IS NOT NULL))
    """,
    """
    DELETE FROM crm_links k USING joined j, crm_links o
    WHERE k.kind = 'lead' AND k.own_id = j.lead_id AND k.remote_id IS NULL AND j.lead_id <> j.old_id
        AND o.provider = k.provider AND o.kind = 'lead' AND o.own_id = j.old_id AND o.remote_id IS NOT NULL
    """,
    *(
        f"UPDATE {table} t SET own_id = j.lead_id FROM joined j"
        " WHERE t.kind = 'lead' AND t.own_id = j.old_id AND j.lead_id <> j.old_id"
        for table in ("crm_links", "crm_sync_logs", "crm_conflicts")
    ),
    """
    UPDATE crm_dead_letters d SET own_id = j.lead_id FROM joined j
    WHERE d.kind = 'lead' AND d.own_id = j.old_id AND j.lead_id <> j.old_id AND NOT EXISTS (
        SELECT FROM crm_dead_letters o WHERE o.provider = d.provider AND o.kind = d.kind AND o.own_id = j.lead_id
            AND o.status = 'open')
    """,
    "UPDATE crm_links k SET lead_id = j.lead_id FROM joined j WHERE k.lead_id = j.old_id AND j.lead_id <> j.old_id",
)
"""In this order; `%(person)s` are the fields of a person."""
