"""Filling what is not known of a lead, with sources."""
