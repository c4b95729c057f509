"""The queries of KPIs over opportunities: one statement for each relation, whatever is asked.

Each groups the records by rep and by every cut at once, with one conditional sum for each figure
and span (`_cells`), then rolls these groups up to each cut (`rolled_up`): (cut, member, rep_key,
sums …). Sums of money are floats, exact up to 2^53 cents, for SQLite fails on larger sums of
integers. Nothing here runs a query.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy import Text as TextType
from sqlalchemy.sql.selectable import CompoundSelect

from rules.kpi_base import BaseKpi
from rules.kpi_deals import (
    ActivePipeline,
    ConversionRate,
    Coverage,
    OpportunitiesOpened,
    PlanRevenue,
    PlanWins,
    PriorityRevenue,
    RevenueWon,
    WeightedPipeline,
)
from rules.kpi_moment import Moment
from rules.kpi_names import Cut
from rules.records import Relation, StageKind
from rules.time import Day

Sql = ColumnElement[Any]
Columns = Any
PROBABILITY_GRAIN = 10_000
"""Probabilities of stages are rounded to one of so many parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """The relations that KPIs read, with the columns of the store.

    `accounts` are the live ones with `rep_key`, `tier`, `is_in_scope` and what else is asked of
    them (`service.store.account_values`).
    """

    owner: FromClause
    opportunity: FromClause
    stage: FromClause
    activity: FromClause
    link: FromClause
    history: FromClause
    tag_history: FromClause
    accounts: FromClause


def deals(relations: Relations, fields: Mapping[Cut, str], cuts: Iterable[Cut]) -> Select[Any]:
    """The opportunities that count: (id, rep_key, amounts, days, kind, probability, cuts …).

    Args:
        relations: where the records are.
        fields: the column of the opportunity behind a cut.
        cuts: those for which a column is wanted.
    """
    opportunity, stage = relations.opportunity.c, relations.stage.c
    source: FromClause = relations.opportunity.join(
        relations.owner, opportunity.owner_id == relations.owner.c.id
    ).outerjoin(relations.stage, opportunity.stage_id == stage.id)
    wanted = list(cuts)
    columns: list[Sql] = [
        opportunity.id, relations.owner.c.rep_key, stage.kind, stage.probability,
        opportunity.created_on, opportunity.closes_on, opportunity.team_peak_amount,
        cast(opportunity.team_amount, Float).label("amount"),
    ]  # fmt: skip
    if {Cut.SEGMENT, Cut.TIER} & set(wanted):
        main = _main_account(relations)
        source = source.outerjoin(main, main.c.deal_id == opportunity.id)
    members: dict[Cut, Sql] = {
        Cut.STAGE: case((stage.kind == StageKind.OPEN, stage.label)),
        **{cut: opportunity[name] for cut, name in fields.items()},
    }
    for cut in wanted:
        if cut in {Cut.SEGMENT, Cut.TIER}:
            members[cut] = main.c[cut.value]
        columns.append(_member(members[cut]).label(cut.value))
    return (
        select(*columns)
        .select_from(source)
        .where(opportunity.archived_at.is_(None), relations.owner.c.rep_key.is_not(None))
    )


def _main_account(relations: Relations) -> FromClause:
    """(deal_id, tier, segment …): the main accounts that are not archived.

    Computed once and kept: SQLite would otherwise look for the account of each opportunity in a
    relation that has no index.
    """
    accounts, link = relations.accounts, relations.link
    values = [each for each in accounts.c if each.key in {Cut.SEGMENT, Cut.TIER}]
    query = (
        select(link.c.from_id.label("deal_id"), *values)
        .select_from(accounts.join(link, link.c.to_id == accounts.c.id))
        .where(link.c.relation == Relation.OPPORTUNITY_ACCOUNT.value, link.c.is_primary.is_(True))
    )
    return query.cte("main_account").prefix_with("MATERIALIZED")


def _member(value: Sql) -> Sql:
    """The member of a cut that a value stands for; yes, no and numbers as texts."""
    return func.coalesce(cast(value, TextType) if not _is_text(value) else value, literal(""))


def _is_text(value: Sql) -> bool:
    return isinstance(value.type, TextType)


