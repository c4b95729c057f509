"""What a person who objects to a tag wants instead, and for how long a decision stands by default.

Pure. The order of the tier's values is from the best to the worst.
"""

from collections.abc import Sequence

LASTS = 90
"""The days that a decision stands, where the playbook says nothing."""

# What reps may say in the field Challenge: how far the tier that they want is in the order.
_STEPS = {"tier_too_low": -1, "tier_too_high": 1}


def wanted_tier(said: str | None, tier: str | None, order: Sequence[str]) -> str | None:
    """The tier next to this one that such a challenge asks for; None where it asks for none.

    A tier that is the best, the worst or none of the order has no next one on that side.
    """
    if said not in _STEPS or tier not in order:
        return None
    place = order.index(tier) + _STEPS[said]
    return order[place] if 0 <= place < len(order) else None


def is_about_tier(said: str | None) -> bool:
    """Whether a challenge of this value wants another tier, rather than better data."""
    return said in _STEPS
