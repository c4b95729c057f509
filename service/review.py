"""Review: what a manager and a rep look at together every six weeks, read from the records.

Before and after, tiers that moved, segments that dry up or explode, where the time goes, priority
accounts without contact. `service.review_words` writes it down. Only reads.
"""

from collections.abc import Mapping, Sequence

from rules.calendar import Period, Span, week_of
from rules.kpi.figures import Figure
from rules.kpi.names import Cut, KpiName
from rules.plan.plan import Plan, plan_on
from rules.review.pack import Pack
from rules.review.segment_flow import SegmentFlow, flows
from rules.rulebook import Rulebook
from rules.time import Day, Instant, day_of
from service.figures import figures_in
from service.forecast import forecasts_in
from service.freeze import frozen
from service.review_words import LISTED, Material, ReviewWords
from service.store import alerts, forecasts, reviewing, visits
from service.store.engine import Store, Transaction

DEFAULT_EVERY = 42
"""Days between reviews where the plan does not say."""
_SPANS: Mapping[KpiName, Span] = {
    KpiName.REVENUE_WON: Span.YEAR,
    KpiName.OPPORTUNITIES_OPENED: Span.QUARTER,
    KpiName.CONVERSION_RATE: Span.QUARTER,
    KpiName.ACTIVE_PIPELINE: Span.QUARTER,
    KpiName.COVERAGE: Span.QUARTER,
    KpiName.PRIORITY_CONTACTED: Span.MONTH,
    KpiName.PRIORITY_COVERED: Span.QUARTER,
    KpiName.SALES_CYCLE: Span.QUARTER,
}


def pack(store: Store, book: Rulebook, rep: str, *, now: Instant) -> Pack:
    """The pack of a rep as of today, in the rep's language. Only reads."""
    with store.read() as connection:
        found = _material(connection, store, book, rep, now)
    return ReviewWords(book, found).pack()


def _material(
    connection: Transaction, store: Store, book: Rulebook, rep: str, now: Instant
) -> Material:
    as_of = day_of(now, book.team.zone)
    at = alerts.last_reviews(connection).get(rep)
    last = None if at is None else day_of(at, book.team.zone)
    plan = plan_on(book.plans, rep, as_of, book.team.fiscal_year)
    every = plan.review.every if plan and plan.review else DEFAULT_EVERY
    is_after_review = last is not None and last < as_of
    since = last if last is not None and last < as_of else as_of - every
    sunday = week_of(since).first - 1
    spans, kpis = tuple(dict.fromkeys(_SPANS.values())), (*_SPANS, KpiName.TIME_SHARE)
    cuts = (Cut.WHOLE, Cut.GROUP)
    kept = frozen(store, week_of(sunday).key)
    before = kept or figures_in(
        connection, book, as_of=sunday, spans=spans, cuts=cuts, kpis=kpis, is_over=True
    )
    figured = figures_in(connection, book, as_of=as_of, spans=spans, cuts=cuts, kpis=kpis)
    said = [
        each
        for each in forecasts.listed(connection, week=week_of(sunday).key, subject=rep)
        if each.span is Span.YEAR
    ]
    likely = forecasts_in(connection, book, as_of=as_of, subjects=[rep])
    quiet = visits.uncontacted(connection, [rep], since, tiers=_priority_tiers(book), count=LISTED)
    return Material(
        rep=rep, since=since, as_of=as_of, is_after_review=is_after_review, is_frozen=bool(kept),
        before=_of(before, rep, sunday), now=_of(figured, rep, as_of),
        said=said[0] if said else None, forecast=likely[0] if likely else None,
        moves=reviewing.tier_moves(connection, book, rep, since),
        flows=_flows(connection, book, rep, plan, Period("since", since, as_of)),
        open_by_tier=reviewing.open_by_tier(connection, rep), uncontacted=quiet.get(rep),
    )  # fmt: skip


def _of(figures: Sequence[Figure], rep: str, as_of: Day) -> list[Figure]:
    """A rep's whole figures over the span of each KPI, and those of groups of time."""
    spans = {**_SPANS, KpiName.TIME_SHARE: Span.QUARTER}
    return [
        each
        for each in figures
        if each.subject == rep
        and each.as_of == as_of
        and each.span is spans.get(each.kpi)
        and (each.cut == Cut.WHOLE or each.kpi is KpiName.TIME_SHARE)
    ]


def _flows(
    connection: Transaction, book: Rulebook, rep: str, plan: Plan | None, later: Period
) -> list[SegmentFlow]:
    """Opportunities by segment in a window, beside as many days before."""
    since, as_of = later.first, later.last
    earlier = Period("before", since - (as_of - since + 1), since - 1)
    counts = reviewing.opened_by_segment(connection, book, rep, earlier, later)
    if plan is None:
        days = (earlier.last - earlier.first + 1, later.last - later.first + 1)
        return flows(counts, days, {})
    work = plan.work(book.team)
    worked = (work.count(earlier.first, earlier.last), work.count(later.first, later.last))
    planned = {
        name: amount / plan.objective
        for name, amount in plan.segments.items()
        if name != "not_allotted" and plan.objective
    }
    return flows(counts, worked, planned)


def _priority_tiers(book: Rulebook) -> Sequence[str]:
    kpi = book.kpis.priority_contacted
    return list(kpi.tiers) if kpi else list(book.segments.tier.choices)[:1]
