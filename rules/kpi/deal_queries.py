"""The figures of opportunities as they are, opened, won, open: one statement for all of them.

Each KPI tells the sums that it needs by name, a conditional one for each span; what two of them
need is summed once. `rules.kpi.queries.rolled_up` says what comes out of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Float, and_, case, cast, false, func, or_
from sqlalchemy.sql.selectable import CompoundSelect

from rules.kpi.base import BaseKpi
from rules.kpi.deals import (
    ActivePipeline,
    ConversionRate,
    Coverage,
    OpportunitiesOpened,
    RevenueWon,
    WeightedPipeline,
)
from rules.kpi.moment import Moment
from rules.kpi.names import Cut
from rules.kpi.queries import Relations, counted, deals, rolled_up
from rules.kpi.wins import PlanRevenue, PlanWins, PriorityRevenue
from rules.records import StageKind

Sql = ColumnElement[Any]
PROBABILITY_GRAIN = 10_000
"""Probabilities of stages are rounded to one of so many parts."""


def measured_deals(
    kpis: Iterable[BaseKpi],
    relations: Relations,
    fields: Mapping[Cut, str],
    cuts: Sequence[Cut],
    moment: Moment,
) -> CompoundSelect[Any] | None:
    """The figures of the opportunities; None when none is asked.

    The columns are those of `rolled_up`, with a sum for each name that `rules.kpi.making` reads:
    `opened_week`, `won_amount_month`, `to_go_amount` …
    """
    asked = list(kpis)
    needed = set(cuts)
    if any(isinstance(kpi, PriorityRevenue | PlanWins | PlanRevenue) for kpi in asked):
        needed |= {Cut.TIER}
    if any(isinstance(kpi, PlanWins | PlanRevenue) and kpi.segments for kpi in asked):
        needed |= {Cut.SEGMENT}
    rows = deals(relations, fields, [cut for cut in Cut if cut in needed]).subquery("deal")
    summing = _Summing(deal=rows.c, moment=moment)
    for kpi in asked:
        summing.add(kpi)
    if not summing.sums:
        return None
    return rolled_up(
        rows, cuts, summing.sums, where=or_(*summing.reach.values()), wanted=summing.cuts
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Summing:
    """The sums over opportunities by name, along which cuts each is wanted, and the rows in reach.

    `reach` holds conditions by name: whatever counts in a sum meets one of them.
    """

    deal: Any
    moment: Moment
    sums: dict[str, Sql] = field(default_factory=dict)
    cuts: dict[str, set[Cut]] = field(default_factory=dict)
    reach: dict[str, Sql] = field(default_factory=dict)

    def add(self, kpi: BaseKpi) -> None:
        """Add what a KPI needs."""
        for name, sql in self._of(kpi).items():
            self.sums[name] = sql
            self.cuts.setdefault(name, set()).update(kpi.cuts)

    def _of(self, kpi: BaseKpi) -> dict[str, Sql]:
        match kpi:
            case OpportunitiesOpened():
                found = self._opened(kpi)
            case RevenueWon():
                found = self._won("won", self._is_won) | self._squares()
            case PriorityRevenue() | PlanWins() | PlanRevenue():
                aimed = and_(self._is_won, self._is_aimed(kpi))
                found = self._won("won", self._is_won) | self._won(kpi.aimed, aimed)
            case ConversionRate():
                found = self._closed(kpi)
            case ActivePipeline() | WeightedPipeline():
                found = self._open(kpi)
            case Coverage():
                found = self._to_go()
            case _:
                found = {}
        return found

    @property
    def _is_won(self) -> Sql:
        won: Sql = self.deal.kind == StageKind.WON
        return won

    @property
    def _is_open(self) -> Sql:
        is_open: Sql = self.deal.kind == StageKind.OPEN
        return is_open

    def _is_aimed(self, kpi: PriorityRevenue | PlanWins | PlanRevenue) -> Sql:
        segments = [] if isinstance(kpi, PriorityRevenue) else kpi.segments
        aims = [self.deal.tier.in_(kpi.tiers)] if kpi.tiers else []
        aims += [self.deal.segment.in_(segments)] if segments else []
        return or_(false(), *aims)

    def _since(self, day: Sql) -> Mapping[str, Sql]:
        """Whether a day is in each period, from its first day to that of the measure."""
        moment = self.moment
        return {
            span.value: day.between(period.first, moment.as_of)
            for span, period in moment.periods.items()
        }

    def _opened(self, kpi: OpportunitiesOpened) -> dict[str, Sql]:
        deal = self.deal
        large = or_(deal.amount >= kpi.minimum, deal.team_peak_amount >= kpi.minimum)
        unknown = and_(deal.amount.is_(None), deal.team_peak_amount.is_(None))
        self.reach["created"] = deal.created_on.between(self.moment.earliest, self.moment.as_of)
        found = {}
        for span, within in self._since(deal.created_on).items():
            found[f"opened_{span}"] = counted(and_(within, large))
            found[f"created_{span}"] = counted(within)
            found[f"created_unknown_{span}"] = counted(and_(within, unknown))
        return found

    def _won(self, prefix: str, condition: Sql) -> dict[str, Sql]:
        """How many were won, of how many the amount is known, and its sum, for each span."""
        moment, closes_on = self.moment, self.deal.closes_on
        self.reach["won"] = and_(self._is_won, closes_on.between(moment.earliest, moment.as_of))
        found = {}
        for span, within in self._since(closes_on).items():
            won = and_(within, condition)
            found[f"{prefix}_{span}"] = counted(won)
            found[f"{prefix}_known_{span}"] = self._known(won)
            found[f"{prefix}_amount_{span}"] = self._amount(won)
        return found

    def _squares(self) -> dict[str, Sql]:
        amount = self.deal.amount
        return {
            f"won_squares_{span}": func.sum(case((and_(within, self._is_won), amount * amount)))
            for span, within in self._since(self.deal.closes_on).items()
        }

    def _closed(self, kpi: ConversionRate) -> dict[str, Sql]:
        within = self.deal.closes_on.between(self.moment.trailing(kpi.window), self.moment.as_of)
        closed = and_(within, self.deal.kind.in_([StageKind.WON, StageKind.LOST]))
        self.reach["closed"] = closed
        return {"closed": counted(closed), "converted": counted(and_(closed, self._is_won))}

    def _open(self, kpi: ActivePipeline | WeightedPipeline) -> dict[str, Sql]:
        deal, as_of, prefix = self.deal, self.moment.as_of, kpi.stock
        within = and_(self._is_open, deal.closes_on.between(as_of, as_of + kpi.horizon))
        if kpi.stale:
            fresh = or_(deal.created_on.is_(None), deal.created_on > as_of - kpi.stale)
            within = and_(within, fresh)
        self.reach[prefix] = within
        found = {prefix: counted(within), f"{prefix}_known": self._known(within)}
        if isinstance(kpi, ActivePipeline):
            return found | {f"{prefix}_amount": self._amount(within)}
        parts = cast(func.round(deal.probability * PROBABILITY_GRAIN), Float)
        return found | {f"{prefix}_weighted": func.sum(case((within, deal.amount * parts)))}

    def _to_go(self) -> dict[str, Sql]:
        quarter, as_of, closes_on = self.moment.quarter, self.moment.as_of, self.deal.closes_on
        to_go = and_(self._is_open, closes_on.between(as_of, quarter.last))
        done = and_(self._is_won, closes_on.between(quarter.first, as_of))
        self.reach["quarter"] = or_(to_go, done)
        return {
            "to_go": counted(to_go),
            "to_go_known": self._known(to_go),
            "to_go_amount": self._amount(to_go),
            "to_go_max": func.max(case((to_go, self.deal.amount))),
            "done_amount": self._amount(done),
        }

    def _known(self, condition: Sql) -> Sql:
        return cast(func.count(case((condition, self.deal.amount))), Float)

    def _amount(self, condition: Sql) -> Sql:
        return func.sum(case((condition, self.deal.amount)))
