"""The numbers of a plan, read for its check: what it declares, what was measured, what is supposed.

Money stays in the currency of the plan: what is in the team's is brought over at the plan's rate.
"""

from collections.abc import Mapping
from dataclasses import replace

from rules.calendar import Span
from rules.kpi.kpis import Kpis
from rules.kpi.names import KpiName
from rules.loads import hours_asked, hours_each
from rules.plan.plan import Plan
from rules.plan.terms import Rate
from rules.plan_check.terms import (
    LEAST_CLOSED,
    LEAST_WON,
    Activity,
    Measured,
    Reading,
    Sample,
    Terms,
    chosen,
    cycle_of,
    reach_of,
)
from rules.plan_check.values import MONTHS, WEEKS, Kind, Part, Provenance, Quantity, Split
from rules.plan_check.words import written_money, written_number, written_share
from rules.segments import Segments
from rules.team import Team
from rules.working_days import working_days

_A_MONTH = {Span.WEEK: WEEKS / MONTHS, Span.MONTH: 1, Span.QUARTER: 1 / 3, Span.YEAR: 1 / MONTHS}
_DEFAULT_HOURS = 1.0


def terms_of(
    plan: Plan,
    *,
    kpis: Kpis,
    team: Team,
    segments: Segments,
    measured: Measured,
    reading: Reading,
    place: int | None = None,
) -> Terms:
    """The numbers of a plan under some terms; `place` is that of the revision that made them."""
    assumed, targets = plan.assumptions, plan.targets
    measured = _in_currency(measured, plan)
    monthly, yearly, rest = _opened(plan, team)
    return Terms(
        owner=plan.owner,
        period=plan.period,
        currency=plan.currency,
        worth=float(plan.rate),
        reading=reading,
        objective=plan.objective,
        splits=_splits(plan),
        opportunities=monthly if yearly and rest else None,
        yearly=yearly,
        rest=rest,
        conversion=chosen(
            "conversion_rate", Kind.RATIO, targets.conversion_rate, measured.conversion,
            least=LEAST_CLOSED, reading=reading,
        ),
        deal=chosen(
            "average_won_deal", Kind.MONEY, assumed.average_won_deal, measured.deal,
            least=LEAST_WON, reading=reading,
        ) or _least_deal(plan, kpis),
        cycle=cycle_of(assumed.cycle, measured.cycle, reading),
        pipeline=_declared("active_pipeline", Kind.MONEY, targets.active_pipeline),
        accounts=_accounts(plan, measured),
        reach=reach_of(assumed.opportunities_per_account),
        capacity=_declared("capacity", Kind.HOURS, plan.time.capacity if plan.time else None),
        activities=_activities(plan, kpis),
        contacts=_contacts(segments, measured),
        prefix=() if place is None else ("revisions", place),
        kept={} if place is None else _kept(plan),
    )  # fmt: skip


def _declared(name: str, kind: Kind, value: float | None) -> Quantity | None:
    return None if value is None else Quantity(name=name, value=value, kind=kind)


def monthly_of(rate: Rate) -> float:
    """A rhythm as so many a month; a year has 52 weeks."""
    return rate.count * _A_MONTH[rate.per]


def _opened(plan: Plan, team: Team) -> tuple[Quantity | None, float, float]:
    """The opportunities a month, those of the year, and the months that the rate of today makes.

    A rep who joins or leaves within the year opens none before or after. Absences don't count: the
    plan asks for its objective all the same.
    """
    rate = plan.targets.opportunities_opened
    if rate is None:
        return None, 0.0, 0.0
    work, year = working_days(team, plan.owner), plan.days(team.fiscal_year)
    monthly = Quantity(name="opportunities_opened", value=monthly_of(rate), kind=Kind.MONTHLY)
    yearly = plan.target(KpiName.OPPORTUNITIES_OPENED, year, work) or 0.0
    since = year.first if plan.since is None else plan.since
    rest = MONTHS * work.count(since, year.last) / work.business(year.first, year.last)
    return monthly, yearly, rest


