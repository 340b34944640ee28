"""How a property says what it expected, and what there was instead."""

import re
from collections.abc import Awaitable

from core.errors import SalesAgentError

_ADDRESS = re.compile(r"[^\s@'\"(),<>]{1,100}@(?!example\.org)[^\s@'\"(),<>]{1,100}")
"""Of somebody who is not made up: a CRM that mixes records up may show them."""


class Unmet(AssertionError):
    """A property does not hold; the message says what was expected, and what came, without people's addresses."""

    def __init__(self, message: str) -> None:
        super().__init__(_ADDRESS.sub("…@…", message))


class Untried(Exception):
    """A property cannot be tried here; the message says what would be needed for it."""


def expect(holds: object, otherwise: str) -> None:
    """Raise Unmet with a sentence unless something holds."""
    if not holds:
        raise Unmet(otherwise)


def expect_equal(got: object, expected: object, of: str) -> None:
    """Raise Unmet unless two values are equal."""
    expect(got == expected, f"{of}: expected {_shown(expected)}, got {_shown(got)}")


async def expect_error(kinds: tuple[type[SalesAgentError], ...], work: Awaitable[object], of: str) -> SalesAgentError:
    """Return the error that some work ends with. Raises Unmet where it ends well, or with an error of another kind."""
    wanted = " or ".join(kind.__name__ for kind in kinds)
    try:
        answer = await work
    except kinds as error:
        return error
    except Exception as error:  # whatever a provider lets out is what the property is about
        raise Unmet(f"{of}: expected {wanted}, got {shown_error(error)}") from error
    raise Unmet(f"{of}: expected {wanted}, got an answer: {_shown(answer)}")


async def expect_done(work: Awaitable[object], of: str) -> None:
    """Raise Unmet where some work ends with an error."""
    try:
        await work
    except Exception as error:  # whatever a provider lets out is what the property is about
        raise Unmet(f"{of}: expected no error, got {shown_error(error)}") from error


def shown_error(error: BaseException) -> str:
    """Return an error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:160]}… ({len(text)} characters)"
