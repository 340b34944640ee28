"""What must hold of whoever stands behind a port, as functions that are run against one that is open."""