def measured_deals(
    kpis: Iterable[BaseKpi],
    relations: Relations,
    fields: Mapping[Cut, str],
    cuts: Sequence[Cut],
    moment: Moment,
) -> CompoundSelect[Any] | None:
    """The figures of the opportunities as they are: opened, won, open; None when none is asked.

    The columns are those of `rolled_up`, with a sum for each name that `rules.kpi_making` reads:
    `opened_week`, `won_amount_month`, `open_amount` …
    """
    asked = list(kpis)
    needed = set(cuts)
    if any(isinstance(kpi, PriorityRevenue | PlanWins | PlanRevenue) for kpi in asked):
        needed |= {Cut.TIER}
    if any(isinstance(kpi, PlanWins | PlanRevenue) and kpi.segments for kpi in asked):
        needed |= {Cut.SEGMENT}
    rows = deals(relations, fields, [cut for cut in Cut if cut in needed]).subquery("deal")
    sums: dict[str, Sql] = {}
    reach: list[Sql] = []
    for kpi in asked:
        for found, condition in _sums(kpi, rows, moment):
            sums |= found
            reach.append(condition)
    if not sums:
        return None
    return rolled_up(rows, cuts, sums, where=or_(*reach))


def _sums(kpi: BaseKpi, rows: FromClause, moment: Moment) -> list[tuple[dict[str, Sql], Sql]]:
    """The sums of a KPI by name, with the condition that every row of them meets."""
    deal, as_of = rows.c, moment.as_of
    won = deal.kind == StageKind.WON
    is_open = deal.kind == StageKind.OPEN
    match kpi:
        case OpportunitiesOpened():
            large = or_(deal.amount >= kpi.minimum, deal.team_peak_amount >= kpi.minimum)
            unknown = and_(deal.amount.is_(None), deal.team_peak_amount.is_(None))
            found = _each_span(
                moment, deal.created_on,
                lambda span, within: {
                    f"opened_{span}": _count(and_(within, large)),
                    f"created_{span}": _count(within),
                    f"created_unknown_{span}": _count(and_(within, unknown)),
                },
            )  # fmt: skip
        case RevenueWon():
            found = _won("won", moment, deal, won, squares=True)
        case PriorityRevenue():
            prior = and_(won, deal.tier.in_(kpi.tiers))
            found = [
                *_won("won", moment, deal, won),
                *_won("prior", moment, deal, prior),
            ]
        case PlanWins() | PlanRevenue():
            aimed = [deal.tier.in_(kpi.tiers)] if kpi.tiers else []
            aimed += [deal.segment.in_(kpi.segments)] if kpi.segments else []
            prefix = "wins" if isinstance(kpi, PlanWins) else "plan"
            found = [
                *_won("won", moment, deal, won),
                *_won(prefix, moment, deal, and_(won, or_(*aimed) if aimed else literal(False))),
            ]
        case ConversionRate():
            within = deal.closes_on.between(moment.trailing(kpi.window), as_of)
            closed = and_(within, deal.kind.in_([StageKind.WON, StageKind.LOST]))
            sums = {"closed": _count(closed), "converted": _count(and_(closed, won))}
            found = [(sums, closed)]
        case ActivePipeline() | WeightedPipeline():
            horizon = and_(is_open, deal.closes_on.between(as_of, as_of + kpi.horizon))
            if kpi.stale:
                fresh = or_(deal.created_on.is_(None), deal.created_on > as_of - kpi.stale)
                horizon = and_(horizon, fresh)
            found = [(_stock(kpi, deal, horizon), horizon)]
        case Coverage():
            quarter = moment.quarter
            to_go = and_(is_open, deal.closes_on.between(as_of, quarter.last))
            done = and_(won, deal.closes_on.between(quarter.first, as_of))
            sums = {
                "to_go": _count(to_go),
                "to_go_known": _known(deal, to_go),
                "to_go_amount": _amount(deal, to_go),
                "to_go_max": func.max(case((to_go, deal.amount))),
                "done_amount": _amount(deal, done),
            }
            found = [(sums, or_(to_go, done))]
        case _:
            found = []
    return found


def _stock(kpi: ActivePipeline | WeightedPipeline, deal: Columns, within: Sql) -> dict[str, Sql]:
    prefix = "open" if isinstance(kpi, ActivePipeline) else "weighted"
    sums = {prefix: _count(within), f"{prefix}_known": _known(deal, within)}
    if isinstance(kpi, ActivePipeline):
        return sums | {f"{prefix}_amount": _amount(deal, within)}
    parts = cast(func.round(deal.probability * PROBABILITY_GRAIN), Float)
    return sums | {f"{prefix}_amount": func.sum(case((within, deal.amount * parts)))}


