"""The figures of every KPI, live: for each rep and the team, by cut and span, beside the plan.

The store sums (`service.store.figures`), `rules.kpi.making` makes values of the sums; here each is
set beside its target and what the plan expects so far.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.calendar import Period, Span
from rules.kpi.base import BaseKpi, TrailingKpi
from rules.kpi.deals import ActivePipeline, Coverage, SalesCycle, WeightedPipeline
from rules.kpi.dimensions import Time
from rules.kpi.effort import (
    Activities,
    CoverageBonus,
    PriorityCovered,
    PriorityTimeInHours,
    TimeShare,
)
from rules.kpi.figures import TEAM, Figure
from rules.kpi.intervals import garwood
from rules.kpi.making import (
    NO_CASE,
    Made,
    Tally,
    doubt_of,
    made,
    made_of_lengths,
    made_of_quota,
)
from rules.kpi.moment import Moment
from rules.kpi.names import Cut, KpiName
from rules.kpi.targets import Targets
from rules.language import Text
from rules.plan.members import SOURCES, members_of
from rules.rulebook import Rulebook
from rules.time import Day
from service.store import figures as store_figures
from service.store.engine import Store, Transaction
from service.store.figures import HAS_ACCOUNT, PRIOR, Logged, Sums, activity_flag, group_flag

SPANS = (Span.WEEK, Span.MONTH, Span.QUARTER, Span.YEAR)
_STOCKS = (ActivePipeline, WeightedPipeline, PriorityCovered, CoverageBonus)
# Whatever the period, these say the same.
_WITHOUT_PERIOD = (TrailingKpi, *_STOCKS, Coverage)


def figures(
    store: Store,
    book: Rulebook,
    *,
    as_of: Day,
    spans: Sequence[Span] = SPANS,
    cuts: Iterable[Cut] | None = None,
    kpis: Iterable[KpiName] | None = None,
    is_over: bool = False,
) -> list[Figure]:
    """The figures of every rep and of the team as of a day, from the mirror as it is now.

    Only reads. `cuts` and `kpis` narrow what is asked for (None: all that the playbook has); a KPI
    that is always cut is left out when its cut is. `is_over` counts the day itself in what the
    plan expects. A member of a cut is there for a subject when it has a record that counts, or a
    target; the whole always is. In order of subject (reps as in team.yaml, then the team), KPI,
    cut, member, span.
    """
    with store.read() as connection:
        return figures_in(
            connection, book, as_of=as_of, spans=spans, cuts=cuts, kpis=kpis, is_over=is_over
        )


def figures_in(
    connection: Transaction,
    book: Rulebook,
    *,
    as_of: Day,
    spans: Sequence[Span] = SPANS,
    cuts: Iterable[Cut] | None = None,
    kpis: Iterable[KpiName] | None = None,
    is_over: bool = False,
) -> list[Figure]:
    """The same, in a transaction."""
    names = set(KpiName if kpis is None else kpis)
    asked = tuple(Cut) if cuts is None else tuple(dict.fromkeys(cuts))
    measured = [
        kpi
        for kpi in book.kpis.measured
        if kpi.name in names and any(cut in asked for cut in book.kpis.cuts_of(kpi))
    ]
    moment = Moment(
        as_of=as_of, spans=tuple(spans), fiscal_start=book.team.fiscal_year, is_over=is_over
    )
    sums = store_figures.sums_of(connection, book, measured, asked, moment)
    return list(_Making(book, measured, asked, moment, sums).figures())


@dataclass(frozen=True)
class _Making:
    """What is made of the sums of one look."""

    book: Rulebook
    kpis: Sequence[BaseKpi]
    cuts: Sequence[Cut]
    moment: Moment
    sums: Sums

    def figures(self) -> Iterator[Figure]:
        """Every figure, in order."""
        for subject in (*self.book.team.reps, TEAM):
            for kpi in self.kpis:
                for cut in self.book.kpis.cuts_of(kpi):
                    if cut in self.cuts:
                        yield from self._of(subject, kpi, cut)

    def _of(self, subject: str, kpi: BaseKpi, cut: Cut) -> Iterator[Figure]:
        definition = self._definitions[kpi.name, cut]
        for member in self._members(subject, kpi, cut):
            for span, (found, doubt) in self._by_span(subject, kpi, cut, member):
                period = self.moment.periods[span]
                target = self.targets.target(subject, kpi, cut, member, period)
                if cut is not Cut.WHOLE and found.is_empty and target is None:
                    continue
                low, high = found.interval or (None, None)
                yield Figure(
                    subject=subject, kpi=kpi.name, cut=cut.value, member=member, span=span,
                    period=period.key, first=self._first(kpi, period), as_of=self.moment.as_of,
                    unit=kpi.unit, value=found.value, numerator=found.numerator,
                    denominator=found.denominator, low=low, high=high, target=target,
                    expected=self.targets.expected(
                        subject, kpi, cut, member, period, target=target
                    ),
                    definition=definition, doubt=doubt,
                )  # fmt: skip

    def _by_span(
        self, subject: str, kpi: BaseKpi, cut: Cut, member: str
    ) -> Iterator[tuple[Span, tuple[Made, Text | None]]]:
        """What is made for each span, with its doubt; once for all of a KPI without periods."""
        told: tuple[Made, Text | None] | None = None
        for span in self.moment.spans:
            if told is None or not isinstance(kpi, _WITHOUT_PERIOD):
                found = self._made(subject, kpi, cut, member, span)
                told = found, doubt_of(kpi, found)
            yield span, told

    def _first(self, kpi: BaseKpi, period: Period) -> Day:
        """The first day that a figure speaks of."""
        if isinstance(kpi, TrailingKpi):
            return self.moment.trailing(kpi.window)
        if isinstance(kpi, _STOCKS):
            return self.moment.as_of
        return self.moment.quarter.first if isinstance(kpi, Coverage) else period.first

    @cached_property
    def _definitions(self) -> Mapping[tuple[KpiName, Cut], str]:
        """The hashes of what is measured."""
        kpis, cadence = self.book.kpis, self.book.segments.tier.contact_every
        return {
            (kpi.name, cut): kpis.definition(kpi, cut, cadence)
            for kpi in self.kpis
            for cut in kpis.cuts_of(kpi)
        }

    @cached_property
    def targets(self) -> Targets:
        """What the plans ask for."""
        members = members_of(self.book.kpis, self.book.fields, self.book.segments)
        return Targets(self.book.plans, self.book.team, self.moment, members.get(SOURCES))

    @cached_property
    def _tallies(self) -> Mapping[tuple[str, Cut, str], Tally]:
        """The sums by subject: those of the reps, and of all of them together."""
        found: dict[tuple[str, Cut, str], Tally] = {}
        for (rep, cut, member), tally in self.sums.cells.items():
            if rep in self.book.team.reps:
                found[rep, cut, member] = tally
                found.setdefault((TEAM, cut, member), Tally()).add(tally)
        return found

    @cached_property
    def _members_by_cut(self) -> Mapping[tuple[str, Cut], list[str]]:
        found: dict[tuple[str, Cut], list[str]] = {}
        for subject, cut, member in sorted(self._tallies):
            found.setdefault((subject, cut), []).append(member)
        return found

    def _members(self, subject: str, kpi: BaseKpi, cut: Cut) -> list[str]:
        match kpi:
            case _ if cut is Cut.WHOLE:
                return [""]
            case Activities():
                return list(kpi.names)
            case TimeShare():
                return [*kpi.time.groups, ""]
            case _:
                seen = self._members_by_cut.get((subject, cut), [])
                planned = self.targets.members(subject, kpi, cut)
                return list(dict.fromkeys([*seen, *planned]))

    def _made(self, subject: str, kpi: BaseKpi, cut: Cut, member: str, span: Span) -> Made:
        tally = self._tallies.get((subject, cut, member), Tally())
        match kpi:
            case Coverage():
                quota = self.targets.quota(subject, self.moment.quarter)
                return made_of_quota(kpi, tally, quota)
            case SalesCycle():
                return self._cycle(subject)
            case Activities():
                return self._activities(subject, kpi, member, span)
            case TimeShare():
                return self._time(subject, kpi, member, span)
            case PriorityTimeInHours():
                return self._priority_time(subject, kpi, span)
            case _:
                return made(kpi, tally, span)

    def _cycle(self, subject: str) -> Made:
        events: dict[tuple[int, str], int] = {}
        for rep in self._reps(subject):
            for key, count in self.sums.cycles.get(rep, {}).items():
                events[key] = events.get(key, 0) + count
        return made_of_lengths(events)

    def _reps(self, subject: str) -> list[str]:
        return list(self.book.team.reps) if subject == TEAM else [subject]

    @cached_property
    def _logged(self) -> Mapping[str, Sequence[Logged]]:
        """The activities by subject."""
        found: dict[str, list[Logged]] = {subject: [] for subject in (*self.book.team.reps, TEAM)}
        for each in self.sums.logged:
            if each.rep in self.book.team.reps:
                found[each.rep].append(each)
                found[TEAM].append(each)
        return found

    def _activities(self, subject: str, kpi: Activities, member: str, span: Span) -> Made:
        name = kpi.names[member]
        count = sum(
            each.counts[span]
            for each in self._logged[subject]
            if each.kind is name.of and (name.when is None or activity_flag(member) in each.flags)
        )
        return Made(value=float(count), numerator=float(count), interval=garwood(count))

    def _time(self, subject: str, kpi: TimeShare, member: str, span: Span) -> Made:
        hours, homeless = self._hours_of(subject, kpi.time, span)
        return _hours(hours.get(member, 0.0), sum(hours.values()), homeless)

    def _hours_of(self, subject: str, time: Time, span: Span) -> tuple[Mapping[str, float], float]:
        """The hours of each group, and those without an account; worked out once."""
        if (subject, span) not in self._hours_known:
            hours: dict[str, float] = {}
            homeless = 0.0
            for each in self._logged[subject]:
                groups = (name for name in time.groups if group_flag(name) in each.flags)
                spent = time.hours.get(each.kind, 0.0) * each.counts[span]
                group = next(groups, "")
                hours[group] = hours.get(group, 0.0) + spent
                homeless += spent * (HAS_ACCOUNT not in each.flags)
            self._hours_known[subject, span] = hours, homeless
        return self._hours_known[subject, span]

    @cached_property
    def _hours_known(self) -> dict[tuple[str, Span], tuple[Mapping[str, float], float]]:
        """The hours by subject and span, as they were asked for."""
        return {}

    def _priority_time(self, subject: str, kpi: PriorityTimeInHours, span: Span) -> Made:
        part = whole = homeless = 0.0
        for each in self._logged[subject]:
            hours = kpi.hours.get(each.kind, 0.0) * each.counts[span]
            whole += hours
            part += hours * (PRIOR in each.flags)
            homeless += hours * (HAS_ACCOUNT not in each.flags)
        return _hours(part, whole, homeless)


def _hours(part: float, whole: float, homeless: float) -> Made:
    return Made(
        value=part / whole if whole else None, numerator=part, denominator=whole,
        unknown=homeless, inputs=whole, doubt=None if whole else NO_CASE,
    )  # fmt: skip
