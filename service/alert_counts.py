"""What each rep did day by day, beside what their plans ask: the courses that deviations judge.

One statement for each KPI that is judged, whatever the number of reps.
"""

from collections.abc import Callable, Mapping, Sequence

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
    make = _MAKERS[rule.kpi]
    return make(connection, job, rule, {rep: _terms(job, rep) for rep in reps}, (first, last))


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


def _work(job: Job, rep: str, terms: Plan) -> WorkingDays:
    """Quiet days ask for nothing, as days away."""
    return working_days(job.team, rep, [*terms.away, *job.alerts.quiet])


def _opened(
    connection: Transaction,
    job: Job,
    _rule: DeviationRule,
    terms: Mapping[str, Sequence[_Terms]],
    days: tuple[Day, Day],
) -> Mapping[str, Course]:
    kpi = job.kpis.opportunities_opened
    if kpi is None:
        return {}
    counts = tallies.opened_by_day(connection, kpi.minimum, *days)
    return _counted(job, terms, counts, lambda plan: plan.targets.opportunities_opened)


def _counted(
    job: Job,
    terms: Mapping[str, Sequence[_Terms]],
    counts: Mapping[str, Mapping[Day, int]],
    rate_of: Callable[[Plan], Rate | None],
) -> Mapping[str, Course]:
    """The courses of what plans set a rate for."""
    found = {}
    for rep, held in terms.items():
        rated = [(part, plan, rate) for part, plan in held if (rate := rate_of(plan))]
        current = job.plan(rep)
        if current is None or rate_of(current) is None:
            continue

        def expects(
            first: Day,
            last: Day,
            *,
            rep: str = rep,
            rated: Sequence[tuple[Period, Plan, Rate]] = tuple(rated),
        ) -> float:
            return sum(
                rate.expected(days.first, days.last, job.team.fiscal_year, _work(job, rep, plan))
                for part, plan, rate in rated
                if (days := part.clipped(first, last))
            )

        found[rep] = Course(
            counts=counts.get(rep, {}),
            pieces=[part for part, _, _ in rated],
            expects=expects,
        )
    return found


def _converted(
    connection: Transaction,
    job: Job,
    _rule: DeviationRule,
    terms: Mapping[str, Sequence[_Terms]],
    days: tuple[Day, Day],
) -> Mapping[str, Course]:
    closed = tallies.closed_by_day(connection, *days)
    found = {}
    for rep, held in terms.items():
        current = job.plan(rep)
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


def _revenue(
    connection: Transaction,
    job: Job,
    _rule: DeviationRule,
    terms: Mapping[str, Sequence[_Terms]],
    days: tuple[Day, Day],
) -> Mapping[str, Course]:
    won = tallies.won_amounts(connection, *days)
    whole_team = [amount for some in won.values() for _, amount in some]
    found = {}
    for rep, held in terms.items():
        if job.plan(rep) is None or not held:
            continue
        own = [amount for _, amount in won.get(rep, ())]
        counts: dict[Day, int] = {}
        for day, amount in won.get(rep, ()):
            # A credit note is no sale that failed to come: a longer window never holds less.
            counts[day] = counts.get(day, 0) + max(0, amount)
        found[rep] = Course(
            counts=counts,
            pieces=[part for part, _ in held],
            expects=_quotas(job, rep, held),
            amounts=own if len(own) >= _ENOUGH_AMOUNTS else whole_team,
        )
    return found


def _quotas(job: Job, rep: str, held: Sequence[_Terms]) -> Callable[[Day, Day], float]:
    def expects(first: Day, last: Day) -> float:
        return float(
            sum(
                plan.quota(Period("", days.first, days.last), _work(job, rep, plan))
                for part, plan in held
                if (days := part.clipped(first, last))
            )
        )

    return expects


def _activities(
    connection: Transaction,
    job: Job,
    rule: DeviationRule,
    terms: Mapping[str, Sequence[_Terms]],
    days: tuple[Day, Day],
) -> Mapping[str, Course]:
    activity = rule.activity or ""
    of = job.kpis.activities.get(activity)
    if of is None:
        return {}
    names = job.territory.names
    term = condition_of(of.when, names) if of.when else None
    counts = tallies.activities_by_day(
        connection,
        of.of.value,
        term,
        names=names,
        slots=job.territory.slots,
        days=days,
        today=job.as_of,
    )
    return _counted(job, terms, counts, lambda plan: plan.activities.get(activity))


_MAKERS = {
    KpiName.ACTIVITIES: _activities,
    KpiName.OPPORTUNITIES_OPENED: _opened,
    KpiName.CONVERSION_RATE: _converted,
    KpiName.REVENUE_WON: _revenue,
}
