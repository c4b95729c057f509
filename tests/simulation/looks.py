"""The weekly looks over a simulated team, through the functions that judge a real one."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from rules.alert.episode_steps import Step, next_step, sustained
from rules.alert.sensitivity import Limits
from rules.chance.deviations import Ratio, State, assess_counts, assess_rates
from rules.chance.dispersion import dispersions
from tests.simulation import inflow
from tests.simulation.inflow import REPS, WARM_UP, WEEKS, Scenario

COUNT_WINDOWS = (4, 8, 13)
RATE_WINDOWS = (13, 26)


@dataclass(slots=True)
class Followed:
    """The life of one series: what a digest and a rep have seen of it."""

    watch_lines: int = 0
    watch_entries: int = 0
    opened: list[int] = field(default_factory=list)
    watched: list[int] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    is_open: bool = False
    since: int | None = None

    def look(self, state: State, week: int, weeks: int) -> None:
        """Take one look's own state."""
        self.states.append(state)
        told = sustained(self.states[-weeks:], weeks)
        step = next_step(told, is_open=self.is_open, on_plan_since=self.since, monday=week)
        self.since = step.on_plan_since
        if step.step is Step.OPENED:
            self.opened.append(week)
            self.is_open = True
        elif step.step is Step.RECOVERED:
            self.is_open, self.since = False, None
        elif not self.is_open and told is State.WATCH:
            self.watch_lines += 1
            self.watch_entries += not (self.watched and self.watched[-1] >= week - 2)
        if told in (State.WATCH, State.CONFIRMED):
            self.watched.append(week)


@dataclass(frozen=True, slots=True)
class Year:
    """What a year comes to for a team."""

    watch_lines: int
    watch_entries: int
    confirmed: int
    below_target: int
    below_four_weeks: int


def on_plan(seed: int, scenario: Scenario, limits: Limits) -> Year:
    """A year of the whole team exactly on plan."""
    draw = random.Random(seed)  # noqa: S311 - a simulation
    weeks = WARM_UP + WEEKS
    followed: list[Followed] = []
    below = below_four = 0
    for mean in inflow.COUNTED:
        means = inflow.expected(scenario, mean, weeks)
        team = [inflow.drawn(draw, scenario, means) for _ in range(REPS)]
        followed += counts_followed(team, means, limits)
        below += sum(counts[week] < means[week] for counts in team for week in _looked(weeks))
        below_four += sum(
            sum(counts[week - 3 : week + 1]) < sum(means[week - 3 : week + 1])
            for counts in team
            for week in _looked(weeks)
        )
    means = inflow.expected(scenario, inflow.OPPORTUNITIES, weeks)
    for _ in range(REPS):
        closed = inflow.drawn(draw, scenario, means)
        won = inflow.won(draw, closed)
        followed.append(rates_followed(closed, won, limits))
        below += sum(won[week] < inflow.CONVERSION * closed[week] for week in _looked(weeks))
        below_four += sum(
            sum(won[week - 3 : week + 1]) < inflow.CONVERSION * sum(closed[week - 3 : week + 1])
            for week in _looked(weeks)
        )
    return Year(
        watch_lines=sum(each.watch_lines for each in followed),
        watch_entries=sum(each.watch_entries for each in followed),
        confirmed=sum(len(each.opened) for each in followed),
        below_target=below,
        below_four_weeks=below_four,
    )


def _looked(weeks: int) -> range:
    return range(WARM_UP, weeks)


def counts_followed(
    team: Sequence[Sequence[int]], means: Sequence[float], limits: Limits, *, first: int = WARM_UP
) -> list[Followed]:
    """Each rep of a team on one counted KPI, looked at on every Monday from that of a week on."""
    expected = list(accumulate(means, initial=0.0))
    totals = [list(accumulate(counts, initial=0)) for counts in team]
    followed = [Followed() for _ in team]
    for week in range(first, len(means) + 1):
        start = max(0, week - WEEKS)
        spread = dispersions(
            {
                str(rep): list(zip(counts[start:week], means[start:week], strict=True))
                for rep, counts in enumerate(team)
            }
        )
        hoped = {window: expected[week] - expected[week - window] for window in COUNT_WINDOWS}
        for rep, total in enumerate(totals):
            seen = {window: total[week] - total[week - window] for window in COUNT_WINDOWS}
            found = assess_counts(seen, hoped, dispersion=spread[str(rep)], limits=limits)
            followed[rep].look(found.state, week, limits.weeks)
    return followed


def rates_followed(closed: Sequence[int], won: Sequence[int], limits: Limits) -> Followed:
    """One rep's conversion, over windows as long as there are weeks."""
    cases, successes = (list(accumulate(each, initial=0)) for each in (closed, won))
    followed = Followed()
    for week in range(WARM_UP, len(closed) + 1):
        seen: Mapping[int, Ratio] = {
            window: Ratio(
                successes[week] - successes[week - window], cases[week] - cases[week - window]
            )
            for window in {min(window, week) for window in RATE_WINDOWS}
        }
        found = assess_rates(seen, inflow.CONVERSION, limits=limits)
        followed.look(found.state, week, limits.weeks)
    return followed


NEVER = 999


def delays(
    seed: int, scenario: Scenario, limits: Limits, *, kept: float = 0.5, fallen: int = 3
) -> list[tuple[int, int]]:
    """Weeks until watched and until confirmed, of reps whose opportunities fall to `kept`.

    They fall at any time of the year after the warm-up, another one for each seed, in a team where
    everybody else stays on plan; `NEVER` when half a year doesn't show it. Reps who have just had
    an episode at the fall have no delay to speak of.
    """
    draw = random.Random(seed)  # noqa: S311 - a simulation
    fall = WARM_UP + seed * 7 % WEEKS
    means = inflow.expected(scenario, inflow.OPPORTUNITIES, fall + WEEKS // 2)
    team = [inflow.drawn(draw, scenario, means) for _ in range(REPS)]
    after = [mean * kept for mean in means[fall:]]
    for rep in range(fallen):
        team[rep][fall:] = inflow.drawn(draw, scenario, after)
    found = []
    for each in counts_followed(team, means, limits, first=max(WARM_UP, fall - 8))[:fallen]:
        if not any(week <= fall for week in each.opened):
            watched = next((week - fall for week in each.watched if week > fall), NEVER)
            confirmed = next((week - fall for week in each.opened if week > fall), NEVER)
            found.append((watched, confirmed))
    return found
