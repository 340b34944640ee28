"""Which of a lead's contacts comes first, in SQL: of those who may be written to, the one the profile wants most.

The fragments speak of a lead `l` and of one contact of it, `person`. Who is suppressed is one list that a statement
makes once, however many contacts it looks at; it holds the keys of `core.outreach.opt_outs` too.
"""

_STANDING = """
    SELECT value FROM suppressions WHERE removed_at IS NULL
    UNION ALL SELECT unnest(keys) FROM suppressions WHERE removed_at IS NULL
"""
_HOST = "split_part(lower(person.contact_email), '@', 2)"
_NAMED = (
    "lower(person.contact_email)",
    _HOST,
    "'person:' || person.linkedin_url",
    "'person:' || person.name_key || '|' || l.company_domain",
    "'person:' || person.name_key || '|' || l.name_key",
    f"'company:' || {_HOST}",
    "'company:' || l.company_domain",
    "'company:' || l.name_key || '|'",
    "'company:' || l.name_key || '|' || lower(l.city)",
)
_DOMAINS_ABOVE = f"""
    CASE WHEN {_HOST} LIKE '%%.%%.%%' THEN ARRAY(
        SELECT array_to_string((string_to_array({_HOST}, '.'))[label:], '.') FROM generate_series(2, 9) AS label
    ) END
"""
IS_SUPPRESSED = f"""
    (EXISTS (SELECT FROM suppressions WHERE removed_at IS NULL) AND EXISTS (
        SELECT FROM unnest(ARRAY[{", ".join(_NAMED)}] || {_DOMAINS_ABOVE}) AS named WHERE named IN ({_STANDING})
    ))
"""
"""Whether the contact, or the company, is not to be written to."""

MAY_BE_WRITTEN_TO = f"(person.state = 'active' AND NOT {IS_SUPPRESSED})"
"""Whether a contact may come first: neither former nor suppressed. Who was erased is no contact any more."""

CERTAINTY = "(CASE WHEN person.origin IN ('import', 'person', 'crm') THEN 1 ELSE coalesce(person.confidence, 0) END)"
"""How sure it is that the person is there: what people wrote is certain, a source of people says how sure it is."""

BEST_FIRST = f"person.title_points DESC NULLS LAST, {CERTAINTY} DESC, person.created_at, person.id"
"""The order; `core.qualification.contacts` has the same once the contacts were assessed."""
