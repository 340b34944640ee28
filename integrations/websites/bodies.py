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
    first = True
    while chunk := await answer.content.readany():
        if unpack is None:
            body += chunk
        else:
            if first and encoding == "deflate" and chunk[:1] not in (b"\x78", b"\x58", b"\x08"):
                unpack = zlib.decompressobj(-15)
            first = False
            body += unpack.decompress(chunk, limit + 1 - len(body))
            if unpack.eof:
                break
        if len(body) > limit:
            return bytes(body[:limit]), True
    return bytes(body), False
