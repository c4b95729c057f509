"""The series that `alerts.yaml` watches, by rep and deviation, for `rules.alert.false_alarms`."""

from collections.abc import Sequence

from rules.alert.alerts import Alerts, DeviationRule
from rules.alert.false_alarms import WEEKS_PER_YEAR, Counted, Rated, Series
from rules.kpi.kpis import KpiName
from rules.plan.plan import Plan, plan_on
from rules.team import Team
from rules.time import Day
from rules.working_days import working_days


def watched_series(alerts: Alerts, plans: Sequence[Plan], team: Team, day: Day) -> Sequence[Series]:
    """One for each deviation and each rep whose plan on a day asks for what it watches.

    A rep without a plan on that day counts with the last one. A rate is decided as often as
    opportunities are opened, and money by so many wins as its plan's rates give.
    """
    found = []
    for rep in team.reps:
        plan = plan_on(plans, rep, day, team.fiscal_year) or _last(plans, rep)
        if plan is not None:
            each = (_series(rule, plan, team) for rule in alerts.deviations.values())
            found += [series for series in each if series is not None]
    return found


def _last(plans: Sequence[Plan], rep: str) -> Plan | None:
    own = [plan for plan in plans if plan.owner == rep]
    return max(own, key=lambda plan: plan.period, default=None)


def _series(rule: DeviationRule, plan: Plan, team: Team) -> Series | None:
    year = plan.days(team.fiscal_year)
    work = working_days(team, plan.owner, plan.away)
    windows = tuple(sorted(rule.windows))
    opened = (plan.target(KpiName.OPPORTUNITIES_OPENED, year, work) or 0.0) / WEEKS_PER_YEAR
    rate = plan.targets.conversion_rate
    match rule.kpi:
        case KpiName.CONVERSION_RATE:
            return Rated(opened, rate, rule.minimum, windows) if opened and rate else None
        case KpiName.REVENUE_WON:
            return Counted(opened * rate, windows) if opened and rate else None
        case KpiName.ACTIVITIES:
            asked = plan.activity_target(rule.activity or "", year, work) or 0.0
            return Counted(asked / WEEKS_PER_YEAR, windows) if asked else None
        case _:
            return Counted(opened, windows) if opened else None
