"""What a weekly look does to an episode: when it opens, lasts and recovers. Decisions only."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rules.chance.deviations import State
from rules.time import Day


class Step(StrEnum):
    """What a weekly look does to the episodes of a rule and a rep."""

    NOTHING = "nothing"
    OPENED = "opened"
    UPDATED = "updated"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Next:
    """A step, and the first Monday of the run of weeks on plan that an open episode is in."""

    step: Step
    on_plan_since: Day | None = None


def sustained(states: Sequence[State], weeks: int) -> State:
    """The state of the last look, confirmed only when the last `weeks` looks all are.

    `states` go from the oldest look to this week's, at least one (else ValueError); looks before
    the first one that there is don't count as confirmed. What isn't confirmed yet is watched.
    """
    if not states:
        raise ValueError("a state needs at least one look")
    last = states[-1]
    if last is not State.CONFIRMED:
        return last
    recent = states[-weeks:]
    lasts = len(recent) == weeks and all(state is State.CONFIRMED for state in recent)
    return State.CONFIRMED if lasts else State.WATCH


def next_step(state: State, *, is_open: bool, on_plan_since: Day | None, monday: Day) -> Next:
    """What a weekly look does, given whether an episode is open and since when it is on plan.

    An episode recovers at its second week on plan in a row. A look that is not conclusive leaves
    everything as it is. The same look twice in a week gives the same answer as once.
    """
    if not is_open:
        return Next(Step.OPENED if state is State.CONFIRMED else Step.NOTHING)
    match state:
        case State.NOT_CONCLUSIVE:
            return Next(Step.NOTHING, on_plan_since)
        case State.ON_PLAN if on_plan_since is not None and on_plan_since < monday:
            return Next(Step.RECOVERED, on_plan_since)
        case State.ON_PLAN:
            return Next(Step.UPDATED, monday)
        case State.WATCH | State.CONFIRMED:
            return Next(Step.UPDATED)
