"""The glue to Prefect, and what tasks work with: clients, databases, batches, policies."""
