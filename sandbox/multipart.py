"""Reads `multipart/form-data` bodies with the standard library."""

from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form; `filename` is None for a plain field."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def read_parts(content_type: str, body: bytes) -> list[Part]:
    """Return the parts in order. Raises ValueError when it is not a multipart form."""
    if not content_type.startswith("multipart/form-data"):
        raise ValueError("not multipart/form-data")
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    if not message.is_multipart():
        raise ValueError("no boundary, or no part")
    parts = []
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            raise ValueError("a part without a name")  # noqa: TRY004 - the form is wrong, not a type
        parts.append(Part(name, part.get_filename(), part.get_content_type(), content))
    return parts
