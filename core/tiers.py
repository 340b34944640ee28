"""The tiers that the ideal customer profile puts leads into, the best first."""

from typing import Literal, get_args

Tier = Literal["hot", "warm", "cold", "disqualified"]
TIERS: tuple[Tier, ...] = get_args(Tier)
