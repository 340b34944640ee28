"""What an export of leads says beside their fields: an import of it passes over what is no news."""

from collections.abc import Iterable

BESIDE_FIELDS = ("assigned_to", "tags")
"""Columns that an import takes, though no field has them."""
ABOUT_LEADS = (
    "id", "contact_id", "contact_role", "contact_status", "score", "tier", "confidence", "reason", "outcome",
    "icp_version", "assessed_at", "rules_score", "model", "contacts", "sources",
)  # fmt: skip
"""Columns that say what the program found of leads: an import keeps none of them."""


def is_export(labels: Iterable[str]) -> bool:
    """Return whether a file's columns are those of an export."""
    return set(ABOUT_LEADS) <= {label.strip() for label in labels}
