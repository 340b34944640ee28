"""A stand-in for the Close CRM REST API v1. Source: developer.close.com, checked August 2026."""
