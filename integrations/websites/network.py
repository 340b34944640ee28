"""Requests to public addresses only, over aiohttp.

The name is resolved here and every address it resolves to is checked before a connection is tried; then each socket is
checked once more when it is made, for the address it is to be connected to. The second check is no repetition: aiohttp
asks no resolver for an address that is written as a number, and a name may lead elsewhere the second time it is asked.
So neither a redirect nor a second, different DNS answer can lead to a private host.
"""

import asyncio
import socket
import weakref
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

import aiohttp
import yarl
from aiohttp.abc import AbstractResolver, ResolveResult

from core.text.public_addresses import is_public_address

_KEPT_OPEN = 50
"""Connections that may wait for a further request to their host, beside those in use: they are files of the process."""
_LONGEST_HEADER = 65_536
_READ_AHEAD = 131_072
"""Bytes of an answer that are taken from the network before they are read; a slow reader is waited for."""
_ADDRESSES_TRIED = 4

AddressInfo = tuple[int, int, int, str, tuple[object, ...]]
"""As `getaddrinfo` gives it: family, kind, protocol, name, address."""


class RefusedAddress(aiohttp.ClientError):
    """A host's address is not of the public internet."""


class CheckedResolver(AbstractResolver):
    """Resolves names, and refuses those of which one address is not public.

    Args:
        allow_private: resolve names of private, loopback and link-local addresses too (tests, sandbox).
        timeout_s: seconds for one name.
    """

    def __init__(self, *, allow_private: bool, timeout_s: float) -> None:
        self._allow_private = allow_private
        self._timeout_s = timeout_s

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return a host's addresses.

        Raises:
            RefusedAddress: one of them is not public.
            OSError: the name does not resolve, or not in time.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        except UnicodeError as error:
            raise OSError(f"{host}: no name") from error
        addresses = {str(address[0]): (kind, protocol) for kind, _, protocol, _, address in found}
        if not self._allow_private and not all(map(is_public_address, addresses)):
            raise RefusedAddress(f"{host}: not a public address")
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=protocol, flags=socket.AI_NUMERICHOST
            )
            for address, (kind, protocol) in list(addresses.items())[:_ADDRESSES_TRIED]
        ]

    async def close(self) -> None:
        """Nothing is held."""


class CheckedSockets:
    """Makes the sockets of connections to public addresses, and knows how many are open.

    Args:
        allow_private: make them for private, loopback and link-local addresses too (tests, sandbox).
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._made: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def __call__(self, info: AddressInfo) -> socket.socket:
        """Make a socket for an address; RefusedAddress where it is not public."""
        family, kind, protocol, _, address = info
        if not self._allow_private and not is_public_address(str(address[0])):
            raise RefusedAddress(f"{address[0]}: not a public address")
        made = socket.socket(family, kind, protocol)
        self._made.add(made)
        return made

    def __len__(self) -> int:
        """Return how many connections there are, those included that are about to close."""
        return len(self._made)


class CheckedSession:
    """Asks public hosts, follows no redirect, unpacks nothing, keeps no cookie. To be made inside the event loop.

    Args:
        headers: sent with every request.
        timeout_s: seconds for one exchange.
        connections: connections in use at most, over all hosts.
        allow_private: private, loopback and link-local addresses may be asked too (tests, sandbox).
    """

    def __init__(self, headers: Mapping[str, str], *, timeout_s: float, connections: int, allow_private: bool) -> None:
        connect_s = min(10.0, timeout_s)
        self._most_open = connections + _KEPT_OPEN
        self._sockets = CheckedSockets(allow_private=allow_private)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=CheckedResolver(allow_private=allow_private, timeout_s=connect_s),
                socket_factory=self._sockets,
                limit=connections,
                keepalive_timeout=5.0,
            ),
            headers=headers,
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
            timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=connect_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
            read_bufsize=_READ_AHEAD,
        )

    def get(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Ask for an address in the spelling of `canonical`, and hold the answer, of which the head is there.

        Raises:
            aiohttp.ClientError: on entering, the exchange broke off; RefusedAddress where nobody was asked.
        """
        if len(self._sockets) > self._most_open:
            headers = {**headers, "Connection": "close"}
        return self._session.get(yarl.URL(url, encoded=True), headers=headers, allow_redirects=False)

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()
