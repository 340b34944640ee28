"""The words by which files and CRMs say that somebody is not to be written to, or may be (`opt_outs` in the lexicon).

Concept -> phrases, to be folded as names of columns are. The same words name columns and stand in cells. What they mean
together is decided in `core.imports.opt_out_columns`.
Sources: the export formats of HubSpot, Salesforce, Mailchimp, Brevo, Mautic, Apollo, Pipedrive, Zoho, Dynamics, Odoo,
Klaviyo, Shopify, ActiveCampaign, Freshsales, Outreach, Salesloft, Close, Constant Contact.
"""

from core.text.lexicons import phrases, words

_CONCEPTS = (
    "refuse", "objection", "complaint", "bounce", "soft", "hard", "consent", "enrolled", "withdrawn", "not", "barred",
    "allow", "mail", "voice", "legal", "link", "rate", "count", "aside", "status", "neutral", "company", "noise",
)  # fmt: skip
CONCEPTS: dict[str, tuple[str, ...]] = {concept: phrases(f"opt_outs.{concept}") for concept in _CONCEPTS}
"""An earlier concept outranks a later one where both have a phrase."""
CALLS = words("opt_outs.call")
"""Phrases about being called: of the other ways than mail the one that is refused by itself."""
NO_CALLS = words("opt_outs.no_call")
"""Phrases that by themselves say not to call."""
DATED = words("opt_outs.dated")
"""Phrases that name the moment when it happened."""
EVERYTHING = words("opt_outs.everything")
"""Cells that say what is refused: all."""
YES = words("cells.yes")
"""Cells, folded, that say yes, in whatever column."""
NO = words("cells.no")
"""Cells, folded, that say no."""
