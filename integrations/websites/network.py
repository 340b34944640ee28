"""Connections to public addresses only.

The name is resolved here, every address it resolves to is checked, and the connection is made to the checked address
itself, so neither a redirect nor a second, different DNS answer can lead to a private host.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable

import httpcore
import httpx

from core.text.public_addresses import is_public_address


class RefusedAddress(httpcore.ConnectError):
    """A host resolves to an address that is not of the public internet."""


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, checks and connects.

    Args:
        allow_private: connect to private, loopback and link-local addresses too (tests, sandbox).
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that answers; RefusedAddress where one of them is not public."""
        try:
            async with asyncio.timeout(timeout):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host}: the name was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host}: the name does not resolve") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._allow_private and not all(is_public_address(address) for address in addresses):
            raise RefusedAddress(f"{host}: not a public address")
        failure: Exception = httpcore.ConnectError(f"{host}: no address")
        for address in addresses[:4]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: a website has no Unix socket."""
        del timeout, socket_options
        raise RefusedAddress(f"{path}: not a website")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class CheckedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport on a pool that connects through `CheckedBackend`; for clients that follow no redirects.

    An answer's Location header is moved to its extension "location". httpx reads it even where it is not to follow
    it, and raises whatever its parsers raise for a host that is none.
    """

    def __init__(self, *, allow_private: bool, max_connections: int) -> None:
        super().__init__(trust_env=False)
        # httpx offers no argument for the network backend; its transport is this pool with exceptions mapped.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=max_connections,
            max_keepalive_connections=min(max_connections, 20),  # the pool looks at every idle one for each request
            keepalive_expiry=5.0,
            network_backend=CheckedBackend(allow_private=allow_private),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        answer = await super().handle_async_request(request)
        answer.extensions["location"] = answer.headers.pop("location", "")
        return answer
