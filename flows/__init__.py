"""What runs, in which order: one file is one flow is one verb phrase."""
