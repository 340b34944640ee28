"""Prompts as files: Markdown under `prompts/`, a heading a part, and a version that is a hash of what it says."""

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from core.errors import ConfigurationError

_DIRECTORY = Path(__file__).with_name("prompts")
_HEADING = re.compile(r"^## +([a-z_]+) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt file.

    Attributes:
        name: of the file.
        version: name and a hash of the whole file; stored with everything a model said to it.
        parts: heading to text, a template with `{names}`.
    """

    name: str
    version: str
    parts: dict[str, str]


@cache
def read_prompt(name: str) -> Prompt:
    """Read the prompt `prompts/<name>.md`. Raises ConfigurationError."""
    try:
        text = (_DIRECTORY / f"{name}.md").read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"the prompt {name} cannot be read: {error.strerror}") from error
    _, *pieces = _HEADING.split(text)
    parts = {heading: body.strip() for heading, body in zip(pieces[::2], pieces[1::2], strict=True)}
    return Prompt(name, f"{name}-{sha256(text.encode()).hexdigest()[:12]}", parts)
