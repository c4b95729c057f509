"""Measure every rep's KPIs for the current month against the plan, and close the months before.

1. Look at the mirror: one statement for each KPI, whatever the number of reps.
2. Set each figure beside the rep's target and what is expected to date.
3. Close earlier months: the flow of opportunities is measured a last time, over the whole month,
   then everything that is kept of those months is frozen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rules.calendar import Period, month_of, shifted
from rules.calendar import month as month_of_year
from rules.kpi_queries import Look
from rules.kpis import Kpi, KpiName, Kpis, Unit
from rules.plan import Plan, expected_to_date, plan_on
from rules.team import Team
from rules.time import Day, Instant, date_of, day_of
from service.store import measures
from service.store.engine import Store
from service.store.measures import StoredMeasure, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRow:
    """A KPI of a rep over the month, texts in the team's language.

    `value`, `target` and `expected` are in `unit`; `attainment` is value ÷ expected. None means
    unknown or not set, never zero: a rep without a plan has no target and no attainment.
    """

    rep: str
    name: str
    kpi: KpiName
    label: str
    unit: Unit
    value: float | None
    numerator: float | None
    denominator: float | None
    target: float | None
    expected: float | None
    attainment: float | None
    explained: str
    definition: str

    def to_json(self) -> dict[str, str | float | None]:
        """The row as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureReport:
    """The current month of every rep, and how many earlier figures were closed."""

    period: str
    as_of: Day
    rows: Sequence[MeasureRow]
    closed: int

    def to_json(self) -> dict[str, object]:
        """The report as plain data: days as `2026-06-29`."""
        return {
            "period": self.period,
            "as_of": date_of(self.as_of).isoformat(),
            "rows": [row.to_json() for row in self.rows],
            "closed": self.closed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What a run works with; `cadence` is the days between contacts by tier."""

    team: Team
    kpis: Kpis
    plans: Sequence[Plan]
    cadence: Mapping[str, int]
    now: Instant

    @property
    def as_of(self) -> Day:
        return day_of(self.now, self.team.zone)

    @property
    def month(self) -> Period:
        return month_of(self.as_of)


def run(
    store: Store,
    *,
    team: Team,
    kpis: Kpis,
    plans: Sequence[Plan],
    cadence: Mapping[str, int],
    now: Instant,
) -> MeasureReport:
    """Measure, keep and report the current month of the team's zone. Idempotent."""
    job = _Job(team=team, kpis=kpis, plans=plans, cadence=cadence, now=now)
    with store.read() as connection:
        current = _measured(connection, job, kpis.measured, job.month, list(team.reps))
        closing = _closing(connection, job)
    with store.write() as connection:
        measures.keep(connection, [*current, *closing])
        frozen = measures.freeze_before(connection, job.month.key, now)
    return MeasureReport(
        period=job.month.key,
        as_of=job.as_of,
        rows=[_row(job, kept) for kept in current],
        closed=len(closing) + frozen,
    )


def _measured(
    connection: Transaction, job: _Job, kpis: Sequence[Kpi], month: Period, reps: Sequence[str]
) -> list[StoredMeasure]:
    """KPIs of some reps over a month: to date when it is the current one, else over all of it."""
    is_over = month.last < job.as_of
    as_of = month.last if is_over else job.as_of
    look = Look(month=month, as_of=as_of, cadence=job.cadence)
    found = []
    for kpi in kpis:
        for rep_key, figures in measures.figures_by_rep(connection, kpi, reps, look).items():
            target = _target(job, kpi.name, rep_key, month)
            found.append(
                StoredMeasure(
                    rep_key=rep_key,
                    kpi=kpi.name,
                    period=month.key,
                    as_of_on=as_of,
                    figures=figures,
                    target=target,
                    expected=_expected(job, kpi.name, rep_key, month, target),
                    definition=kpi.definition(job.cadence),
                    measured_at=job.now,
                    frozen_at=job.now if is_over else None,
                )
            )
    return found


def _target(job: _Job, kpi: KpiName, rep_key: str, month: Period) -> float | None:
    fiscal_start = job.team.fiscal_year
    plan = plan_on(job.plans, rep_key, month.first, fiscal_start)
    return plan.target(kpi, month, fiscal_start) if plan else None


def _expected(
    job: _Job, kpi: KpiName, rep_key: str, month: Period, target: float | None
) -> float | None:
    """What the plan expects so far: a flow fills up with the weekdays, the rest is due at once."""
    if target is None or kpi is not KpiName.OPPORTUNITIES_OPENED:
        return target
    rep = job.team.reps[rep_key]
    worked = month.clipped(rep.start, rep.end)
    return expected_to_date(target, worked, month, job.as_of) if worked else 0.0


def _closing(connection: Transaction, job: _Job) -> list[StoredMeasure]:
    """The last measure of the flow of opportunities in each earlier month that still needs it."""
    kpi = job.kpis.opportunities_opened
    if kpi is None:
        return []
    known = measures.months_known(connection, kpi.name, job.month.key)
    owed: dict[Period, list[str]] = {}
    for (rep_key, key), is_frozen in known.items():
        if rep_key in job.team.reps and not is_frozen:
            year, number = key.split("-")
            owed.setdefault(month_of_year(int(year), int(number)), []).append(rep_key)
    for rep_key, month in _planned_months(job):
        if (rep_key, month.key) not in known:
            owed.setdefault(month, []).append(rep_key)
    return [
        measured
        for month, reps in sorted(owed.items(), key=lambda item: item[0].first)
        for measured in _measured(connection, job, [kpi], month, reps)
    ]


def _planned_months(job: _Job) -> Iterator[tuple[str, Period]]:
    """(rep, month) of the months that are over, under a plan, with the rep there."""
    for plan in job.plans:
        rep = job.team.reps[plan.owner]
        month = month_of(plan.days(job.team.fiscal_year).first)
        while month.first in plan.days(job.team.fiscal_year) and month.last < job.as_of:
            if month.clipped(rep.start, rep.end):
                yield plan.owner, month
            month = shifted(month, 1)


def _row(job: _Job, kept: StoredMeasure) -> MeasureRow:
    language = job.team.language
    kpi = next(kpi for kpi in job.kpis.measured if kpi.name is kept.kpi)
    value = kept.figures.value
    return MeasureRow(
        rep=kept.rep_key,
        name=job.team.reps[kept.rep_key].name,
        kpi=kept.kpi,
        label=kpi.label.to(language),
        unit=kpi.unit,
        value=value,
        numerator=kept.figures.numerator,
        denominator=kept.figures.denominator,
        target=kept.target,
        expected=kept.expected,
        attainment=value / kept.expected if kept.expected and value is not None else None,
        explained=kpi.explained(job.team.currency).to(language),
        definition=kept.definition,
    )
