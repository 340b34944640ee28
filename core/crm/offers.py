"""What a CRM offers, as its provider's folder declares it: a plain value, without any client."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class CRMOffer:
    """What is true of a CRM before anybody opens it.

    Attributes:
        name: as `crm.yaml` and our records of it write it.
        needs: keys of `crm.yaml` that it cannot do without, each with what to write there.
    """

    name: str
    needs: tuple[tuple[str, str], ...] = ()


CRMOffers = Mapping[str, CRMOffer]
"""Name to offer; the first is the one of a `crm.yaml` that names none."""


def by_name(offers: Iterable[CRMOffer]) -> CRMOffers:
    """Return offers by their names."""
    return {offer.name: offer for offer in offers}
