"""LangSmith, which keeps traces of chains and graphs."""
