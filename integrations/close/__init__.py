"""Close, the CRM (REST API v1)."""
