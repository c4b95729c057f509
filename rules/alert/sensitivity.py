"""How easily deviations speak: one word of `alerts.yaml` stands for limits and weeks.

A watched figure costs nobody anything, an episode asks a rep to act: two levels. An episode opens
when several looks *in a row* are at `confirmed`.

Measured by `python -m tests.simulation` over 208 years: 20 reps exactly on plan with 4 KPIs, a
year, then a rep at 12 opportunities a month whose inflow falls by half (median weeks):

                                     confirmed   watch lines   half watched   half confirmed
    normal, Poisson                   5.5         27.7          8              10
      variance 1.5 × mean, by week    7.7         34.4          8              12
      the same, by four weeks         8.5         33.3          8              11
      seasonal plan, Poisson          5.6         25.0          8              10
      seasonal plan, 1.5 × mean       7.9         32.5          8              12
      a season that plans ignore      9.4         36.9          9              14
    calm, Poisson; 1.5 × mean         2.0; 2.7    11.8; 16.5    9; 11          13; 16
    early, Poisson; 1.5 × mean        15.8; 20.6  73.9; 94.6    5; 5           8; 9

Standard errors at `normal` are 0.2 of the confirmed and 0.6 of the lines; `calm` and `early` are
from 52 of the years. 10 confirmed and 40 lines are promised wherever the plan knows the season. A
median of 12 weeks is one that 51 to 52 % of the falls keep: there is nothing to give away.
`rules.alert.false_alarms` expects 6.4 confirmed and 30 lines of this team, beside means of 7.0 and
30.6 over the first five rows; from a slow swell, a third more are confirmed than it says.

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
