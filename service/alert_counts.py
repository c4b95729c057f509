"""What each rep did day by day, beside what their plans ask: the courses that deviations judge.

One statement for each KPI that is judged, whatever the number of reps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rules.alert.alerts import DeviationRule, condition_of
from rules.alert.judging import HISTORY, Course
from rules.calendar import DAYS_PER_WEEK, Period
from rules.kpi.kpis import KpiName
from rules.plan.plan import Plan, Rate
from rules.time import Day
from rules.working_days import WorkingDays, working_days
from service.alert_job import Job
from service.store import alert_tallies as tallies
from service.store.engine import Transaction

_ENOUGH_AMOUNTS = 12
_Terms = tuple[Period, Plan]


def courses(
    connection: Transaction, job: Job, rule: DeviationRule, reps: Sequence[str]
) -> Mapping[str, Course]:
    """Rep → course, of the reps whose plan asks for what a rule watches."""
    last = job.week.last
    first = job.week.first - (HISTORY + max(rule.windows)) * DAYS_PER_WEEK
    terms = {rep: _terms(job, rep) for rep in reps}
    return _MAKERS[rule.kpi](_Watch(connection, job, rule, terms, (first, last)))


def _terms(job: Job, rep: str) -> list[_Terms]:
    """The days under each plan and revision of a rep who is there, with its terms."""
    found = job.team.reps[rep]
    fiscal_start = job.team.fiscal_year
    return [
        (part, terms)
        for plan in job.plans
        if plan.owner == rep
        for held, terms in plan.versions(fiscal_start)
        if (part := held.clipped(found.start, found.end))
    ]


@dataclass(frozen=True, slots=True)
class _Watch:
    """What a rule watches: some reps under their plans, from a first day to a last one."""

    connection: Transaction
    job: Job
    rule: DeviationRule
    terms: Mapping[str, Sequence[_Terms]]
    days: tuple[Day, Day]

    def opened(self) -> Mapping[str, Course]:
        """Opportunities opened."""
        kpi = self.job.kpis.opportunities_opened
        if kpi is None:
            return {}
        counts = tallies.opened_by_day(self.connection, kpi.minimum, *self.days)
        return self._counted(counts, lambda plan: plan.targets.opportunities_opened)

    def activities(self) -> Mapping[str, Course]:
        """Activities of the rule's name."""
        job, activity = self.job, self.rule.activity or ""
        of = job.kpis.activities.get(activity)
        if of is None:
            return {}
        names = job.territory.names
        counts = tallies.activities_by_day(
            self.connection,
            of.of.value,
            condition_of(of.when, names) if of.when else None,
            names=names,
            slots=job.territory.slots,
            days=self.days,
            today=job.as_of,
        )
        return self._counted(counts, lambda plan: plan.activities.get(activity))

    def _counted(
        self, counts: Mapping[str, Mapping[Day, int]], rate_of: Callable[[Plan], Rate | None]
    ) -> Mapping[str, Course]:
        """The courses of what plans set a rate for."""
        found = {}
        for rep, held in self.terms.items():
            current = self.job.plan(rep)
            if current is None or rate_of(current) is None:
                continue
            rated = [(part, plan, rate) for part, plan in held if (rate := rate_of(plan))]
            found[rep] = Course(
                counts=counts.get(rep, {}),
                pieces=[part for part, _, _ in rated],
                expects=self._rates(rep, rated),
            )
        return found

    def _rates(
        self, rep: str, rated: Sequence[tuple[Period, Plan, Rate]]
    ) -> Callable[[Day, Day], float]:
        fiscal_start = self.job.team.fiscal_year

        def expects(first: Day, last: Day) -> float:
            return sum(
                rate.expected(days.first, days.last, fiscal_start, self._work(rep, plan))
                for part, plan, rate in rated
                if (days := part.clipped(first, last))
            )

        return expects

    def converted(self) -> Mapping[str, Course]:
        """What was won among what closed."""
        closed = tallies.closed_by_day(self.connection, *self.days)
        found = {}
        for rep, held in self.terms.items():
            current = self.job.plan(rep)
            if current is None or not current.targets.conversion_rate:
                continue
            each = closed.get(rep, {})
            found[rep] = Course(
                counts={day: total for day, (_, total) in each.items()},
                won={day: won for day, (won, _) in each.items()},
                pieces=[part for part, plan in held if plan.targets.conversion_rate],
                target=current.targets.conversion_rate,
            )
        return found

    def revenue(self) -> Mapping[str, Course]:
        """The amounts won."""
        won = tallies.won_amounts(self.connection, *self.days)
        whole_team = [amount for some in won.values() for _, amount in some]
        found = {}
        for rep, held in self.terms.items():
            if self.job.plan(rep) is None or not held:
                continue
            own = [amount for _, amount in won.get(rep, ())]
            counts: dict[Day, int] = {}
            for day, amount in won.get(rep, ()):
                # A credit note is no sale that failed to come: a longer window never holds less.
                counts[day] = counts.get(day, 0) + max(0, amount)
            found[rep] = Course(
                counts=counts,
                pieces=[part for part, _ in held],
                expects=self._quotas(rep, held),
                amounts=own if len(own) >= _ENOUGH_AMOUNTS else whole_team,
            )
        return found

    def _quotas(self, rep: str, held: Sequence[_Terms]) -> Callable[[Day, Day], float]:
        def expects(first: Day, last: Day) -> float:
            return float(
                sum(
                    plan.quota(Period("", days.first, days.last), self._work(rep, plan))
                    for part, plan in held
                    if (days := part.clipped(first, last))
                )
            )

        return expects

    def _work(self, rep: str, terms: Plan) -> WorkingDays:
        """Quiet days ask for nothing, as days away."""
        return working_days(self.job.team, rep, [*terms.away, *self.job.alerts.quiet])


_MAKERS = {
    KpiName.ACTIVITIES: _Watch.activities,
    KpiName.OPPORTUNITIES_OPENED: _Watch.opened,
    KpiName.CONVERSION_RATE: _Watch.converted,
    KpiName.REVENUE_WON: _Watch.revenue,
}
