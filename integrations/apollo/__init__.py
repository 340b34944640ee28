"""Apollo, people and companies (API v1)."""
