"""What plans ask of each KPI: of a whole period, and so far.

So far is by pace: what the plan asks of the working days that have ended. What is a level (a rate,
a stock) is asked for at once. A team without a plan of its own is asked for the sum of its reps'
plans, of what can be added up.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.calendar import Period, fiscal_year_of
from rules.kpi.base import BaseKpi
from rules.kpi.figures import TEAM
from rules.kpi.moment import Moment
from rules.kpi.names import Cut, KpiName
from rules.plan.plan import Plan, plan_on
from rules.plan.terms import NOT_ALLOTTED
from rules.team import Team
from rules.time import Day
from rules.working_days import WorkingDays

_FLOWS = (
    KpiName.OPPORTUNITIES_OPENED,
    KpiName.REVENUE_WON,
    KpiName.ACTIVITIES,
    KpiName.PROPOSALS,
    KpiName.PLAN_WINS,
)
_ADDED = (*_FLOWS, KpiName.ACTIVE_PIPELINE, KpiName.WEIGHTED_PIPELINE)
_ASKED_BY_MEMBER = (KpiName.REVENUE_WON, KpiName.ACTIVITIES, KpiName.TIME_SHARE)
_SPLITS = (Cut.SOURCE, Cut.SEGMENT, Cut.PRODUCT)


@dataclass(frozen=True)
class Targets:
    """The plans of a team as of a day."""

    plans: Sequence[Plan]
    team: Team
    moment: Moment
    sources: Collection[str] | None = None
    """The sources that records can bear, where the playbook says it."""

    def target(
        self, subject: str, kpi: BaseKpi, cut: Cut, member: str, period: Period
    ) -> float | None:
        """What the plan asks of a whole period, in the KPI's unit; None when it asks nothing."""
        found = self._asked(subject, kpi, cut, member, period)
        if found is None and cut is Cut.WHOLE:
            aim: float | None = getattr(kpi, "aim", None)
            return aim
        return found

    def expected(
        self,
        subject: str,
        kpi: BaseKpi,
        cut: Cut,
        member: str,
        period: Period,
        *,
        target: float | None,
    ) -> float | None:
        """What the plan asks of it so far, given the target: a flow by the days that have ended."""
        if target is None or kpi.name not in _FLOWS:
            return target
        gone = period.clipped(None, self.moment.through)
        return self._asked(subject, kpi, cut, member, gone) if gone else 0.0

    def quota(self, subject: str, period: Period) -> float | None:
        """The part of the objective that some days carry; None without a plan."""
        found = [plan.quota(period, self._work(plan)) for plan in self._plans(subject)]
        return float(sum(found)) if found else None

    def members(self, subject: str, kpi: BaseKpi, cut: Cut) -> list[str]:
        """The members of a cut that the plans ask something of."""
        if kpi.name is not KpiName.REVENUE_WON or cut not in _SPLITS:
            return []
        return list(
            dict.fromkeys(name for plan in self._plans(subject) for name in self._parts(plan, cut))
        )

    def _plans(self, subject: str) -> Sequence[Plan]:
        return self._plans_on(subject, self.moment.as_of)

    def _plans_over(self, subject: str, period: Period) -> Sequence[Plan]:
        """Those of all the days of a period: of two years where a week has days of both."""
        as_of, start = self.moment.as_of, self.team.fiscal_year
        year = fiscal_year_of(as_of, start)
        days = [day for day in (period.first, period.last) if day not in year]
        plans = [plan for day in (as_of, *days) for plan in self._plans_on(subject, day)]
        return list({(plan.owner, plan.period): plan for plan in plans}.values())

    def _plans_on(self, subject: str, day: Day) -> Sequence[Plan]:
        if (subject, day) not in self._known:
            self._known[subject, day] = self._found(subject, day)
        return self._known[subject, day]

    @cached_property
    def _known(self) -> dict[tuple[str, Day], Sequence[Plan]]:
        """The plans by subject and day, as they were asked for."""
        return {}

    def _found(self, subject: str, day: Day) -> Sequence[Plan]:
        start = self.team.fiscal_year
        own = plan_on(self.plans, subject, day, start)
        if own is not None or subject != TEAM:
            return [] if own is None else [own]
        found = (plan_on(self.plans, rep, day, start) for rep in self.team.reps)
        return [plan for plan in found if plan is not None]

    def _work(self, plan: Plan) -> WorkingDays:
        """The calendar of a plan, made once for each owner."""
        if plan.owner not in self._calendars:
            self._calendars[plan.owner] = plan.work(self.team)
        return self._calendars[plan.owner]

    @cached_property
    def _calendars(self) -> dict[str, WorkingDays]:
        """The calendars by owner, as they were asked for."""
        return {}

    def _asked(
        self, subject: str, kpi: BaseKpi, cut: Cut, member: str, period: Period
    ) -> float | None:
        if cut is not Cut.WHOLE and kpi.name not in _ASKED_BY_MEMBER:
            return None
        is_flow = kpi.name in _FLOWS
        plans = self._plans_over(subject, period) if is_flow else self._plans(subject)
        if kpi.name not in _ADDED and [plan.owner for plan in plans] != [subject]:
            return None
        found = [
            asked
            for plan in plans
            if (asked := self._of_plan(plan, kpi, cut, member, period)) is not None
        ]
        return sum(found) if found else None

    def _of_plan(
        self, plan: Plan, kpi: BaseKpi, cut: Cut, member: str, period: Period
    ) -> float | None:
        """What a plan asks, worked out once: the team asks its reps' plans again."""
        key = (plan.owner, plan.period, kpi.name, cut, member, period)
        if key not in self._worked_out:
            self._worked_out[key] = self._asked_of(plan, kpi, cut, member, period)
        return self._worked_out[key]

    @cached_property
    def _worked_out(self) -> dict[tuple[str, int, KpiName, Cut, str, Period], float | None]:
        """What the plans ask, as it was asked for."""
        return {}

    def _asked_of(
        self, plan: Plan, kpi: BaseKpi, cut: Cut, member: str, period: Period
    ) -> float | None:
        work = self._work(plan)
        if cut is Cut.WHOLE:
            asked = plan.target(kpi.name, period, work)
            return None if asked is None else float(asked)
        if kpi.name is KpiName.ACTIVITIES:
            return plan.activity_target(member, period, work)
        if kpi.name is KpiName.TIME_SHARE:
            return plan.time.shares.get(member) if plan.time else None
        if kpi.name is KpiName.REVENUE_WON and member in self._parts(plan, cut):
            return float(_quota_of(plan, cut, member, period, self._work(plan)))
        return None

    def _parts(self, plan: Plan, cut: Cut) -> list[str]:
        """The members of a cut that a plan asks something of."""
        match cut:
            case Cut.SOURCE:
                parts = self._sources(plan)
            case Cut.SEGMENT:
                parts = list(plan.segments)
            case Cut.PRODUCT:
                parts = list(plan.products)
            case _:
                parts = []
        return [name for name in parts if name != NOT_ALLOTTED]

    def _sources(self, plan: Plan) -> list[str]:
        """Those of a plan; one that no record can bear is asked for by its sub-sources."""
        if self.sources is None:
            return list(plan.sources)
        return [
            name
            for source in plan.sources
            for name in (
                [source] if source in self.sources else plan.sub_sources.get(source, [source])
            )
        ]


def _quota_of(plan: Plan, cut: Cut, member: str, period: Period, work: WorkingDays) -> int:
    match cut:
        case Cut.SOURCE:
            return plan.quota(period, work, source=member)
        case Cut.SEGMENT:
            return plan.quota(period, work, segment=member)
        case _:
            return plan.quota(period, work, product=member)
