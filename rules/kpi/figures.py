"""A figure: a KPI of somebody over a period, beside its target, as of a day.

`service.measure` makes them; the command line, alerts, digests and frozen weeks read them.
"""

from dataclasses import dataclass
from typing import Any

from rules.calendar import Span
from rules.kpi.names import KpiName, Unit
from rules.language import Text
from rules.time import Day, date_of

TEAM = "team"
"""The subject that is everybody of `team.yaml` together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A KPI of a subject, of one member of a cut (`""` twice: the whole), over a period.

    It speaks of the days `first` to `as_of`, both included: the period to date, or the window that
    the KPI's definition names. `period` is the whole period's key (`2026-W26`, `2026-06`,
    `2026-Q2`, `2026`). `value` is in `unit`, `numerator` and `denominator` are what the definition
    says; None is unknown or nothing to measure, never zero. `low` and `high` are the 95 % interval
    where the figure is a sample. `target` is that of the whole period, `expected` what the plan
    expects so far. `definition` is the hash of the definition with its settings; `doubt` says why
    the figure is not conclusive, None when it is.
    """

    subject: str
    kpi: KpiName
    cut: str
    member: str
    span: Span
    period: str
    first: Day
    as_of: Day
    unit: Unit
    value: float | None
    numerator: float | None
    denominator: float | None
    low: float | None
    high: float | None
    target: float | None
    expected: float | None
    definition: str
    doubt: Text | None

    @property
    def key(self) -> tuple[str, ...]:
        """What the figure is of: subject, KPI, cut, member, span; one of each at a time."""
        return (self.subject, self.kpi.value, self.cut, self.member, self.span.value)

    @property
    def attainment(self) -> float | None:
        """Value ÷ what is expected to date; None where nothing is expected, or nothing known.

        None of a length as well: the target is the longest that it should be, and a shorter one
        would look as if it fell short.
        """
        if self.value is None or not self.expected or self.unit is Unit.DAYS:
            return None
        return self.value / self.expected

    def to_json(self) -> dict[str, Any]:
        """The figure as plain data: days as `2026-06-29`."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        days = {"first": date_of(self.first), "as_of": date_of(self.as_of)}
        return plain | {name: day.isoformat() for name, day in days.items()}