def _least_deal(plan: Plan, kpis: Kpis) -> Quantity | None:
    """The least that an opportunity is worth to be counted: the only number that is known."""
    if kpis.opportunities_opened is None or not kpis.opportunities_opened.minimum:
        return None
    return Quantity(
        name="average_won_deal", value=float(kpis.opportunities_opened.minimum / plan.rate),
        kind=Kind.MONEY, provenance=Provenance.SUPPOSED,
    )  # fmt: skip


def _in_currency(measured: Measured, plan: Plan) -> Measured:
    """What was measured in the team's currency, in that of the plan."""
    deal, rate = measured.deal, float(plan.rate)
    if deal is None or rate == 1:
        return measured
    ends = (None if end is None else end / rate for end in (deal.low, deal.high))
    low, high = ends
    brought = Sample(value=deal.value / rate, count=deal.count, low=low, high=high)
    return replace(measured, deal=brought)


def _splits(plan: Plan) -> dict[str, Split]:
    """The splits of the objective by the key that they stand under, sub-sources as written."""
    every: dict[str, Split] = {
        "sources": plan.sourcing,
        "quarters": {str(name): part for name, part in plan.quarters.items()},
        "segments": plan.segments,
        "products": plan.products,
    }
    return {name: split for name, split in every.items() if split}


def _accounts(plan: Plan, measured: Measured) -> dict[str, Quantity]:
    """How many accounts each source has; those of its sub-sources added up."""
    found: dict[str, Quantity] = {}
    for source in plan.sources:
        parts = [name for name in plan.sub_sources.get(source, {}) if name in plan.accounts]
        name = f"accounts.{source}"
        if source in plan.accounts or parts:
            declared = plan.accounts.get(source, sum(plan.accounts[part] for part in parts))
            found[source] = Quantity(name=name, value=declared, kind=Kind.COUNT)
        elif source in measured.accounts:
            found[source] = Quantity(
                name=name, value=measured.accounts[source], kind=Kind.COUNT,
                provenance=Provenance.MEASURED,
            )  # fmt: skip
    return found


def _activities(plan: Plan, kpis: Kpis) -> list[Activity]:
    """What the plan asks for, with the hours that `kpis.yaml` gives each, else one hour."""
    hours = kpis.time.hours if kpis.time else {}
    found = []
    for name, rate in plan.activities.items():
        known = kpis.activities.get(name)
        each = hours.get(known.of, _DEFAULT_HOURS) if known else _DEFAULT_HOURS
        found.append(Activity(name=name, monthly=monthly_of(rate), hours=each))
    return found


def _contacts(segments: Segments, measured: Measured) -> Quantity | None:
    """The hours a week that the accounts ask for, under the cadence of their tiers."""
    if not measured.tiers:
        return None
    each = hours_each(segments.budget.contact_hours, segments.tier.contact_every)
    hours = hours_asked(measured.tiers, each)
    if hours is None:
        return None
    return Quantity(
        name="contacts", value=hours, kind=Kind.HOURS, provenance=Provenance.MEASURED,
        count=sum(measured.tiers.values()),
    )  # fmt: skip


def _kept(plan: Plan) -> Mapping[str, Mapping[str, Part]]:
    """What a revision repeats of a key to change a part of it, as written."""
    assumed = plan.assumptions
    assumptions: dict[str, Part] = {}
    if assumed.average_won_deal is not None:
        assumptions["average_won_deal"] = written_money(assumed.average_won_deal)
    if assumed.cycle is not None:
        assumptions["cycle"] = f"{assumed.cycle} d"
    if assumed.opportunities_per_account is not None:
        assumptions["opportunities_per_account"] = written_share(assumed.opportunities_per_account)
    accounts: dict[str, Part] = {
        name: written_number(count) for name, count in plan.accounts.items()
    }
    time: dict[str, Part] = {}
    if plan.time is not None:
        time["capacity"] = f"{written_number(plan.time.capacity)} h per week"
        time |= {name: written_share(part) for name, part in plan.time.shares.items()}
    return {"assumptions": assumptions, "accounts": accounts, "time": time}
