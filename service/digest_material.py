"""What the digests of a week are written from, read from the store; nothing is decided here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from rules.alert.false_alarms import FalseAlarms, expected_false_alarms
from rules.alert.lines import Recipient, WeekLine
from rules.alert.watched_series import watched_series
from rules.calendar import Period, Span, month_of, quarter_of, week_of
from rules.digest.material import OfRep, OfWeek, Visit, Visits, Waiting, fitting
from rules.kpi.figures import TEAM, Figure
from rules.kpi.names import Cut, KpiName
from rules.language import Language, Text
from rules.loads import CAPACITY_LIMIT
from rules.plan.plan import plan_on
from rules.records import Kind
from rules.rulebook import Rulebook
from rules.shapes import Rule
from rules.team import Rep
from rules.time import Day, Instant, day_of
from rules.why import why_of
from service.figures import figures
from service.freeze import frozen
from service.store import alerts, answers, record_pages, starting, visits
from service.store.answers import Challenge
from service.store.challenges import OPEN
from service.store.engine import Store

VISITS = 10
NAMES = 5
# A week of as many hours as a plan may have, in contacts of half an hour.
_CONTACTS = round(CAPACITY_LIMIT * 2)
# Over which period each KPI is told: long enough to mean something.
_SPANS: Mapping[KpiName, Span] = {
    KpiName.REVENUE_WON: Span.YEAR,
    KpiName.OPPORTUNITIES_OPENED: Span.QUARTER,
    KpiName.CONVERSION_RATE: Span.QUARTER,
    KpiName.ACTIVE_PIPELINE: Span.QUARTER,
    KpiName.WEIGHTED_PIPELINE: Span.QUARTER,
    KpiName.COVERAGE: Span.QUARTER,
    KpiName.PRIORITY_CONTACTED: Span.MONTH,
    KpiName.TIME_SHARE: Span.QUARTER,
}
_WORKDAYS = 5
_CUTS = (Cut.WHOLE, Cut.GROUP)


class Material:
    """Everything that the digests of the week of `now` need, read once."""

    def __init__(
        self,
        store: Store,
        book: Rulebook,
        *,
        now: Instant,
        week: Period | None = None,
        delivered: Mapping[str, bool] | None = None,
        for_ops: Collection[str] | None = None,
    ) -> None:
        self._book = book
        team = book.team
        self.today = day_of(now, team.zone)
        self.week = week or week_of(self.today)
        self.as_of = self.week.first - 1
        figured, is_frozen = _figures(store, book, self.as_of)
        self.shared = OfWeek(
            week=self.week, as_of=self.as_of if figured else None, currency=team.currency,
            since=month_of(self.as_of).first,
            labels={kpi.name: kpi.label for kpi in book.kpis.measured},
            groups=_groups(book), false_alarms=_false_alarms(book, self.as_of),
            hours_later=book.alerts.send.manager, is_frozen=is_frozen,
            quarter_ends=quarter_of(self.as_of, team.fiscal_year).last,
        )  # fmt: skip
        present = {key for key, rep in team.reps.items() if is_present(rep, self.today)}
        with store.read() as connection:
            linked = starting.linked_reps(connection) & present
            self.lines = alerts.open_for_digest(connection, self.week.key).lines
            waiting = answers.listed(connection, self.today)
            due = visits.due_by(
                connection, linked, self.week.last, priorities=_values(book, "priority"),
                tiers=_values(book, "tier"), count=_CONTACTS,
            )  # fmt: skip
            uncontacted = visits.uncontacted(
                connection, linked, self.shared.since, tiers=_priority_tiers(book), count=NAMES
            )
        self.reps = {
            key: OfRep(
                key=key, name=rep.name, language=rep.language or team.language,
                visits=self._told(key, due.get(key, Visits())), uncontacted=uncontacted.get(key),
                figures=[figure for figure in figured if figure.subject == key],
                lines=[line for line in self.lines if _is_for(line, key)],
                waiting=_waiting(key, waiting), delivered=(delivered or {}).get(key),
                is_away=is_away(book, key, self.week), is_for_ops=key in (for_ops or ()),
            )
            for key, rep in team.reps.items()
            if key in linked
        }  # fmt: skip
        told = _records([*self.reps.values()], self.lines)
        with store.read() as connection:
            self.shared = replace(self.shared, pages=record_pages.pages(connection, told))
        self.team = OfRep(
            key=TEAM, name=TEAM, language=team.language,
            figures=[figure for figure in figured if figure.subject == TEAM],
        )  # fmt: skip

    def _told(self, key: str, visits: Visits) -> Visits:
        """The first accounts of a rep in the rep's language, and how many the week holds."""
        book, rep = self._book, self._book.team.reps[key]
        first = visits.first[:VISITS]
        if rep.language not in (None, book.team.language):
            tier, language = book.segments.tier, rep.language or book.team.language
            first = [replace(visit, why=_why(visit, tier, language)) for visit in first]
        hours, each = _hours(book, key, self.week), book.segments.budget.contact_hours
        if hours is None or not each or not visits.first:
            return replace(visits, first=first)
        held = fitting([visit.tier for visit in visits.first], each, hours)
        return replace(visits, first=first, fits=held, hours=hours)

    def readers(self) -> Sequence[OfRep]:
        """The reps who have something to read: a plan, an account that is due, or a line."""
        planned = {plan.owner for plan in self._book.plans}
        return [
            rep for rep in self.reps.values() if rep.key in planned or rep.visits.due or rep.lines
        ]

    def managers(self) -> Mapping[str, Sequence[OfRep]]:
        """Manager → the reps of theirs who have something to read."""
        found: dict[str, list[OfRep]] = {}
        reps = self._book.team.reps
        for rep in self.readers():
            manager = reps[rep.key].manager
            if manager is not None and is_present(reps[manager], self.today):
                found.setdefault(manager, []).append(rep)
        return found

    def person(self, key: str) -> OfRep:
        """Anybody of the team, also who has no account in a CRM."""
        rep = self._book.team.reps[key]
        language = rep.language or self._book.team.language
        return self.reps.get(key) or OfRep(key=key, name=rep.name, language=language)

    def of_manager(self, key: str, reps: Collection[OfRep]) -> Sequence[WeekLine]:
        """The lines for a manager alone."""
        keys = {rep.key for rep in reps}
        return [
            line
            for line in self.lines
            if line.recipient is Recipient.MANAGER and (line.rep in keys or line.assignee == key)
        ]

    def of_ops(self) -> Sequence[WeekLine]:
        """The lines for ops."""
        return [line for line in self.lines if line.recipient is Recipient.OPS]


