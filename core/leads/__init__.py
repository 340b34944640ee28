"""Leads: what they consist of, how values meet, what makes two the same."""
