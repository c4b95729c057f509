"""Measure the KPIs of the month for every rep, against the plan; see `service.figures` for all.

The month's report is what a cycle prints: the flow of opportunities, the rate, the pipeline and
the contacts of each rep. Nothing is written: weeks are frozen by `service.freeze`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.calendar import Span, month_of
from rules.kpi.figures import TEAM, Figure
from rules.kpi.names import Cut, KpiName, Unit
from rules.rulebook import Rulebook
from rules.time import Day, Instant, date_of, day_of
from service.figures import figures
from service.store.engine import Store

OF_THE_MONTH = (
    KpiName.OPPORTUNITIES_OPENED,
    KpiName.CONVERSION_RATE,
    KpiName.ACTIVE_PIPELINE,
    KpiName.PRIORITY_CONTACTED,
)
"""The KPIs that a cycle reports."""


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
    """The current month of every rep."""

    period: str
    as_of: Day
    rows: Sequence[MeasureRow]

    def to_json(self) -> dict[str, object]:
        """The report as plain data: days as `2026-06-29`."""
        return {
            "period": self.period,
            "as_of": date_of(self.as_of).isoformat(),
            "rows": [row.to_json() for row in self.rows],
        }


def run(store: Store, book: Rulebook, *, now: Instant) -> MeasureReport:
    """Measure and report the current month of the team's zone, up to now. Only reads."""
    as_of = day_of(now, book.team.zone)
    found = figures(
        store, book, as_of=as_of, spans=(Span.MONTH,), cuts=(Cut.WHOLE,), kpis=OF_THE_MONTH
    )
    order = {name: place for place, name in enumerate(KpiName)}
    rows = [_row(book, figure) for figure in found if figure.subject != TEAM]
    return MeasureReport(
        period=month_of(as_of).key, as_of=as_of, rows=sorted(rows, key=lambda row: order[row.kpi])
    )


def _row(book: Rulebook, figure: Figure) -> MeasureRow:
    language, kpi = book.team.language, book.kpis.kpi(figure.kpi)
    if kpi is None:
        raise ValueError(f"{figure.kpi} is not a KPI of this playbook")
    told = book.kpis.explained(kpi, Cut.WHOLE, book.team.currency, book.segments.tier.contact_every)
    return MeasureRow(
        rep=figure.subject,
        name=book.team.reps[figure.subject].name,
        kpi=figure.kpi,
        label=kpi.label.to(language),
        unit=figure.unit,
        value=figure.value,
        numerator=figure.numerator,
        denominator=figure.denominator,
        target=figure.target,
        expected=figure.expected,
        attainment=figure.attainment,
        explained=told.to(language),
        definition=figure.definition,
    )
