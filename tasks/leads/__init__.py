"""Leads and contacts, as the doors ask for them: looked up, edited, merged, moved, deleted."""
