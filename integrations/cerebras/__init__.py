"""Cerebras, fast inference."""
