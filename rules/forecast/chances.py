"""The chance that an opportunity is won in the time that is left, from what became of others.

An opportunity is won, lost, or still open; the open ones are censored, not left out, and losing is
a competing risk. The cumulative incidence of winning is that of Aalen & Johansen, "An Empirical
Transition Matrix for Non-Homogeneous Markov Chains Based on Censored Observations", *Scandinavian
Journal of Statistics* 5 (1978). Of one that is of a certain age, only those count that were still
at risk at that age. A few cases are drawn to those of more people: see `shrunk`
of `rules.forecast.attainment`.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.forecast.attainment import shrunk

Events = Mapping[tuple[int, str], int]
"""How many lasted so many days until they were `won` or `lost`, or are `open` after so many."""
WON, LOST, OPEN = "won", "lost", "open"


@dataclass(frozen=True, slots=True)
class Incidence:
    """The share won within so many days more, of `cases` that were at risk at first."""

    cases: int
    lengths: Sequence[int]
    reached: Sequence[float]

    def within(self, days: int) -> float:
        """The share won within so many days, from 0 to 1; 0 where there is no case."""
        place = bisect_right(self.lengths, days)
        return self.reached[place - 1] if place else 0.0


def incidence(events: Events, age: int = 0) -> Incidence:
    """Of the cases that lasted longer than an age (0: of all), the share won after it, by length.

    Lengths count from that age. Of equal lengths, what is open is at risk of the events.
    """
    left = {
        (days - age, event): count
        for (days, event), count in events.items()
        if count and (days > age or not age)
    }
    cases = at_risk = sum(left.values())
    survival, won_share = 1.0, 0.0
    lengths, reached = [], []
    for days in sorted({length for length, _ in left}):
        won, lost, still = (left.get((days, name), 0) for name in (WON, LOST, OPEN))
        if won:
            won_share += survival * won / at_risk
            lengths.append(days)
            reached.append(won_share)
        survival *= 1 - (won + lost) / at_risk
        at_risk -= won + lost + still
    return Incidence(cases, lengths, reached)


class Chances:
    """The chances of one state (a stage, or just created), by rep: each drawn to the team's.

    The team's are drawn to `prior`, by as many cases: all there is where nothing has happened yet.
    A prior is for whenever; `timely` says which part of it comes in time.
    """

    def __init__(self, by_rep: Mapping[str, Events]) -> None:
        self._by_rep = by_rep
        self._known: dict[tuple[str | None, int], Incidence] = {}

    @cached_property
    def _team(self) -> Events:
        """The events of everybody."""
        found: dict[tuple[int, str], int] = {}
        for events in self._by_rep.values():
            for key, count in events.items():
                found[key] = found.get(key, 0) + count
        return found

    def won(self, rep: str, *, age: int, days: int, prior: float) -> float:
        """The chance that one of a rep, of an age in days, is won within so many days more."""
        if days < 0:
            return 0.0
        team, own = self._incidence(None, age), self._incidence(rep, age)
        of_team = shrunk(team.cases * team.within(days), team.cases, prior)
        return shrunk(own.cases * own.within(days), own.cases, of_team)

    def timely(self, age: int, days: int) -> float:
        """Of the team's wins, the part that took longer than an age and came within the days after.

        With one more that did, so that nothing known is 1, and nothing is ruled out.
        """
        won = [(length, count) for (length, event), count in self._team.items() if event == WON]
        met = sum(count for length, count in won if age < length <= age + days)
        return (met + 1) / (sum(count for _, count in won) + 1)

    def cases(self, rep: str | None = None) -> int:
        """How many cases there are, of a rep or of everybody."""
        return self._incidence(rep, 0).cases

    def _incidence(self, rep: str | None, age: int) -> Incidence:
        key = (rep, age)
        if key not in self._known:
            events = self._team if rep is None else self._by_rep.get(rep, {})
            self._known[key] = incidence(events, age)
        return self._known[key]
