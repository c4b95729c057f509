"""The day that figures are of, and the periods around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rules.calendar import Period, Span, period_of, quarter_of
from rules.time import Day


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A day, the spans asked for, the first month (1–12) of fiscal years.

    `is_over` tells that the day has ended: what a plan expects of it is expected too.
    """

    as_of: Day
    spans: tuple[Span, ...]
    fiscal_start: int
    is_over: bool = False

    @cached_property
    def periods(self) -> Mapping[Span, Period]:
        """The whole period of each span that holds the day."""
        return {span: period_of(span, self.as_of, self.fiscal_start) for span in self.spans}

    @property
    def quarter(self) -> Period:
        """The fiscal quarter that holds the day."""
        return quarter_of(self.as_of, self.fiscal_start)

    @property
    def earliest(self) -> Day:
        """The first day of the longest of the periods."""
        return min((period.first for period in self.periods.values()), default=self.as_of)

    @property
    def through(self) -> Day:
        """The last day that has ended."""
        return self.as_of if self.is_over else self.as_of - 1

    def trailing(self, days: int) -> Day:
        """The first of so many days that end on the day."""
        return self.as_of - days + 1
