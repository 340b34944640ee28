"""Which IP addresses are of the public internet: what is not on this list of exceptions may be connected to.

The list is IANA's registries of special-purpose addresses (IPv4 and IPv6, as of 2026-11), what they leave to other
registries (multicast, deprecated and unassigned space), and the addresses at which clouds serve their machines'
secrets. An IPv4 address inside an IPv6 one decides: a tunnel must not lead inside. It is our own and not
`ipaddress.is_global`, which differs from one Python to the next and takes deprecated space for public.
"""

import ipaddress
import re

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NOT_PUBLIC = """
    0.0.0.0/8           this network                        RFC 791
    10.0.0.0/8          private use                         RFC 1918
    100.64.0.0/10       shared by carriers' customers       RFC 6598; 100.100.100.200 is Alibaba's metadata
    127.0.0.0/8         loopback                            RFC 1122
    169.254.0.0/16      link-local                          RFC 3927; 169.254.169.254 is most clouds' metadata
    172.16.0.0/12       private use                         RFC 1918
    192.0.0.0/24        protocol assignments                RFC 6890; 192.0.0.192 is Oracle's metadata
    192.0.2.0/24        documentation                       RFC 5737
    192.88.99.0/24      6to4 relays, deprecated             RFC 7526
    192.168.0.0/16      private use                         RFC 1918
    198.18.0.0/15       benchmarks                          RFC 2544
    198.51.100.0/24     documentation                       RFC 5737
    203.0.113.0/24      documentation                       RFC 5737
    224.0.0.0/4         multicast                           RFC 5771
    240.0.0.0/4         reserved, and broadcast             RFC 1112, RFC 919
    168.63.129.16/32    Azure's host, seen by each machine  Azure: "What is IP address 168.63.129.16?"
    ::/8                unspecified, loopback, compatible   RFC 4291 2.5, RFC 2765; NAT64 64:ff9b:1::/48 RFC 8215
    100::/8             discard, dummy prefix               RFC 6666, RFC 9780
    2001::/23           protocol assignments                RFC 2928
    2001:db8::/32       documentation                       RFC 3849
    3fff::/20           documentation                       RFC 9637
    5f00::/16           identifiers of segments             RFC 9602
    fc00::/7            unique local                        RFC 4193; fd00:ec2::254, fd20:ce::254 are clouds' metadata
    fe80::/10           link-local                          RFC 4291
    fec0::/10           site-local, deprecated              RFC 3879
    ff00::/8            multicast                           RFC 4291
"""
_PUBLIC_AFTER_ALL = """
    192.0.0.9/32        port control, anycast               RFC 7723
    192.0.0.10/32       relays, anycast                     RFC 8155
    2001:1::1/128       port control, anycast               RFC 7723
    2001:1::2/128       relays, anycast                     RFC 8155
    2001:1::3/128       service registration, anycast       RFC 9665
    2001:3::/32         multicast tunnels                   RFC 7450
    2001:4:112::/48     AS112                               RFC 7535
    2001:20::/28        identifiers, ORCHIDv2               RFC 7343
    2001:30::/28        identifiers of drones               RFC 9374
"""
"""What the registries call globally reachable though it lies in a block that is not."""
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""RFC 4291 2.4 and IANA's IPv6 address space: all that was ever given out; the rest is reserved."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052."""
_ISATAP = (0x00005EFE, 0x02005EFE)
"""RFC 5214 6.1: the first half of an interface identifier whose second half is an IPv4 address."""
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")


def _networks(table: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(line.split()[0]) for line in table.strip().splitlines())


_REFUSED = _networks(_NOT_PUBLIC)
_EXCEPTED = _networks(_PUBLIC_AFTER_ALL)


def is_public_address(address: str) -> bool:
    """Return whether an IP address is of the public internet.

    Args:
        address: as `getaddrinfo` gives it; one with a scope ("fe80::1%eth0") is of a link, never public.
    """
    try:
        return _is_public(ipaddress.ip_address(address))
    except ValueError:
        return False


def is_private_host(host: str) -> bool:
    """Return whether a URL's host names, without any look-up, an address that is not public.

    Args:
        host: without brackets. An address may be written in any way a resolver takes: decimal, octal, hexadecimal, in
            fewer than four parts, with a dot at its end.
    """
    host = host.lower().removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761 6.3
        return True
    if ":" in host:
        return not is_public_address(host)
    if not is_number(host):
        return False
    address = ipv4_of(host)
    return address is None or not _is_public(address)


def is_number(host: str) -> bool:
    """Return whether a host is to be read as an IPv4 address, right or wrong: its end is a number (WHATWG URL)."""
    return _NUMBER.fullmatch(host.rpartition(".")[2].lower()) is not None


def ipv4_of(host: str) -> ipaddress.IPv4Address | None:
    """Read an IPv4 address as browsers and resolvers do ("127.1", "0x7f000001", "017700000001"); None for none."""
    parts = host.lower().split(".")
    if not 1 <= len(parts) <= 4 or not all(_NUMBER.fullmatch(part) and len(part) <= 40 for part in parts):
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:  # an eight in an octal number
        return None
    *bytes_before, rest = numbers
    if any(number > 255 for number in bytes_before) or rest >= 256 ** (4 - len(bytes_before)):
        return None
    high = sum(number << (24 - 8 * place) for place, number in enumerate(bytes_before))
    return ipaddress.IPv4Address(high + rest)


def _number(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8) if len(part) > 1 and part[0] == "0" else int(part)


def _is_public(ip: IPAddress) -> bool:
    if isinstance(ip, ipaddress.IPv4Address):
        return not _is_listed(ip, _REFUSED) or _is_listed(ip, _EXCEPTED)
    if ip.scope_id is not None:
        return False
    inner = _embedded(ip)
    if not all(map(_is_public, inner)):
        return False
    if inner and (ip.ipv4_mapped is not None or ip in _NAT64 or ip.teredo is not None):
        return True  # these lie in blocks of their own: what they hold is all they are
    return ip in _UNICAST and (not _is_listed(ip, _REFUSED) or _is_listed(ip, _EXCEPTED))


def _is_listed(ip: IPAddress, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    return any(ip in network for network in networks)


def _embedded(ip: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses inside an IPv6 one: mapped, NAT64, 6to4, Teredo (server and client), ISATAP."""
    low = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    found = [address for address in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if address is not None]
    if ip in _NAT64 or (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP:
        found.append(low)
    return found
