"""How easily deviations speak: one word of `alerts.yaml` stands for limits and weeks.

A watched figure costs nobody anything, an episode asks a rep to act: two levels. An episode opens
when several looks *in a row* are at `confirmed`.

Measured by `python -m tests.simulation`: 20 reps exactly on plan with 4 KPIs, a year, then a rep
at 12 opportunities a month whose inflow falls by half (median weeks), Poisson and with a variance
of 1.5 times the mean:

            confirmed   watch lines   half watched   half confirmed
    calm    2 to 3      14 to 17      9 to 11        13 to 15
    normal  7 to 8      32 to 34      7 to 8         9 to 12
    early   18 to 22    84 to 96      5 to 6         8 to 9

Why two looks in a row: with one, a level of 0.5 % gives about as many false episodes as 1.3 % with
two, and finds a fall by half no sooner; a third leaves more lines to watch for the same delays.
"""

from dataclasses import dataclass
from enum import StrEnum


class Sensitivity(StrEnum):
    """The words for it."""

    CALM = "calm"
    NORMAL = "normal"
    EARLY = "early"


@dataclass(frozen=True, slots=True)
class Limits:
    """The chances on plan at which a deviation is watched, and confirmed.

    `weeks` is how many looks in a row, one a week, must be at `confirmed` for an episode to open.
    """

    watch: float
    confirmed: float
    weeks: int


NORMAL = Limits(watch=0.018, confirmed=0.0135, weeks=2)
_LIMITS = {
    Sensitivity.CALM: Limits(watch=0.008, confirmed=0.005, weeks=2),
    Sensitivity.NORMAL: NORMAL,
    Sensitivity.EARLY: Limits(watch=0.05, confirmed=0.035, weeks=2),
}


def limits_of(sensitivity: Sensitivity) -> Limits:
    """The limits that a word stands for."""
    return _LIMITS[sensitivity]
