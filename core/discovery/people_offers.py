"""What a source of a company's people offers beside the company's website, as its provider's folder declares it."""

from collections.abc import Callable
from dataclasses import dataclass

from core.settings.sections import SettingsReader


@dataclass(frozen=True)
class PeopleOffer:
    """What is true of a source of people before anybody opens it.

    Attributes:
        name: as a contact's provenance writes it.
        off: says why it is not to be asked, by the settings; None where it may be.
        place: among those that are asked, the lower first: the cheap before the dear.
        names_people: whether it can name anybody; one that gives facts of the company alone leaves nothing open.
    """

    name: str
    off: Callable[[SettingsReader], str | None]
    place: int = 0
    names_people: bool = True
