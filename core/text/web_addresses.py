"""Web addresses: which are one page, which belong to one site, which can be asked for at all. No sockets."""

import ipaddress
import posixpath
import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

from core.text.domains import registered
from core.text.mail_addresses import ascii_domain
from core.text.public_addresses import ipv4_of, is_number
from core.text.public_addresses import is_public_address as is_public_address  # of this subject too

_TRACKING = ("utm_", "fbclid", "gclid", "mc_cid", "mc_eid", "_hs", "ref_src")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SAFE = "/:@!$&'()*+,;=-._~%"
_MAX_LENGTH = 2048
_MAX_HREF = 10_000
"""Characters of a link that are looked at: white space and dots in it may make a shorter address."""
_MAX_HOST = 253
"""RFC 1035 2.3.4, without the root's dot."""
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*+)++/?+")
"""A path that is in its one spelling already."""
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")


def registrable_domain(host: str) -> str:
    """Return the domain a registrant controls ("www.a.co.uk" gives "a.co.uk"), or the host itself (IP, localhost)."""
    host = host.rstrip(".").lower()
    return registered(host) or host


@lru_cache(maxsize=4_096)
def site_of(url: str) -> str:
    """Return what makes two addresses one site: the registrable domain, with the port where it is not the usual one."""
    try:
        parts = urlsplit(url)
        port, domain = parts.port, registrable_domain(parts.hostname or "")
    except ValueError:  # no address, so of no site
        return ""
    return domain if port in (None, 80, 443) else f"{domain}:{port}"


def absolute(base: str, href: str) -> str | None:
    """Resolve a link as a browser does and bring it to one spelling; None for what is not a page's address.

    Args:
        base: the absolute address of the page (or its `<base>`).
        href: the attribute's value.
    """
    href = href.strip()
    if not href or href[0] == "#" or len(href) > _MAX_HREF:
        return None
    href = href.replace("\n", "").replace("\t", "").replace("\r", "")
    try:
        return canonical(urljoin(base, href.replace("\\", "/")))
    except ValueError:
        return None


@lru_cache(maxsize=4_096)
def canonical(url: str) -> str | None:
    """Bring an http(s) address to one spelling: lower-case host, no default port, fragment or tracking parameter.

    Returns:
        The address, or None where it is not an http(s) address with a host that can be one, or carries a user name.
    """
    if len(url) > _MAX_LENGTH:
        return None
    try:
        return _canonical(url.strip())
    except ValueError:  # also of characters that no encoding has
        return None


def _canonical(url: str) -> str | None:
    parts = urlsplit(url)
    port = parts.port
    if parts.scheme not in _DEFAULT_PORTS or parts.username is not None:
        return None
    host = _spelled_host(parts.hostname or "", is_bracketed="[" in parts.netloc)
    if host is None:
        return None
    netloc = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    query = parts.query
    if any(mark in query for mark in _TRACKING):
        pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if not pair[0].startswith(_TRACKING)]
        query = urlencode(pairs)
    return urlunsplit((parts.scheme, netloc, _clean_path(parts.path), query and quote(query, safe=_SAFE + "?[]"), ""))


def _spelled_host(written: str, *, is_bracketed: bool) -> str | None:
    """Spell a host as it stands in an address: a name in ASCII, an IPv4 address in four parts, an IPv6 one in brackets.

    Returns:
        None for what is no host: a label that is empty, too long or no punycode though it says so, a number that is no
        address, an address with a scope.

    Raises:
        ValueError: it cannot be read.
    """
    if is_bracketed:
        ip = ipaddress.IPv6Address(written)
        return f"[{ip}]" if ip.scope_id is None else None
    host = written.removesuffix(".").lower()
    if not 0 < len(host) <= _MAX_HOST:
        return None
    if not host.isascii():
        encoded = ascii_domain(host)
        if encoded is None:
            return None
        host = encoded.removesuffix(".")
    if is_number(host):
        address = ipv4_of(host)
        return str(address) if address is not None else None
    is_name = len(host) <= _MAX_HOST and all(map(_is_label, host.split(".")))
    return host if is_name else None


def _is_label(label: str) -> bool:
    """Return whether a name's part can be one. Raises ValueError for punycode that is none."""
    if label.startswith("xn--") and not label[4:].encode("ascii").decode("punycode").encode():
        return False
    return _LABEL.fullmatch(label) is not None


def _clean_path(path: str) -> str:
    if not path:
        return "/"
    if _PLAIN_PATH.fullmatch(path):
        return path
    trailing = "/" if path.endswith(("/", "/.", "/..")) and path != "/" else ""
    cleaned = posixpath.normpath("/" + path.lstrip("/"))
    return quote(unquote(cleaned), safe=_SAFE.replace("%", "")) + (trailing if cleaned != "/" else "")


@lru_cache(maxsize=4_096)
def page_key(url: str) -> str:
    """Return what two addresses of one page share: no scheme, `www.`, index file, `.html` or trailing slash."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    host = parts.netloc.removeprefix("www.")
    path = parts.path.lower()
    for ending in ("/index.html", "/index.htm", "/index.php", "/default.aspx", "/home"):
        path = path.removesuffix(ending)
    for ending in (".html", ".htm"):
        path = path.removesuffix(ending)
    return f"{host}{path.rstrip('/')}?{parts.query}"
