"""The queries of KPIs over histories: proposals, passages from stage to stage, changes of tier.

What they give is what `rules.kpi.queries` says: rows by cut, member and rep, with named sums.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy import Text as TextType
from sqlalchemy.sql.selectable import CompoundSelect

from rules.calendar import Span
from rules.kpi.deals import Proposals, StageConversion
from rules.kpi.moment import Moment
from rules.kpi.names import Cut
from rules.kpi.queries import Relations, counted, deals, rolled_up
from rules.layers import fenced
from rules.records import Kind, StageKind
from rules.time import Instant

Sql = ColumnElement[Any]
_STAGE_ID = "stage_id"


def _entered(relations: Relations, name: str) -> tuple[FromClause, Sql]:
    """The history under a name, and the stage that a row of it tells of."""
    entries = relations.history.alias(name)
    # Of another field, a value need not be a number at all.
    ours = case((entries.c.field == _STAGE_ID, entries.c.value))
    return entries, cast(ours, BigInteger)


def _of_stages(entries: FromClause) -> Sql:
    return and_(entries.c.kind == Kind.OPPORTUNITY.value, entries.c.field == _STAGE_ID)


def proposed(
    kpi: Proposals,
    relations: Relations,
    fields: Mapping[Cut, str],
    cuts: Sequence[Cut],
    moment: Moment,
) -> CompoundSelect[Any]:
    """`proposals_week` …: what entered a proposal stage for the first time."""
    ids = select(relations.stage.c.id).where(relations.stage.c.label.in_(kpi.stages))
    entries, stage_id = _entered(relations, "entry")
    earlier, earlier_id = _entered(relations, "earlier")
    is_first = ~exists().where(
        _of_stages(earlier),
        earlier.c.entity_id == entries.c.entity_id,
        earlier.c.valid_from_at < entries.c.valid_from_at,
        earlier_id.in_(ids),
    )
    first = (
        select(entries.c.entity_id, entries.c.valid_from_on.label("day"))
        .where(
            _of_stages(entries),
            entries.c.valid_from_on.between(moment.earliest, moment.as_of),
            stage_id.in_(ids),
            is_first,
        )
        .subquery("first_proposal")
    )
    along = [cut for cut in cuts if cut is not Cut.WHOLE]
    deal = deals(relations, fields, along).subquery("deal")
    kept = [deal.c.rep_key, *(deal.c[cut.value] for cut in along), first.c.day]
    rows = (
        select(*kept).select_from(first.join(deal, deal.c.id == first.c.entity_id)).subquery("row")
    )
    sums = {
        f"proposals_{span}": counted(rows.c.day.between(period.first, moment.as_of))
        for span, period in moment.periods.items()
    }
    return rolled_up(rows, cuts, sums)


def passed(kpi: StageConversion, relations: Relations, moment: Moment) -> Select[Any]:
    """(cut, member, rep_key, stage_left, stage_passed), by the name of an open stage."""
    entries, stage_id = _entered(relations, "entry")
    entered = (
        select(entries.c.entity_id, stage_id.label("stage_id"))
        .where(
            _of_stages(entries),
            entries.c.valid_from_on.between(moment.trailing(kpi.window), moment.as_of),
            entries.c.value.is_not(None),
        )
        .distinct()
        .subquery("entered")
    )
    stage = relations.stage.alias("entered_stage")
    deal = deals(relations, {}, []).subquery("deal")
    other, other_id = _entered(relations, "other")
    later = relations.stage.alias("later_stage")
    went_on = exists(
        select(later.c.id)
        .join(other, other_id == later.c.id)
        .where(
            _of_stages(other),
            other.c.entity_id == deal.c.id,
            later.c.kind == StageKind.OPEN,
            later.c.connection_id == stage.c.connection_id,
            later.c.pipeline_id == stage.c.pipeline_id,
            later.c.position > stage.c.position,
        )
    )
    is_further = or_(deal.c.kind == StageKind.WON, went_on)
    outcome = case((is_further, 1), (deal.c.kind == StageKind.LOST, 0)).label("outcome")
    source = entered.join(deal, deal.c.id == entered.c.entity_id).join(
        stage, stage.c.id == entered.c.stage_id
    )
    query = (
        select(deal.c.rep_key, stage.c.label, outcome)
        .select_from(source)
        .where(stage.c.kind == StageKind.OPEN)
    )
    # Fenced: else SQLite looks for what went on at each use of the outcome.
    rows = fenced(query)
    return select(
        literal(Cut.STAGE.value, TextType).label("cut"),
        rows.c.label.label("member"),
        rows.c.rep_key,
        func.count(rows.c.outcome).label("stage_left"),
        func.sum(func.coalesce(rows.c.outcome, 0)).label("stage_passed"),
    ).group_by(rows.c.rep_key, rows.c.label)


def moved(relations: Relations, starts: Mapping[Span, Instant], end: Instant) -> Select[Any]:
    """(cut, member, rep_key, moves_week …): changes of tier, a member for each passage.

    `starts` are the first instants of the periods, `end` that of the day after.
    """
    entry, accounts = relations.tag_history.c, relations.accounts.c
    told = (
        select(
            entry.account_id,
            entry.valid_from_at,
            func.coalesce(entry.tier, "").label("tier"),
            func.lag(func.coalesce(entry.tier, ""))
            .over(partition_by=entry.account_id, order_by=entry.valid_from_at)
            .label("before"),
        )
        .where(entry.valid_from_at < end)
        .subquery("told")
    )
    # What precedes the first entry is NULL, which differs from nothing.
    moves = (
        select(
            told.c.account_id,
            told.c.valid_from_at,
            told.c.before.concat(">").concat(told.c.tier).label("member"),
        )
        .where(
            told.c.before != told.c.tier,
            told.c.valid_from_at >= min(starts.values(), default=end),
        )
        .subquery("move")
    )
    counts = [
        func.count(case((moves.c.valid_from_at >= start, 1))).label(f"moves_{span}")
        for span, start in starts.items()
    ]
    cut = literal(Cut.MOVE.value, TextType).label("cut")
    return (
        select(cut, moves.c.member, accounts.rep_key, *counts)
        .select_from(moves.join(relations.accounts, accounts.id == moves.c.account_id))
        .where(accounts.rep_key.is_not(None))
        .group_by(accounts.rep_key, moves.c.member)
    )
