"""Files of leads: reading, mapping, loading, undoing."""
