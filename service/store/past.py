"""The records as they were known at the end of a past day: what stands for the tables in facts.

Links, contacts, stages, names and close dates are as they are now: nothing follows them. Owners,
stages and amounts come from `history`, and so do bound fields from the day on which they had been
read in full. Where a history starts later than the day, its first value stands for what is not
known; `store.hindsight` says of which accounts. What was not created by then is not there.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Connection,
    Float,
    Select,
    Table,
    and_,
    case,
    cast,
    exists,
    func,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import FromClause

from rules.records import Kind, StageKind
from rules.time import Day, Instant, start_of
from service.store.circumstances import rep_of
from service.store.facts import Sources
from service.store.followed import Followed, joined
from service.store.tables import (
    account,
    activity,
    contact,
    external_ref,
    history,
    opportunity,
    owner,
    stage,
    team,
)

Column = ColumnElement[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The end of a past day in the team's zone: its last instant."""

    day: Day
    instant: Instant

    @classmethod
    def of(cls, day: Day, zone: ZoneInfo) -> "Moment":
        """The end of a day."""
        return cls(day=day, instant=start_of(day + 1, zone) - 1)


def prepare(connection: Connection) -> None:
    """Make a transaction ready to read a past state: to be called before its first query of one.

    PostgreSQL can't know how many rows a past state has, believes them few, and would compute it
    again for each row of what it is joined to.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_nestloop = off")


def first_instant(connection: Connection) -> Instant | None:
    """The first instant of which anything is known; None where there is no history at all."""
    query = select(func.min(history.c.valid_from_at))
    found: Instant | None = connection.execute(query).scalar_one()
    return found


def sources(moment: Moment, followed: Collection[Followed]) -> Sources:
    """What stands for the tables at a moment; `followed` are the bound fields that are read."""
    return Sources(
        account=accounts(moment, followed),
        opportunity=opportunities(moment, followed),
        stage=stages(),
        contact=_as_now(moment, contact),
        activity=_activities(moment),
        history=_entries(moment),
    )


def with_reps(relation: FromClause, state: Sources) -> FromClause:
    """The facts relation with the rep of each account as of the moment, for the caps of tiers.

    No other circumstance (`rules.circumstances`) is known of a past day.
    """
    there = state.account
    own = [each for each in relation.c if each.name != "rep"]
    return (
        select(*own, rep_of(there.c.owner_id).label("rep"))
        .select_from(
            relation.join(there, there.c.id == relation.c.account_id).outerjoin(
                owner, owner.c.id == there.c.owner_id
            )
        )
        .subquery("facts_with_reps")
    )


def accounts(moment: Moment, followed: Collection[Followed] = ()) -> FromClause:
    """The accounts that were there: not those merged into another since, whose records moved."""
    bound, source = joined(moment.instant, account, followed, Kind.ACCOUNT)
    names_it = and_(
        external_ref.c.kind == Kind.ACCOUNT.value, external_ref.c.entity_id == account.c.id
    )
    owner_id = cast(nearest(moment, Kind.ACCOUNT, "owner_id", account.c.id), BigInteger)
    query = _columns(account, {**bound, "owner_id": owner_id}).select_from(source)
    return query.where(
        or_(account.c.archived_at.is_(None), exists().where(names_it)),
        *_was_there(moment, account, account.c.created_on),
    ).subquery("past_account")


def opportunities(moment: Moment, followed: Collection[Followed] = ()) -> FromClause:
    """The opportunities that were there, with their owner, stage and amount.

    One whose first known stage is a closed one, and that closes on a later day, was open: its stage
    is the open twin of that stage (`stages`).
    """
    bound, source = joined(moment.instant, opportunity, followed, Kind.OPPORTUNITY)
    held = {
        field: nearest(moment, Kind.OPPORTUNITY, field, opportunity.c.id)
        for field in ("owner_id", "stage_id", "amount")
    }
    told = {name: cast(value, BigInteger) for name, value in held.items()}
    columns: dict[str, Column] = {**bound, **told}
    is_told = is_known(moment, Kind.OPPORTUNITY, "stage_id", opportunity.c.id)
    # A layer that is computed once for each row: its columns are used several times below.
    layer = (
        _columns(opportunity, columns)
        .add_columns(is_told.label("is_told"), opportunity.c.amount.label("amount_now"))
        .select_from(source)
        .where(*_was_there(moment, opportunity, opportunity.c.created_on))
        .offset(0)
        .subquery("known_opportunity")
    )
    values = {"stage_id": _stage(moment, layer), "team_amount": _team_amount(layer)}
    return select(*(values.get(each.name, each).label(each.name) for each in layer.c)).subquery(
        "past_opportunity"
    )


def stages() -> FromClause:
    """The stages, and of each closed one an open twin: its id with the other sign."""
    twins = select(
        *(
            {"id": -stage.c.id, "kind": _literal(StageKind.OPEN)}.get(each.name, each).label(
                each.name
            )
            for each in stage.c
        )
    ).where(stage.c.kind != StageKind.OPEN.value)
    return union_all(select(stage), twins).subquery("past_stage")


def nearest(moment: Moment, kind: Kind, field: str, entity_id: Column) -> Column:
    """The value at the moment, as text; where that is not known, the first known after it."""
    at = history.c.valid_from_at
    return (
        select(history.c.value)
        .where(*_of(kind, field, entity_id))
        .order_by(at > moment.instant, func.abs(at - moment.instant))
        .limit(1)
        .scalar_subquery()
    )


def is_known(moment: Moment, kind: Kind, field: str, entity_id: Column) -> ColumnElement[bool]:
    """Whether the history of a field had begun by the moment."""
    begun = history.c.valid_from_at <= moment.instant
    return exists().where(*_of(kind, field, entity_id), begun)


def _of(kind: Kind, field: str, entity_id: Column) -> list[ColumnElement[bool]]:
    return [
        history.c.kind == kind.value,
        history.c.entity_id == entity_id,
        history.c.field == field,
    ]


def _stage(moment: Moment, layer: FromClause) -> Column:
    closed = select(stage.c.id).where(stage.c.kind != StageKind.OPEN.value)
    closes_on = layer.c.closes_on
    was_open = and_(
        ~layer.c.is_told,
        layer.c.stage_id.in_(closed),
        or_(closes_on.is_(None), closes_on > moment.day),
    )
    return case((was_open, -layer.c.stage_id), else_=layer.c.stage_id)


def _team_amount(layer: FromClause) -> Column:
    """In the team's currency; another amount than today's at the rate that today's is worth."""
    ours = select(team.c.currency).scalar_subquery()
    amount, now = layer.c.amount, layer.c.amount_now
    share = cast(amount, Float) / func.nullif(cast(now, Float), 0.0)
    return case(
        (amount == now, layer.c.team_amount),
        (layer.c.currency == ours, amount),
        else_=cast(func.round(layer.c.team_amount * share), BigInteger),
    )


