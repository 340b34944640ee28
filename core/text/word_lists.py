"""Sets of words written as running text, so that long lists stay readable in a diff."""


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def phrases(text: str) -> frozenset[str]:
    """Return the phrases of a text, which `|` separates; white space inside a phrase is made single."""
    return frozenset(" ".join(phrase.split()) for phrase in text.split("|") if phrase.strip())
