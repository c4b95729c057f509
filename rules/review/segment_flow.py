"""Segments that dry up or explode: where opportunities come from now, against before and the plan.

A percentage of a few opportunities means nothing. Given how many a segment had in both windows
together, how many of them fall in the later one is binomial, by the days worked in each, when
nothing has changed: the exact two-sided chance of a split as far or farther is the test. Over all
segments of a rep, Benjamini and Hochberg keep what stands (`rules.chance.deviations`). Source of
the conditional test: Przyborowski & Wilenski, "Homogeneity of Results in Testing Samples from
Poisson Series", *Biometrika* 31 (1940).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, lgamma, log, log1p

from rules.chance.deviations import benjamini_hochberg

RATE = 0.10
"""At most so great a part of what is said to have changed is chance, on average."""
LEAST = 6
"""With fewer opportunities in both windows together, nothing can be told."""
_TIE = 1 + 1e-9


class Flow(StrEnum):
    """What became of a segment."""

    DRYING = "drying"
    EXPLODING = "exploding"
    STEADY = "steady"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFlow:
    """A segment (`""`: no value): opportunities before and since, the chance of such a split.

    `share` is its part of all since, `planned` that of the plan's objective, where it names it.
    """

    segment: str
    before: int
    since: int
    chance: float | None
    flow: Flow
    share: float | None
    planned: float | None = None


def split_chance(since: int, total: int, part: float) -> float:
    """The exact chance that a binomial of `total` and `part` is as unlikely as `since`, or more."""
    laws = [
        exp(
            lgamma(total + 1) - lgamma(k + 1) - lgamma(total - k + 1)
            + k * log(part) + (total - k) * log1p(-part)
        )
        for k in range(total + 1)
    ]  # fmt: skip
    return min(1.0, sum(each for each in laws if each <= laws[since] * _TIE))


def flows(
    counts: Mapping[str, tuple[int, int]],
    worked: tuple[int, int],
    planned: Mapping[str, float],
) -> list[SegmentFlow]:
    """The segments, what has changed first, then by how many they have now.

    Args:
        counts: by segment, how many were opened before and since.
        worked: the days worked in each of the two windows.
        planned: the segments' parts of the objective, those that the plan names.
    """
    days = sum(worked)
    part = worked[1] / days if days else 0.0
    names = [*counts, *(each for each in planned if each not in counts)]
    whole = sum(since for _, since in counts.values())
    is_told = {name: sum(counts.get(name, (0, 0))) >= LEAST and 0 < part < 1 for name in names}
    chances = {
        name: split_chance(counts[name][1], sum(counts[name]), part)
        for name in names
        if is_told[name]
    }
    stands = dict(zip(chances, benjamini_hochberg(list(chances.values()), RATE), strict=True))
    found = []
    for name in names:
        before, since = counts.get(name, (0, 0))
        flow = Flow.UNKNOWN
        if name in chances:
            is_more = since > (before + since) * part
            changed = Flow.EXPLODING if is_more else Flow.DRYING
            flow = changed if stands[name] else Flow.STEADY
        found.append(
            SegmentFlow(
                segment=name, before=before, since=since, chance=chances.get(name), flow=flow,
                share=since / whole if whole else None, planned=planned.get(name),
            )
        )  # fmt: skip
    order: Sequence[Flow] = (Flow.DRYING, Flow.EXPLODING, Flow.STEADY, Flow.UNKNOWN)
    return sorted(found, key=lambda each: (order.index(each.flow), -each.since, each.segment))
