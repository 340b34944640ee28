"""Keeping leads in step with a CRM."""
