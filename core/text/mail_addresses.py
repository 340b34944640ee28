"""The one spelling of an e-mail address: whatever compares addresses, compares this.

An address is written in many ways that are one mailbox: in capitals, in full-width letters, with invisible characters
that a web page left in it, its domain in letters (`bücher.example`) or as it goes over the wire
(`xn--bcher-kva.example`). The canonical form is lower case, Unicode NFKC, its domain in ASCII (IDNA 2008 with the
mapping of UTS #46), which is also how a message is addressed. Suppressions, tombstones, contacts, approvals and the
dedupe of imports all use it.
"""

import unicodedata

_DOTS = str.maketrans("。｡．", "...")  # full stops of other scripts, which separate labels too (RFC 3490, UTS #46)


def folded(text: str) -> str:
    """Return text in lower case, full-width and other compatible letters as the plain ones, nothing invisible in it."""
    if text.isascii():
        return text.lower()
    visible = "".join(char for char in text if unicodedata.category(char) != "Cf").translate(_DOTS)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).lower())


def ascii_domain(domain: str) -> str | None:
    """Return a domain in lower-case ASCII, other letters as IDNA writes them; None where there is no such domain."""
    plain = folded(domain)
    if plain.isascii():
        return plain
    import idna  # its tables take longer to read than a small file does, and few files need them

    try:
        return idna.encode(plain, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        pass
    try:  # registered before IDNA 2008, which has no symbols
        return plain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None


def readable_domain(domain: str) -> str:
    """Return a domain as people write it; one that cannot be read stays as it is."""
    if "xn--" not in domain:
        return domain
    import idna

    try:
        return idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return domain


def readable(address: str) -> str:
    """Return an address with its domain as people write it."""
    local, sign, domain = address.rpartition("@")
    return f"{local}{sign}{readable_domain(domain)}"
