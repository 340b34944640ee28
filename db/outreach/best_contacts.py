"""Which of a lead's contacts comes first, in SQL: of those who may be written to, the one the profile wants most.

The fragments speak of a lead `l` and of one contact of it, `person`. Who is suppressed is one list that a statement
makes once, however many contacts it looks at: values, and keys of `core.outreach.opt_outs`. Of those keys the ones that
are made of a name at a company are left out: only what is drafted, approved and sent is held against them.
"""

_STANDING = """
    SELECT value FROM suppressions WHERE removed_at IS NULL
    UNION ALL SELECT unnest(keys) FROM suppressions WHERE removed_at IS NULL
"""
_HOST = "split_part(lower(person.contact_email), '@', 2)"
_OWN_DOMAIN = "CASE WHEN NOT l.is_domain_shared THEN l.company_domain END"
_NAMED = (
    "lower(person.contact_email)",
    _HOST,
    "'person:' || person.linkedin_url",
    "'person id:' || person.person_id",
    "'lead id:' || l.id",
    f"'company:' || {_HOST}",
    f"'company:' || {_OWN_DOMAIN}",
)
_DOMAINS_ABOVE = f"""
    CASE WHEN {_HOST} LIKE '%%.%%.%%' THEN ARRAY(
        SELECT array_to_string((string_to_array({_HOST}, '.'))[label:], '.') FROM generate_series(2, 9) AS label
    ) END
"""
_EVER = """
    ARRAY(SELECT 'person id:' || old_id FROM merged_records WHERE new_id = person.person_id)
    || ARRAY(SELECT 'lead id:' || old_id FROM merged_records WHERE new_id = l.id)
    || ARRAY(SELECT 'identity:' || key FROM identities WHERE owner_id = person.person_id
        OR (owner_id = l.id AND NOT l.is_domain_shared))
"""
IS_SUPPRESSED = f"""
    (EXISTS (SELECT FROM suppressions WHERE removed_at IS NULL) AND EXISTS (
        SELECT FROM unnest(ARRAY[{", ".join(_NAMED)}] || {_DOMAINS_ABOVE} || {_EVER}) AS named
        WHERE named IN ({_STANDING})
    ))
"""
"""Whether the contact, or the company, is not to be written to."""

MAY_BE_WRITTEN_TO = f"(person.state = 'active' AND NOT {IS_SUPPRESSED})"
"""Whether a contact may come first: neither former nor suppressed. Who was erased is no contact any more."""

CERTAINTY = "(CASE WHEN person.origin IN ('import', 'person', 'crm') THEN 1 ELSE coalesce(person.confidence, 0) END)"
"""How sure it is that the person is there: what people wrote is certain, a source of people says how sure it is."""

BEST_FIRST = f"person.title_points DESC NULLS LAST, {CERTAINTY} DESC, person.created_at, person.id"
"""The order; `core.qualification.contacts` has the same once the contacts were assessed."""
