"""What a check of a plan is made of: numbers that tell where they come from, findings, repairs.

`rules.plan_check.check` finds, `identities` and `linters` beside it decide. A number is
*declared* (the plan says it), *measured* (the store has enough history) or *supposed* (nobody says
it, so a default stands in).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, floor
from typing import Self

from rules.language import Text
from rules.located import Path
from rules.plan.terms import FindingName
from rules.time import Day

ROUNDING = 0.02
"""Two sides of an identity that differ by no more than this are equal: plans are round numbers."""

STEADY = 0.10
"""The same for a pipeline: a stock in its steady state, with a cycle in whole days."""

MONTHS = 12
MONTH_DAYS = 30
"""A cycle of 90 days counts as three months, as people who sell count."""

DEFAULT_CYCLE = 90
"""Days, where a cycle is neither declared nor measured."""

DEFAULT_REACH = 0.5
"""Opportunities that a new account opens in a year, where the plan does not say."""

NEW = "new"
"""The source whose accounts have bought nothing yet: a default is known for it alone."""

WEEKS = 52

# What floating point adds or takes in a dozen operations: 0.72 must not be rounded up to 0.721.
_NOISE = 1e-9


class Provenance(StrEnum):
    """Where a number comes from."""

    DECLARED = "declared"
    MEASURED = "measured"
    SUPPOSED = "supposed"


class Kind(StrEnum):
    """What a number counts: minor units of money, things, a ratio, days, hours a week."""

    MONEY = "money"
    COUNT = "count"
    RATIO = "ratio"
    DAYS = "days"
    HOURS = "hours_per_week"
    MONTHLY = "per_month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number of a check; `low` and `high` are its 95 % interval, from `count` observations."""

    name: str
    value: float
    kind: Kind
    provenance: Provenance = Provenance.DECLARED
    low: float | None = None
    high: float | None = None
    count: int | None = None

    @property
    def lowest(self) -> float:
        """The low end of what the number may really be."""
        return self.value if self.low is None else self.low

    @property
    def highest(self) -> float:
        """The high end of what the number may really be."""
        return self.value if self.high is None else self.high

    def becoming(self, value: float) -> Self:
        """The same number with another value, which nobody has measured."""
        return replace(self, value=value, low=None, high=None, count=None)


class Notice(StrEnum):
    """What is told of a plan's `accept:` itself, and can't be accepted."""

    ACCEPTED_NOT_FOUND = "accepted_not_found"


Part = str | Mapping[str, "Part"]
"""What stands in a plan at a key, as it is written."""

Split = Mapping[str, int | Mapping[str, int]]
"""Amounts by name, in minor units; a source may be split in its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A line to write: the key at `path` takes `value`, in the plan of `owner`."""

    owner: str
    path: Path
    value: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A way to make the identity true again; no changes where it is not a line of a plan."""

    text: Text
    changes: Sequence[Change] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """That somebody accepts a finding up to a day, that day included."""

    until: Day
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found in a plan.

    `path` is where in the plan of `owner`, or in `segments.yaml` where the rules show it and there
    is no period; of plans taken together, there is no owner. `figures` are the numbers that it
    comes from, `would_be` the one that would make it true. `accepted` is None where nobody accepts
    it, or no longer.
    """

    name: FindingName | Notice
    owner: str | None
    period: int | None
    path: Path
    text: Text
    figures: Sequence[Quantity] = ()
    would_be: Quantity | None = None
    repairs: Sequence[Repair] = ()
    accepted: Accepted | None = None


def up(value: float, step: float = 1) -> float:
    """The next multiple of a step, from below."""
    return round(ceil(value / step * (1 - _NOISE)) * step, 6)


def down(value: float, step: float = 1) -> float:
    """The next multiple of a step, from above."""
    return round(floor(value / step * (1 + _NOISE)) * step, 6)
