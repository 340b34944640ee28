"""Measurements: each module prints a table and writes its figures as JSON beside itself."""
