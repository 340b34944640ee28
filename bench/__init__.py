"""Measurements: each prints a table and writes its figures as JSON beside this file."""
