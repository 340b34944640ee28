"""Browserbase, remote browsers; used only for public LinkedIn company pages, and only when switched on."""
