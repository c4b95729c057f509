"""The queries of KPIs over opportunities: one statement for each relation, whatever is asked.

Each groups the records by rep and by every cut at once, with one conditional sum for each figure
and span (`_cells`), then rolls these groups up to each cut (`rolled_up`): (cut, member, rep_key,
sums …). Sums of money are floats, exact up to 2^53 cents, for SQLite fails on larger sums of
integers. Nothing here runs a query.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
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
    select,
    union_all,
)
from sqlalchemy import Text as TextType
from sqlalchemy.sql.selectable import CompoundSelect

from rules.kpi.moment import Moment
from rules.kpi.names import Cut
from rules.layers import nothing
from rules.records import Relation, StageKind

Sql = ColumnElement[Any]
Columns = Any


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
    main: Columns = None
    if {Cut.SEGMENT, Cut.TIER} & set(wanted):
        source, main = _with_main_account(source, relations)
    members: dict[Cut, Sql] = {
        Cut.STAGE: case((stage.kind == StageKind.OPEN, stage.label)),
        **{cut: opportunity[name] for cut, name in fields.items()},
    }
    for cut in wanted:
        if cut in {Cut.SEGMENT, Cut.TIER}:
            members[cut] = main[cut.value]
        columns.append(_member(members[cut]).label(cut.value))
    return (
        select(*columns)
        .select_from(source)
        .where(opportunity.archived_at.is_(None), relations.owner.c.rep_key.is_not(None))
    )


def _with_main_account(source: FromClause, relations: Relations) -> tuple[FromClause, Columns]:
    """The opportunities with their main accounts that are not archived, and the latter's columns.

    The accounts are computed once and kept, for SQLite to look them up by an index of its own.
    """
    accounts, main_link = relations.accounts, relations.link.alias("main_link")
    link = main_link.c
    values = [each for each in accounts.c if each.key in {"id", Cut.SEGMENT, Cut.TIER}]
    kept = select(*values).cte("account_value").prefix_with("MATERIALIZED")
    is_main = and_(
        link.from_id == relations.opportunity.c.id,
        link.relation == Relation.OPPORTUNITY_ACCOUNT.value,
        link.is_primary.is_(True),
    )
    joined = source.outerjoin(main_link, is_main).outerjoin(kept, kept.c.id == link.to_id)
    return joined, kept.c


def _member(value: Sql) -> Sql:
    """The member of a cut that a value stands for; yes, no and numbers as texts."""
    return func.coalesce(cast(value, TextType) if not _is_text(value) else value, literal(""))


def _is_text(value: Sql) -> bool:
    return isinstance(value.type, TextType)


def counted(condition: Sql) -> Sql:
    """How many rows meet a condition; a float, for PostgreSQL sums those faster than integers."""
    return cast(func.count(case((condition, 1))), Float)


def rolled_up(
    rows: FromClause,
    cuts: Sequence[Cut],
    sums: Mapping[str, Sql],
    *,
    where: Sql | None = None,
    wanted: Mapping[str, Collection[Cut]] | None = None,
) -> CompoundSelect[Any]:
    """(cut, member, rep_key, sums …): the rows grouped by rep, whole and along each cut.

    Groups of all cuts at once come first, and are read again for each cut: the rows are read once.
    `wanted` are the cuts along which each sum is wanted besides the whole; elsewhere it is NULL.
    """
    along = [cut for cut in cuts if cut is not Cut.WHOLE]
    keys = [rows.c.rep_key, *(rows.c[cut.value] for cut in along)]
    query = select(*keys, *(sql.label(name) for name, sql in sums.items())).group_by(*keys)
    cells = (query if where is None else query.where(where)).cte("cells")
    whole = _rollup(cells, Cut.WHOLE, dict.fromkeys(sums, True))
    return union_all(
        whole,
        *(
            _rollup(cells, cut, {name: wanted is None or cut in wanted[name] for name in sums})
            for cut in along
        ),
    )


def _rollup(cells: FromClause, cut: Cut, sums: Mapping[str, bool]) -> Select[Any]:
    """The cells along a cut, by name of a sum; NULL for one that is not wanted."""
    member: Sql = literal("", TextType) if cut is Cut.WHOLE else cells.c[cut.value]
    keys = [cells.c.rep_key] if cut is Cut.WHOLE else [cells.c.rep_key, member]
    totals: list[Sql] = [
        (func.max if name.endswith("_max") else func.sum)(cells.c[name]) if is_wanted
        else nothing(Float)
        for name, is_wanted in sums.items()
    ]  # fmt: skip
    named = [total.label(name) for name, total in zip(sums, totals, strict=True)]
    return select(
        literal(cut.value, TextType).label("cut"), member.label("member"), cells.c.rep_key, *named
    ).group_by(*keys)


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
