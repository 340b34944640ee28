"""Whose an e-mail address is: a person's own, a mailbox that many share, or one made up where none was known.

A made-up address ('noemail@noemail.com', 'na@na.com', 'x@x.com') is no address at all. A shared mailbox ('info@',
'kontakt@', 'ventas@') can be written to but says nothing about who a person is. Both are told by what the words mean,
in all languages (`mailboxes` in the lexicon); the address alone decides, and cheaply: an import asks for every row.
"""

import re
from functools import lru_cache

from core.text.lexicons import folded

_NOT, _MAIL = folded("mailboxes.not"), folded("mailboxes.mail")
_COMPOUNDS = frozenset(f"{first}{joint}{second}" for first in _NOT for second in _MAIL for joint in ("", ".", "-", "_"))
_NOTHING = _COMPOUNDS | folded("mailboxes.nothing")
"""Words that say of a whole address that there is none, whatever its domain."""
_TESTS = folded("mailboxes.tests")
_FILLING = _NOTHING | _TESTS | folded("mailboxes.filling")
"""Words that people type to fill a field: an address whose name and domain are both of these is nobody's."""
_SUSPECT = _FILLING | frozenset(
    char * times for char in "abcdefghijklmnopqrstuvwxyz0123456789" for times in range(4, 13)
)

_SHARED = folded("mailboxes.shared")
_TRAILING = re.compile(r"\d+$")
_BREAKS = str.maketrans("", "", ".-_+ ")
_WORD_END = re.compile(r"[.\-_+]")
_LEADING = folded("mailboxes.leading")
"""Words that make a mailbox shared also where more follows: 'info.berlin@', 'sales-de@'."""


def is_made_up(address: str) -> bool:
    """Return whether an address was put in where none was known.

    Args:
        address: In lower case, with one '@'.
    """
    name, _, host = address.partition("@")
    if name in _SUSPECT or len(name) < 4 or name[:4] == "test" or host.partition(".")[0] in _SUSPECT:
        return _is_made_up(name, host)
    return False


@lru_cache(maxsize=16_384)
def _is_made_up(name: str, host: str) -> bool:
    label = host.partition(".")[0].translate(_BREAKS)
    plain = _TRAILING.sub("", name.translate(_BREAKS))
    if name in _NOTHING or plain in _NOTHING or plain in _TESTS or label in _NOTHING:
        return True
    if len(set(plain + label)) == 1 or (name == label and name.isdigit()):  # one character again: 'xx@xx', '123@123'
        return True
    return plain in _FILLING and label in _FILLING


def is_shared(address: str) -> bool:
    """Return whether a mailbox is a company's or a department's and not a person's.

    Args:
        address: In lower case.
    """
    name = address.partition("@")[0]
    if name[-1:].isdigit():
        name = _TRAILING.sub("", name)
    if name in _SHARED:
        return True
    if name.isalnum():
        return False
    first, *rest = _WORD_END.split(name)
    return (bool(rest) and first in _LEADING) or name.translate(_BREAKS) in _SHARED
