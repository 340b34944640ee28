"""Threads of agents, and what their models were asked."""
