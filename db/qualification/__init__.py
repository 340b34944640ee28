"""Profiles of the ideal customer, and scores."""