def _was_there(moment: Moment, table: Table, created_on: Column) -> list[ColumnElement[bool]]:
    return [
        or_(table.c.archived_at.is_(None), table.c.archived_at > moment.instant),
        or_(created_on.is_(None), created_on <= moment.day),
    ]


def _as_now(moment: Moment, table: Table) -> FromClause:
    """Records that nothing follows, but for those gone since."""
    there = or_(table.c.archived_at.is_(None), table.c.archived_at > moment.instant)
    return _columns(table, {}).where(there).subquery(f"past_{table.name}")


def _activities(moment: Moment) -> FromClause:
    """The activities up to the day, those that were logged later among them."""
    happened_on = activity.c.happened_on
    return (
        _columns(activity, {})
        .where(*_was_there(moment, activity, happened_on))
        .subquery("past_activity")
    )


def _entries(moment: Moment) -> FromClause:
    """The history up to the moment: what ended later had not ended."""
    until = history.c.valid_to_at
    values: dict[str, Column] = {"valid_to_at": case((until <= moment.instant, until))}
    return (
        select(*(values.get(each.name, each).label(each.name) for each in history.c))
        .where(history.c.valid_from_at <= moment.instant)
        .subquery("past_history")
    )


def _columns(table: Table, values: Mapping[str, Column]) -> Select[Any]:
    """The columns of a table with other values in place of some; of a past state, none is gone."""
    given = {
        **{each.name: each for each in table.c},
        "archived_at": cast(null(), BigInteger),
        **values,
    }
    return select(*(value.label(name) for name, value in given.items()))


def _literal(kind: StageKind) -> Column:
    return cast(kind.value, stage.c.kind.type)
