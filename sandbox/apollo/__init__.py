"""A stand-in for the Apollo.io REST API. Source: docs.apollo.io and its OpenAPI file, checked August 2026."""