def is_away(book: Rulebook, rep: str, week: Period) -> bool:
    """Whether a rep is away for most of the working days of a week, and so reads nothing."""
    plan = plan_on(book.plans, rep, week.first, book.team.fiscal_year)
    return plan is not None and book.alerts.is_quiet(week, plan.away)


def _records(reps: Sequence[OfRep], lines: Sequence[WeekLine]) -> Collection[tuple[Kind, int]]:
    """The records that digests name."""
    found = [visit.account_id for rep in reps for visit in rep.visits.first]
    found += [number for rep in reps if rep.uncontacted for number in rep.uncontacted.ids]
    found += [number for line in lines for number, _, _ in line.evidence.accounts]
    deals = [number for line in lines for number, _ in line.evidence.deals]
    return {
        *((Kind.ACCOUNT, number) for number in found),
        *((Kind.OPPORTUNITY, number) for number in deals),
    }


def _hours(book: Rulebook, rep: str, week: Period) -> float | None:
    """The hours of a week for the accounts of a rep, less its holidays and absences; None: unknown.

    A week in which the rep does not work at all asks for none, and is told by its absence.
    """
    plan = plan_on(book.plans, rep, week.first, book.team.fiscal_year)
    if plan is None or plan.time is None:
        return None
    worked = plan.work(book.team).count(week.first, week.last)
    return plan.time.capacity * min(worked, _WORKDAYS) / _WORKDAYS if worked else None


def _why(visit: Visit, tier: Rule, language: Language) -> str | None:
    """The reason of an account in another language than the team's, at least its tier."""
    label = tier.choices.get(visit.tier or "")
    if label is None:
        return None
    row = visit.row
    # A table that was published since may have other rows than the one that gave the tier.
    if row is not None and row <= len(tier.rows) and tier.rows[row - 1].then == visit.tier:
        return why_of(tier, row, language)
    return label.to(language)


def is_present(rep: Rep, day: Day) -> bool:
    """Whether somebody is of the team on a day."""
    return (rep.start is None or rep.start <= day) and (rep.end is None or day < rep.end)


def _figures(store: Store, book: Rulebook, sunday: Day) -> tuple[Sequence[Figure], bool]:
    """The figures as of a Sunday, as frozen; where they are not (False), as the records are now."""
    kept = frozen(store, week_of(sunday).key)
    spans = tuple(dict.fromkeys(_SPANS.values()))
    found = kept or figures(
        store, book, as_of=sunday, spans=spans, cuts=_CUTS, kpis=_SPANS, is_over=True
    )
    told = [
        figure
        for figure in found
        if figure.as_of == sunday
        and figure.span is _SPANS.get(figure.kpi)
        and (figure.cut == Cut.WHOLE or figure.kpi is KpiName.TIME_SHARE)
    ]
    return told, bool(kept)


def _groups(book: Rulebook) -> Mapping[str, Text]:
    time = book.kpis.time
    return {name: group.label for name, group in time.groups.items()} if time else {}


def _values(book: Rulebook, name: str) -> Sequence[str]:
    """The values of a rule, in the order of the playbook: the first is the first to go to."""
    rule = book.segments.rule(name)
    return list(rule.choices) if rule else []


def _priority_tiers(book: Rulebook) -> Sequence[str]:
    kpi = book.kpis.priority_contacted
    return list(kpi.tiers) if kpi else _values(book, "tier")[:1]


def _is_for(line: WeekLine, rep: str) -> bool:
    return line.rep == rep and line.recipient is Recipient.REP


def _waiting(rep: str, challenges: Sequence[Challenge]) -> Waiting | None:
    """The unanswered challenges of a rep's accounts; they come the oldest first."""
    found = [each for each in challenges if each.state == OPEN and each.rep_key == rep]
    if not found:
        return None
    return Waiting(count=len(found), days=found[0].days, account=found[0].account)


def _false_alarms(book: Rulebook, day: Day) -> FalseAlarms | None:
    """What `rules check` prints as well; None where no plan is watched."""
    series = watched_series(book.alerts, book.plans, book.team, day)
    return expected_false_alarms(series, book.alerts.sensitivity) if series else None
