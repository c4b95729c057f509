"""How much more the weeks of a rep vary than Poisson's law says: variance ÷ mean, from history.

Opportunities come in bursts (a trade fair, a partner's list), and a law that ignores it cries
wolf. A rep's own weeks are too few to tell, so they are shrunk to the team's, and the team's to a
prior which is on the safe side: with nothing known, a variance of 1.5 times the mean.

Two scales are looked at. Bursts within a week show in weeks; a slow swell (a month above, a month
below) shows only in stretches of four, and it is what windows of weeks suffer from: the greater
of the two counts. Stretches being few, the prior of the swell weighs more: a quarter of history
can't tell that there is none. A rep's level is taken from the same weeks, so that somebody far
from plan is not mistaken for somebody irregular.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

# One week's observed count and what the plan expected of it.
Week = tuple[int, float]

PRIOR = 1.5
# What the prior is worth, in stretches seen: two reps' quarter of weeks.
_PRIOR_WEIGHT = 24
# The same for the swell, in stretches of four weeks: those of twenty reps' quarter and a half.
_SWELL_PRIOR_WEIGHT = 60
# What the team is worth beside a rep's own stretches: over two years of weeks.
_TEAM_WEIGHT = 120
_SWELL = 4
# Stretches that expect less than this have no variance to speak of: they join the next one.
_LEAST = 1.0
# Nobody's weeks, whatever happened in them, count for more than this in the team's.
_MOST = 4.0
# Told in twentieths: a finer one means nothing, and the laws of equal ones are shared.
_PARTS = 20


class _Seen(NamedTuple):
    """A variance ÷ mean, from so many stretches beyond the one that fixes the level."""

    ratio: float
    freedom: int


def dispersions(histories: Mapping[str, Sequence[Week]]) -> Mapping[str, float]:
    """Rep → variance ÷ mean, from 1 to 4, of one KPI; weeks go from the oldest, up to a year.

    A rep without weeks has the team's, and a team without any has `PRIOR`.
    """
    weekly = {rep: _seen(weeks, 1) for rep, weeks in histories.items()}
    swell = {rep: _seen(weeks, _SWELL) for rep, weeks in histories.items()}
    team = _shrunk(weekly.values(), PRIOR, _PRIOR_WEIGHT)
    team_swell = _shrunk(swell.values(), max(team, PRIOR), _SWELL_PRIOR_WEIGHT)
    found = {}
    for rep in histories:
        own = _toward(weekly[rep], team, _TEAM_WEIGHT)
        own_swell = _toward(swell[rep], team_swell, _TEAM_WEIGHT)
        found[rep] = max(1.0, round(max(own, own_swell) * _PARTS) / _PARTS)
    return found


def _seen(weeks: Sequence[Week], length: int) -> _Seen:
    """Pearson's χ² around the rep's own level, over its degrees of freedom."""
    stretches = _stretches(weeks, length)
    expected = sum(mean for _, mean in stretches)
    observed = sum(count for count, _ in stretches)
    freedom = len(stretches) - 1
    if freedom < 1 or not observed:
        return _Seen(PRIOR, 0)
    level = observed / expected
    square = sum((count - level * mean) ** 2 / (level * mean) for count, mean in stretches)
    return _Seen(min(square / freedom, _MOST), freedom)


def _stretches(weeks: Sequence[Week], length: int) -> Sequence[Week]:
    """Runs of so many weeks that end with the last one, longer where little is expected."""
    found: list[Week] = []
    count, mean, held = 0, 0.0, 0
    for observed, expected in reversed(weeks):
        count, mean, held = count + observed, mean + expected, held + 1
        if held >= length and mean >= _LEAST:
            found.append((count, mean))
            count, mean, held = 0, 0.0, 0
    return found


def _shrunk(seen: Iterable[_Seen], prior: float, weight: float) -> float:
    whole = list(seen)
    freedom = sum(one.freedom for one in whole)
    total = sum(one.ratio * one.freedom for one in whole)
    return _toward(_Seen(total / freedom if freedom else prior, freedom), prior, weight)


def _toward(seen: _Seen, centre: float, weight: float) -> float:
    return (seen.ratio * seen.freedom + centre * weight) / (seen.freedom + weight)
