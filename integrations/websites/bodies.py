"""Reading the body of an answer within a limit, unpacked, whatever the server says of its size."""

import zlib

import aiohttp


async def read_body(answer: aiohttp.ClientResponse, limit: int) -> tuple[bytes | None, bool]:
    """Read a body, unpacked, up to `limit` bytes; (None, False) for an encoding that was not asked for."""
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower() or "identity"
    if encoding == "identity":
        unpack = None
    elif encoding in ("gzip", "x-gzip", "deflate"):
        unpack = zlib.decompressobj(47 if encoding != "deflate" else 15)
    else:
        return None, False
    if unpack is None and answer.content_length is not None and answer.content_length <= limit:
        return await answer.content.read(), False  # aiohttp takes no more than the length that was said
    body = bytearray()
    while chunk := await answer.content.readany():
        if unpack is not None and not body and encoding == "deflate" and _is_bare(chunk):
            unpack, encoding = zlib.decompressobj(-15), "bare"
        body += chunk if unpack is None else unpack.decompress(chunk, limit + 1 - len(body))
        if len(body) > limit:
            return bytes(body[:limit]), True
        if unpack is not None and unpack.eof:
            break
    return bytes(body), False


def _is_bare(chunk: bytes) -> bool:
    """Return whether deflated bytes begin without zlib's header, as some servers send them (RFC 9110, 8.4.1.2)."""
    return chunk[:1] not in (b"\x78", b"\x58", b"\x08")
