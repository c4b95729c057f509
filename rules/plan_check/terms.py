"""The numbers of a plan that its identities tie together, each with where it comes from.

What the store has measured comes as `Measured`. The plan's own word comes first in `Reading.PLAN`,
what was measured in `Reading.HISTORY`; what neither says is supposed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rules.language import Text
from rules.located import Path
from rules.plan.terms import FindingName
from rules.plan_check.values import (
    DEFAULT_CYCLE,
    DEFAULT_REACH,
    MONTH_DAYS,
    MONTHS,
    NEW,
    Finding,
    Kind,
    Part,
    Provenance,
    Quantity,
    Repair,
    Split,
)

LEAST_CLOSED = 36
"""Closed opportunities below which no conversion rate is measured."""

LEAST_WON = 12
"""Won opportunities below which neither an average deal nor a cycle is measured."""


class Reading(StrEnum):
    """Which word comes first where a plan and its history both have one."""

    PLAN = "plan"
    HISTORY = "history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A number out of history: its 95 % interval, and how many observations it rests on.

    Money is in minor units of the team's currency, a cycle in days, a rate from 0 to 1.
    """

    value: float
    count: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the store knows of a rep; None, or no entry, where it knows nothing.

    `accounts` are by source, `tiers` by tier.
    """

    conversion: Sample | None = None
    deal: Sample | None = None
    cycle: Sample | None = None
    accounts: Mapping[str, int] = field(default_factory=dict)
    tiers: Mapping[str | None, int] = field(default_factory=dict)


NOTHING = Measured()


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """An activity of a plan: so many a month, of so many hours each."""

    name: str
    monthly: float
    hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The numbers of one plan; None where nobody knows.

    Money is in minor units of `currency`, one of which is worth `worth` of the team's.
    `opportunities` are a month, `yearly` those of the whole year, of which the rate of today makes
    those of `rest` months. `splits` are the splits of the objective as written. Under `prefix`
    stand the terms in the file; `kept` is what a revision has to repeat to change a part of it.
    """

    owner: str
    period: int
    currency: str
    worth: float = 1.0
    reading: Reading = Reading.PLAN
    objective: int
    splits: Mapping[str, Split] = field(default_factory=dict)
    opportunities: Quantity | None = None
    yearly: float = 0
    rest: float = MONTHS
    conversion: Quantity | None = None
    deal: Quantity | None = None
    cycle: Quantity
    pipeline: Quantity | None = None
    accounts: Mapping[str, Quantity] = field(default_factory=dict)
    reach: Mapping[str, Quantity] = field(default_factory=dict)
    capacity: Quantity | None = None
    activities: Sequence[Activity] = ()
    contacts: Quantity | None = None
    prefix: Path = ()
    kept: Mapping[str, Mapping[str, Part]] = field(default_factory=dict)

    @property
    def unknown(self) -> list[str]:
        """The numbers that nobody tells, without which an identity is not looked at."""
        told: dict[str, object] = {
            "opportunities_opened": self.opportunities, "conversion_rate": self.conversion,
            "average_won_deal": self.deal, "active_pipeline": self.pipeline,
        }  # fmt: skip
        if self.activities or self.contacts is not None:
            told["capacity"] = self.capacity
        named = [name for name, found in told.items() if found is None]
        sources = [name for name in self.reach if self.sources.get(name)]
        return named + [f"accounts.{name}" for name in sources if name not in self.accounts]

    @property
    def goal(self) -> Quantity:
        """The objective of the year."""
        return Quantity(name="objective", value=self.objective, kind=Kind.MONEY)

    @property
    def pace(self) -> float:
        """The opportunities opened a month; 0 where the plan asks for none."""
        return self.opportunities.value if self.opportunities else 0.0

    @property
    def sources(self) -> Mapping[str, int]:
        """The objective by source, sub-sources added up."""
        return {
            name: sum(part.values()) if isinstance(part, Mapping) else part
            for name, part in self.splits.get("sources", {}).items()
        }

    @property
    def needed_deal(self) -> Quantity | None:
        """The average won deal that makes the objective out of the opportunities."""
        if not self.yearly or self.conversion is None:
            return None
        return self.supposed_deal(self.objective / (self.yearly * self.conversion.value))

    @property
    def known_deal(self) -> Quantity | None:
        """The average won deal that the plan or its history tells; a default says nothing."""
        deal = self.deal
        return None if deal is None or deal.provenance is Provenance.SUPPOSED else deal

    @property
    def cycle_months(self) -> float:
        """The cycle in months of thirty days."""
        return self.cycle.value / MONTH_DAYS

    def supposed_deal(self, minor: float) -> Quantity:
        """An average won deal that nobody tells."""
        return Quantity(
            name="average_won_deal", value=minor, kind=Kind.MONEY, provenance=Provenance.SUPPOSED
        )

    def asked_of(self, source: str) -> float | None:
        """The opportunities that a source needs in the year, at the least.

        Its share of those of the plan; or, where fewer do, as many as its amount takes at the
        average won deal and at the conversion rate.
        """
        worth = self.sources.get(source, 0)
        found = [self.yearly * worth / self.objective] if self.yearly and self.objective else []
        if self.known_deal is not None and self.conversion is not None:
            found.append(worth / (self.known_deal.highest * self.conversion.highest))
        return min(found, default=None)

    def monthly_for(self, yearly: float) -> float:
        """The opportunities a month, from these terms on, that make so many in the year."""
        return self.pace + (yearly - self.yearly) / self.rest

    def found(
        self,
        name: FindingName,
        path: Path,
        text: Text,
        *,
        figures: Sequence[Quantity],
        would_be: Quantity,
        repairs: Sequence[Repair],
    ) -> Finding:
        """A finding in this plan."""
        return Finding(
            name=name, owner=self.owner, period=self.period, path=(*self.prefix, *path), text=text,
            figures=figures, would_be=would_be, repairs=repairs,
        )  # fmt: skip


def chosen(
    name: str,
    kind: Kind,
    declared: float | None,
    sample: Sample | None,
    *,
    least: int,
    reading: Reading,
) -> Quantity | None:
    """The number to reckon with; a sample of fewer than `least` says nothing, nor does a zero."""
    said = Quantity(name=name, value=declared, kind=kind) if declared else None
    seen = None
    if sample is not None and sample.count >= least and sample.value > 0:
        seen = Quantity(
            name=name, value=sample.value, kind=kind, provenance=Provenance.MEASURED,
            low=sample.low, high=sample.high, count=sample.count,
        )  # fmt: skip
    first, second = (said, seen) if reading is Reading.PLAN else (seen, said)
    return first or second


def cycle_of(declared: float | None, sample: Sample | None, reading: Reading) -> Quantity:
    """The cycle in days: declared, measured, or supposed."""
    found = chosen("cycle", Kind.DAYS, declared, sample, least=LEAST_WON, reading=reading)
    return found or Quantity(
        name="cycle", value=DEFAULT_CYCLE, kind=Kind.DAYS, provenance=Provenance.SUPPOSED
    )


def reach_of(declared: float | None) -> dict[str, Quantity]:
    """How many opportunities an account opens in a year, by source: known for new ones alone.

    A customer or a partner may bring several; of a prospect, a share is won over at best.
    """
    where = Provenance.SUPPOSED if declared is None else Provenance.DECLARED
    value = DEFAULT_REACH if declared is None else declared
    return {
        NEW: Quantity(
            name="opportunities_per_account", value=value, kind=Kind.RATIO, provenance=where
        )
    }
