"""What `arpent kpi` asks for: the rows of some people over a period, today or as a week was frozen.

`service.figures` and `service.freeze` make the figures, `service.kpi_rows` chooses and names them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.calendar import Span
from rules.kpi.figures import Figure
from rules.kpi.names import Cut
from rules.language import Text
from rules.rulebook import Rulebook
from rules.time import Day, Instant, day_of
from service import freeze, kpi_notes, kpi_rows
from service.figures import figures
from service.filters import Found, finder
from service.freeze import FrozenWeek
from service.kpi_notes import Freshness, PlanNote
from service.kpi_rows import KpiRow
from service.store import places
from service.store.engine import Store


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked for, of a workspace: `week` is a frozen one (`2026-W26`), None for today."""

    store: Store
    book: Rulebook
    now: Instant
    subjects: Sequence[str]
    span: Span
    cut: Cut
    week: str | None = None

    @property
    def as_of(self) -> Day:
        """Today, in the zone of the team."""
        return day_of(self.now, self.book.team.zone)

    @cached_property
    def frozen(self) -> FrozenWeek | None:
        """The week as frozen; None for today, or where it was not frozen."""
        if self.week is None:
            return None
        return freeze.frozen_week(self.store, self.week, self.book)

    def rows(self) -> list[KpiRow] | None:
        """The rows, those of a frozen week beside the same days measured now.

        None where the week was not frozen over that span.
        """
        if self.week is None:
            return self._rows(self._figures(self.as_of, is_over=False))
        kept = (
            [each for each in self.frozen.figures if each.span is self.span] if self.frozen else ()
        )
        if not kept:
            return None
        # The week's Sunday first; then the month, quarter or year that ended within it, whole.
        return [
            row
            for as_of in sorted({each.as_of for each in kept}, reverse=True)
            for row in self._rows(
                [each for each in kept if each.as_of == as_of], self._figures(as_of, is_over=True)
            )
        ]

    def _figures(self, as_of: Day, *, is_over: bool) -> Sequence[Figure]:
        # A KPI that has no meaning whole is shown by its members.
        always = {each.always for each in self.book.kpis.measured} if not self.cut else ()
        return figures(
            self.store, self.book, as_of=as_of, spans=(self.span,), cuts=[self.cut, *always],
            is_over=is_over,
        )  # fmt: skip

    def _rows(
        self, chosen: Sequence[Figure], today: Sequence[Figure] | None = None
    ) -> list[KpiRow]:
        return kpi_rows.rows(
            self.book, chosen, subjects=self.subjects, span=self.span, cut=self.cut, today=today,
            stages=self._stages,
        )  # fmt: skip

    @cached_property
    def _stages(self) -> list[str]:
        with self.store.read() as connection:
            return places.stage_labels(connection)

    def freshness(self) -> Sequence[Freshness]:
        """How each CRM was read."""
        return kpi_notes.freshness(self.store, now=self.now)

    def plans(self, as_of: Day) -> Mapping[str, PlanNote | None]:
        """The plan of each subject on a day."""
        return kpi_notes.plan_notes(self.book, self.subjects, as_of)

    def definitions(self, rows: Sequence[KpiRow]) -> list[tuple[str, Text]]:
        """What each KPI shown means; of a frozen week, what it meant then."""
        if self.frozen is None:
            return list(kpi_rows.definitions(self.book, rows, self.cut))
        known = self.frozen.definitions
        hashes = {row.figure.kpi.value: row.figure.definition for row in rows}
        return [(name, known[each]) for name, each in hashes.items() if each in known]

    def lists(self, rows: Sequence[KpiRow]) -> Iterator[tuple[KpiRow, Mapping[str, Found]]]:
        """Each row with the lists of the CRMs that give it again."""
        found = finder(self.store, self.book, now=self.now)
        for row in rows:
            yield row, found.lists(row.figure)
