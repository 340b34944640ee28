"""Which part of a host name somebody registered: the one definition for files, the CRM and websites.

By the public suffix list, its private part too: below `uk.com`, `com.de` or `azurewebsites.net` names are let, and two
of them have nothing to do with each other.
"""

from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tldextract

_RESERVED = ("example", "test", "invalid")
"""For documentation and tests, RFC 2606."""
_PRIVATE = "// ===BEGIN PRIVATE DOMAINS==="


@cache
def _suffixes() -> "tldextract.TLDExtract":
    import tldextract  # takes longer to import than reading a small file does, and few files need it

    return tldextract.TLDExtract(
        suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True, extra_suffixes=_RESERVED
    )


@cache
def _endings() -> frozenset[str]:
    return frozenset(_suffixes().tlds)


def registered(host: str) -> str | None:
    """Return the domain that a registrant controls: 'shop.a.co.uk' -> 'a.co.uk'; None where there is none.

    By the library's list, whose own walk takes ten times as long.

    Args:
        host: In lower case, ASCII, without a port.
    """
    if not host.isascii() or "xn--" in host:
        return registered_by_library(host)
    endings, labels = _endings(), host.split(".")
    for at in range(len(labels)):
        ending = ".".join(labels[at:])
        if f"!{ending}" in endings:  # no ending, though it looks like one
            return ending
        if ending in endings or f"*.{'.'.join(labels[at + 1 :])}" in endings:
            return ".".join(labels[at - 1 :]) if at else None
    return None


@lru_cache(maxsize=20_000)
def registered_by_library(host: str) -> str | None:
    """Return the same by the library's own walk."""
    return _suffixes().extract_str(host).top_domain_under_public_suffix or None


@cache
def let_suffixes() -> frozenset[str]:
    """Return the suffixes below which names are let: 'uk.com'. Read from the list itself, which is quick."""
    found = find_spec("tldextract")
    if found is None or found.origin is None:
        return frozenset()
    text = Path(found.origin).with_name(".tld_set_snapshot").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.partition(_PRIVATE)[2].splitlines())
    return frozenset(line.removeprefix("*.") for line in lines if "." in line and not line.startswith(("//", "!")))
