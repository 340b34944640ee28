"""The whole way in one run: its steps, and what it shows."""
