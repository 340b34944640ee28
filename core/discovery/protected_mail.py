"""E-mail addresses that Cloudflare's e-mail protection took out of a page (`data-cfemail`, checked 2026-11)."""

import re

from lxml import etree

_WHOLE_IN = ("data-email", "data-mail", "data-mailto", "data-email-address")
_BOX_IN = ("data-user", "data-name", "data-local", "data-localpart", "data-mailbox", "data-u")
_HOST_IN = ("data-domain", "data-host", "data-website", "data-d")
_KEPT = "//*[self::a or self::span or self::p or self::div or self::li or self::td][{}]".format(
    " or ".join(f"@{name}" for name in ("data-cfemail", *_WHOLE_IN, *_HOST_IN))
)
PROTECTED = re.compile("|".join(("data-cfemail", *_WHOLE_IN, *(f"{name}(?=[\\s=])" for name in _HOST_IN))))
"""What markup has that keeps an address in attributes."""
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
    """Write the addresses that a page keeps in attributes, for a script to put together, back into its text."""
    for node in root.xpath(_KEPT):
        address = _kept_address(node)
        if address:
            for child in list(node):
                node.remove(child)
            node.text = address


def _kept_address(node: etree._Element) -> str | None:
    code = node.get("data-cfemail") if node.tag in ("a", "span") else None
    if code:
        return decoded_cloudflare(code)
    whole = next(filter(None, (node.get(name) for name in _WHOLE_IN)), None)
    if whole:
        return next((way for way in (whole, whole[::-1]) if _WHOLE.fullmatch(way)), None)
    box, host = (next(filter(None, (node.get(name) for name in names)), "") for names in (_BOX_IN, _HOST_IN))
    ending = node.get("data-tld") or ""
    address = f"{box}@{host}" + (f".{ending.lstrip('.')}" if ending else "")
    return address if box and host and _WHOLE.fullmatch(address) else None
