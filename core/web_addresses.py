"""Web addresses: which are one page, which belong to one site, which may be visited at all. No sockets."""

import ipaddress
import posixpath
from functools import cache, lru_cache
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

import tldextract

_TRACKING = ("utm_", "fbclid", "gclid", "mc_cid", "mc_eid", "_hs", "ref_src")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SAFE = "/:@!$&'()*+,;=-._~%"


@cache
def _suffixes() -> tldextract.TLDExtract:
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def registrable_domain(host: str) -> str:
    """Return the domain a registrant controls ("www.a.co.uk" gives "a.co.uk"), or the host itself (IP, localhost)."""
    host = host.rstrip(".").lower()
    return _suffixes()(host).top_domain_under_public_suffix or host


@lru_cache(maxsize=20_000)
def site_of(url: str) -> str:
    """Return what makes two addresses one site: the registrable domain, with the port where it is not the usual one."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    domain = registrable_domain(host)
    port = _port(parts)
    return domain if port in (None, 80, 443) else f"{domain}:{port}"


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return None


def absolute(base: str, href: str) -> str | None:
    """Resolve a link as a browser does and bring it to one spelling; None for what is not a page's address.

    Args:
        base: the absolute address of the page (or its `<base>`).
        href: the attribute's value.
    """
    href = href.strip().replace("\n", "").replace("\t", "").replace("\r", "")
    if not href or href[0] == "#":
        return None
    try:
        return canonical(urljoin(base, href.replace("\\", "/")))
    except ValueError:
        return None


@lru_cache(maxsize=20_000)
def canonical(url: str) -> str | None:
    """Bring an http(s) address to one spelling: lower-case host, no default port, fragment or tracking parameter.

    Returns:
        The address, or None where it is not an http(s) address with a host, or carries a user name.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host or parts.username is not None or len(url) > 2048:
        return None
    try:
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return None
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        netloc = f"{netloc}:{port}"
    path = _clean_path(parts.path)
    query = parts.query
    if any(mark in query for mark in _TRACKING):
        pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if not pair[0].startswith(_TRACKING)]
        query = urlencode(pairs)
    return urlunsplit((parts.scheme, netloc, path, quote(query, safe=_SAFE + "?[]"), ""))


def _clean_path(path: str) -> str:
    if not path:
        return "/"
    trailing = "/" if path.endswith(("/", "/.", "/..")) and path != "/" else ""
    cleaned = posixpath.normpath("/" + path.lstrip("/"))
    return quote(unquote(cleaned), safe=_SAFE.replace("%", "")) + (trailing if cleaned != "/" else "")


@lru_cache(maxsize=20_000)
def page_key(url: str) -> str:
    """Return what two addresses of one page share: no scheme, `www.`, index file, `.html` or trailing slash."""
    parts = urlsplit(url)
    host = parts.netloc.removeprefix("www.")
    path = parts.path.lower()
    for ending in ("/index.html", "/index.htm", "/index.php", "/default.aspx", "/home"):
        path = path.removesuffix(ending)
    for ending in (".html", ".htm"):
        path = path.removesuffix(ending)
    return f"{host}{path.rstrip('/')}?{parts.query}"


def is_public_address(address: str) -> bool:
    """Say whether an IP address is of the public internet: not private, loopback, link-local, shared, reserved."""
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    return all(embedded.is_global and not embedded.is_multicast for embedded in _embedded(ip))


def _embedded(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The address and the IPv4 address inside it (mapped, 6to4, Teredo, NAT64): a tunnel must not lead inside."""
    found = [ip]
    if isinstance(ip, ipaddress.IPv6Address):
        teredo = ip.teredo
        inner = [ip.ipv4_mapped, ip.sixtofour, teredo[1] if teredo else None]
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            inner.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if ip.ipv4_mapped is not None:
            found = []
        found.extend(address for address in inner if address is not None)
    return found
