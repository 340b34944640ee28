"""Text without case, accents and superfluous white space, for comparing."""

import unicodedata
from functools import lru_cache


def fold(text: str) -> str:
    """Return `text` without case, accents and superfluous white space, for comparing; idempotent."""
    if text.isascii():
        return " ".join(text.lower().split())
    return _fold_unicode(text)


@lru_cache(maxsize=8192)
def _fold_unicode(text: str) -> str:
    # Case folding may produce new combining marks and decomposition new letters, hence both twice.
    for _ in range(2):
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())
