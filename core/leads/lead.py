"""The fields of a row, which brings a lead, a contact, or both."""

from core.leads.fields import COLUMNS

FIELDS: tuple[str, ...] = tuple(field.name for field in COLUMNS)
"""The canonical fields, in storage order."""

POSITION: dict[str, int] = {field: position for position, field in enumerate(FIELDS)}
"""Field -> its place in a list in storage order."""
