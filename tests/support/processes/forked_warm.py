"""Loaded last before forking: what every child would otherwise do for itself."""

import gc

import anyio  # noqa: F401 - httpx loads it at the first call

from core.text.normalize import domain

domain("example.com")  # reads the list of public suffixes

# Children neither look through what was there before them nor copy it for the looking.
gc.collect()
gc.freeze()
