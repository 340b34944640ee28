"""Runs compiled LangGraph graphs as Prefect runs; knows nothing else of this project, see docs/graphs.md."""
