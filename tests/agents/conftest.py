"""The servers and guards of the integrations' tests."""

from tests.integrations.conftest import book, guard_of, server, store, valkey

__all__ = ["book", "guard_of", "server", "store", "valkey"]
