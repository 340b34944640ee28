"""Hosts that many companies share, and therefore nobody's own domain.

Mail providers, social networks, link shorteners, site builders, dealer portals, marketplaces and directories. A
shared host is never a key and never joined on. The list is data: `shared_hosts.txt` beside this module.
"""

from functools import cache
from importlib.resources import files


@cache
def shared_hosts() -> frozenset[str]:
    """Return every listed host, lower case."""
    text = files("core.text").joinpath("shared_hosts.txt").read_text(encoding="utf-8")
    return frozenset(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def is_shared(host: str) -> bool:
    """Return whether `host` (lower case), or a parent of it, is listed."""
    listed = shared_hosts()
    while host:
        if host in listed:
            return True
        _, _, host = host.partition(".")
    return False
