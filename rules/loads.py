"""Loads: the hours a week that the accounts of a rep ask for, beside the hours that there are.

An account asks for the hours of one contact (`contact_hours` of its tier) as often as its tier is
contacted (`contact_every`): 2 h every 14 days is one hour a week. Days are calendar days, so that
a week has seven. Prose and sums only: who has which accounts is the business of the store.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rules.located import Misfit
from rules.numbers import read_number

WEEK_DAYS = 7
CAPACITY_LIMIT = 60
"""Hours: a week of more is a mistake of typing."""

_WEEKLY = re.compile(
    r"(.+?)\s*(?:h|hours?|heures?)(?:\s+(?:per|par)\s+|\s*/\s*)(?:week|semaine|sem)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What some accounts ask of a rep in a week, in hours, and the hours that there are.

    `hours` is None where no tier says how long a contact takes, `capacity` where no plan does.
    """

    hours: float | None
    capacity: float | None

    @property
    def utilisation(self) -> float | None:
        """Hours over capacity, 1 being full; None where one of the two is not known."""
        if self.hours is None or self.capacity is None:
            return None
        return self.hours / self.capacity


def hours_each(hours: Mapping[str, float], every: Mapping[str, int]) -> dict[str, float]:
    """The hours a week that one account of each tier asks for.

    Args:
        hours: of one contact, by tier.
        every: days between two contacts, by tier; of a tier with none, or zero, nothing is asked.
    """
    return {
        tier: hours[tier] * WEEK_DAYS / days
        for tier, days in every.items()
        if days and tier in hours
    }


def hours_asked(accounts: Mapping[str | None, int], each: Mapping[str, float]) -> float | None:
    """The hours a week that accounts ask for, given how many there are of each tier.

    `each` comes from `hours_each`; where it is empty, nothing is known.
    """
    if not each:
        return None
    return sum((count * each.get(tier or "", 0.0) for tier, count in accounts.items()), 0.0)


def read_capacity(given: object) -> float:
    """`32 h per week`, `32 h par semaine` in hours; raises `Misfit` outside of 0 (excluded) to 60.

    A week is the only period: what is asked of a rep is counted in weeks.
    """
    found = _WEEKLY.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise Misfit(
            f"« {given} » n'est pas une capacité (écrivez par exemple 32 h per week)",
            f"'{given}' is not a capacity (write for example 32 h per week)",
        )
    hours = read_number(found[1])
    if not 0 < hours <= CAPACITY_LIMIT:
        raise Misfit(
            f"« {given} » : une capacité dépasse 0 h et ne dépasse pas {CAPACITY_LIMIT} h par "
            "semaine",
            f"'{given}': a capacity is over 0 h and up to {CAPACITY_LIMIT} h per week",
        )
    return hours