def _won(
    prefix: str,
    moment: Moment,
    deal: Columns,
    condition: Sql,
    *,
    squares: bool = False,
) -> list[tuple[dict[str, Sql], Sql]]:
    def sums(span: str, within: Sql) -> dict[str, Sql]:
        won = and_(within, condition)
        found = {
            f"{prefix}_{span}": _count(won),
            f"{prefix}_known_{span}": _known(deal, won),
            f"{prefix}_amount_{span}": _amount(deal, won),
        }
        if squares:
            found[f"{prefix}_squares_{span}"] = func.sum(case((won, deal.amount * deal.amount)))
        return found

    return [
        (found, and_(condition, within))
        for found, within in _each_span(moment, deal.closes_on, sums)
    ]


def _each_span(
    moment: Moment, day: Sql, sums: Callable[[str, Sql], dict[str, Sql]]
) -> list[tuple[dict[str, Sql], Sql]]:
    """The sums of each span, over the days from its first one to the day of the measure."""
    return [
        (sums(span.value, within), within)
        for span, period in moment.periods.items()
        for within in [day.between(period.first, moment.as_of)]
    ]


def _count(condition: Sql) -> Sql:
    return func.count(case((condition, 1)))


def _known(deal: Columns, condition: Sql) -> Sql:
    return func.count(case((condition, deal.amount)))


def _amount(deal: Columns, condition: Sql) -> Sql:
    return func.sum(case((condition, deal.amount)))


def rolled_up(
    rows: FromClause, cuts: Sequence[Cut], sums: Mapping[str, Sql], *, where: Sql | None = None
) -> CompoundSelect[Any]:
    """(cut, member, rep_key, sums …): the rows grouped by rep, whole and along each cut.

    Groups of all cuts at once come first, and are read again for each cut: the rows are read once.
    """
    along = [cut for cut in cuts if cut is not Cut.WHOLE]
    keys = [rows.c.rep_key, *(rows.c[cut.value] for cut in along)]
    query = select(*keys, *(sql.label(name) for name, sql in sums.items())).group_by(*keys)
    cells = (query if where is None else query.where(where)).cte("cells")
    whole = _rollup(cells, Cut.WHOLE, sums)
    return union_all(whole, *(_rollup(cells, cut, sums) for cut in along))


def _rollup(cells: FromClause, cut: Cut, sums: Iterable[str]) -> Select[Any]:
    member: Sql = literal("", TextType) if cut is Cut.WHOLE else cells.c[cut.value]
    keys = [cells.c.rep_key] if cut is Cut.WHOLE else [cells.c.rep_key, member]
    totals = [
        (func.max if name.endswith("_max") else func.sum)(cells.c[name]).label(name)
        for name in sums
    ]
    return select(
        literal(cut.value, TextType).label("cut"), member.label("member"), cells.c.rep_key, *totals
    ).group_by(*keys)


def opened_by_day(
    kpi: OpportunitiesOpened, opportunity: FromClause, owner: FromClause, first: Day, last: Day
) -> Select[str, Day, int]:
    """(rep_key, day, count): the opportunities opened, on each day from one to another."""
    deal, of = opportunity.c, owner.c
    return (
        select(of.rep_key, deal.created_on.label("day"), func.count().label("count"))
        .select_from(opportunity)
        .join(owner, deal.owner_id == of.id)
        .where(
            deal.archived_at.is_(None),
            of.rep_key.is_not(None),
            deal.created_on.between(first, last),
            or_(deal.team_amount >= kpi.minimum, deal.team_peak_amount >= kpi.minimum),
        )
        .group_by(of.rep_key, deal.created_on)
    )


def cycles(window: int, relations: Relations, moment: Moment) -> Select[Any]:
    """(rep_key, days, event, count) of what was created in a trailing window.

    `event` is `won`, `lost` or `open`; `unknown` is closed without a close date.
    """
    rows = deals(relations, {}, []).subquery("deal")
    deal, as_of = rows.c, moment.as_of
    is_closed = deal.kind.in_([StageKind.WON, StageKind.LOST])
    event = case(
        (and_(is_closed, deal.closes_on.is_(None)), "unknown"),
        (and_(is_closed, deal.closes_on <= as_of), deal.kind),
        else_="open",
    )
    until = case((and_(is_closed, deal.closes_on <= as_of), deal.closes_on), else_=as_of)
    lasted = until - deal.created_on
    days = cast(case((lasted < 0, 0), else_=lasted), Integer)
    inner = (
        select(deal.rep_key, days.label("days"), event.label("event"))
        .where(deal.created_on.between(moment.trailing(window), as_of))
        .subquery("lasted")
    )
    keys = (inner.c.rep_key, inner.c.days, inner.c.event)
    return select(*keys, func.count().label("count")).group_by(*keys)
