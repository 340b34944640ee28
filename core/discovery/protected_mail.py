"""E-mail addresses that Cloudflare's e-mail protection took out of a page (`data-cfemail`, checked 2026-11)."""

import re

from lxml import etree

_ADDRESS = r"[A-Za-z0-9][A-Za-z0-9._%+'-]*+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}"
_WHOLE = re.compile(_ADDRESS)
# Looked for only where a run of the characters before the "@" begins: a long run is gone through once.
_SOMEWHERE = re.compile(rf"(?<![A-Za-z0-9._%+'-])[._%+'-]*+({_ADDRESS})")


def email_in(text: str) -> str | None:
    """Return the first e-mail address in a text, as pages write it, or None."""
    found = _SOMEWHERE.search(text)
    return found[1] if found else None


def decoded_cloudflare(code: str) -> str | None:
    """Decode an address that Cloudflare's e-mail protection wrote as hexadecimal digits, first byte the key."""
    try:
        data = bytes.fromhex(code.strip())
    except ValueError:
        return None
    if len(data) < 6:
        return None
    address = bytes(byte ^ data[0] for byte in data[1:]).decode("utf-8", "replace").split("?")[0]
    return address.lower() if _WHOLE.fullmatch(address) else None


def reveal_protected(root: etree._Element) -> None:
    """Write the addresses that Cloudflare's protection took out of a page back into its text."""
    for node in root.iter("a", "span"):
        code = node.get("data-cfemail")
        if code:
            address = decoded_cloudflare(code)
            if address:
                for child in list(node):
                    node.remove(child)
                node.text = address
