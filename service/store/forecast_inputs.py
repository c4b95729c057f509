"""What a forecast reads: open opportunities, what became of earlier ones, and the amounts won.

Five statements, whatever the number of reps. Money is in the team's currency, in minor units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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
    or_,
    select,
)
from sqlalchemy import Text as TextType

from rules.calendar import Period
from rules.forecast.chances import LOST, OPEN, WON
from rules.records import Kind, StageKind
from rules.time import Day
from service.store.engine import Transaction
from service.store.tables import history, opportunity, owner, stage

Cases = dict[str, dict[tuple[int, str], int]]
"""Rep → (days, event) → count: see `rules.forecast.chances.Events`."""


class OpenOpportunity(NamedTuple):
    """An open opportunity; `since` is the day on which it entered its stage, or was created.

    `likely` is the probability that the CRM gives to the stage.
    """

    id: int
    name: str
    rep: str
    stage: str
    likely: float
    amount: int | None
    since: Day | None
    closes_on: Day | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What was open and what became of the rest, as of a day.

    `by_stage` counts from the entry into a stage (our id as text), `created` from the creation.
    `wins` are amounts of what was won within the window, with how often, `opened` how many
    opportunities were created since a day, by rep; `first` is the day of the first one of all.
    """

    open_ones: list[OpenOpportunity]
    by_stage: Mapping[str, Cases]
    created: Cases
    wins: Mapping[str, list[tuple[int, int]]]
    opened: Mapping[str, int] = field(default_factory=dict)
    first: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """As of which day, how far back outcomes count, since when opportunities are counted.

    `minimum` is the least amount of an opportunity that counts as one.
    """

    as_of: Day
    window: int
    since: Day
    minimum: int


class WonSum(NamedTuple):
    """What a rep has won over some days: the sum, and of how many deals how many have an amount."""

    total: int
    deals: int
    known: int


def past(connection: Transaction, asked: Asked) -> Past:
    """Everything a forecast reads but what was won; opportunities of reps that are live."""
    by_stage: dict[str, Cases] = {}
    for place, rep, days, event, count in connection.execute(_by_stage(asked)):
        by_stage.setdefault(place, {}).setdefault(rep, {})[days, event] = count
    created: Cases = {}
    for rep, days, event, count in connection.execute(_since_creation(asked)):
        created.setdefault(rep, {})[days, event] = count
    wins: dict[str, list[tuple[int, int]]] = {}
    for rep, amount, count in connection.execute(_won_amounts(asked)):
        wins.setdefault(rep, []).append((amount, count))
    opened: dict[str, int] = {}
    earliest: list[Day] = []
    for rep, count, first in connection.execute(_opened(asked)):
        opened[rep] = count
        earliest += [] if first is None else [first]
    return Past(
        open_ones=[OpenOpportunity(*row) for row in connection.execute(_open(asked))],
        by_stage=by_stage, created=created, wins=wins, opened=opened,
        first=min(earliest, default=None),
    )  # fmt: skip


def won_in(connection: Transaction, period: Period, as_of: Day) -> Mapping[str, WonSum]:
    """Rep → what was won from the first day of a period to a day, or to its end."""
    deal = opportunity.c
    rows = connection.execute(
        select(
            owner.c.rep_key,
            # As floating point: SQLite fails on a sum of integers that is over 64 bits.
            func.coalesce(func.sum(cast(deal.team_amount, Float)), 0.0),
            func.count(),
            func.count(deal.team_amount),
        )
        .select_from(_deals())
        .where(
            *_live(),
            stage.c.kind == StageKind.WON.value,
            deal.closes_on.between(period.first, min(period.last, as_of)),
        )
        .group_by(owner.c.rep_key)
    )
    return {rep: WonSum(round(total), deals, known) for rep, total, deals, known in rows}


def _deals() -> FromClause:
    return opportunity.join(owner, opportunity.c.owner_id == owner.c.id).join(
        stage, opportunity.c.stage_id == stage.c.id
    )


def _live() -> list[ColumnElement[bool]]:
    return [opportunity.c.archived_at.is_(None), owner.c.rep_key.is_not(None)]


def _is_large(minimum: int) -> ColumnElement[bool]:
    deal = opportunity.c
    return or_(deal.team_amount >= minimum, deal.team_peak_amount >= minimum)


def _open(asked: Asked) -> Select[Any]:
    deal = opportunity.c
    entry = history.alias("entry")
    source = _deals().outerjoin(
        entry,
        and_(
            entry.c.kind == Kind.OPPORTUNITY.value,
            entry.c.entity_id == deal.id,
            entry.c.field == "stage_id",
            entry.c.valid_to_at.is_(None),
            entry.c.value == cast(deal.stage_id, TextType),
        ),
    )
    return (
        select(
            deal.id, func.coalesce(deal.name, ""), owner.c.rep_key,
            cast(deal.stage_id, TextType), stage.c.probability, deal.team_amount,
            func.coalesce(entry.c.valid_from_on, deal.created_on), deal.closes_on,
        )
        .select_from(source)
        .where(
            *_live(),
            stage.c.kind == StageKind.OPEN.value,
            or_(deal.created_on.is_(None), deal.created_on <= asked.as_of),
        )
        .order_by(deal.id)
    )  # fmt: skip


def _outcome(as_of: Day) -> tuple[ColumnElement[str], ColumnElement[Day]]:
    """How it ended by a day, and when; what closes later than that day is open until then."""
    is_over = and_(stage.c.kind != StageKind.OPEN.value, opportunity.c.closes_on <= as_of)
    event = case(
        (and_(is_over, stage.c.kind == StageKind.WON.value), WON), (is_over, LOST), else_=OPEN
    )
    return event, case((is_over, opportunity.c.closes_on), else_=as_of)


def _is_told() -> ColumnElement[bool]:
    """Of what is closed without a date, it is not known how long it lasted."""
    return or_(stage.c.kind == StageKind.OPEN.value, opportunity.c.closes_on.is_not(None))


def _lasted(until: ColumnElement[Day], since: ColumnElement[Any]) -> ColumnElement[int]:
    days = until - since
    return cast(case((days < 0, 0), else_=days), Integer)


def _by_stage(asked: Asked) -> Select[Any]:
    """(stage, rep, days, event, count): from the first entry into each stage within the window."""
    entered = (
        select(
            history.c.entity_id, history.c.value.label("place"),
            func.min(history.c.valid_from_on).label("since"),
        )
        .where(
            history.c.kind == Kind.OPPORTUNITY.value,
            history.c.field == "stage_id",
            history.c.value.is_not(None),
            history.c.valid_from_on <= asked.as_of,
        )
        .group_by(history.c.entity_id, history.c.value)
        .subquery("entered")
    )  # fmt: skip
    event, until = _outcome(asked.as_of)
    inner = (
        select(
            entered.c.place, owner.c.rep_key, _lasted(until, entered.c.since).label("days"),
            event.label("event"),
        )
        .select_from(_deals().join(entered, entered.c.entity_id == opportunity.c.id))
        .where(*_live(), _is_told(), entered.c.since > asked.as_of - asked.window)
        .subquery("lasted")
    )  # fmt: skip
    keys = (inner.c.place, inner.c.rep_key, inner.c.days, inner.c.event)
    return select(*keys, func.count()).group_by(*keys)


def _since_creation(asked: Asked) -> Select[Any]:
    """(rep, days, event, count): from the creation of what was large enough."""
    deal = opportunity.c
    event, until = _outcome(asked.as_of)
    inner = (
        select(
            owner.c.rep_key, _lasted(until, deal.created_on).label("days"), event.label("event")
        )
        .select_from(_deals())
        .where(
            *_live(), _is_told(), _is_large(asked.minimum),
            deal.created_on.between(asked.as_of - asked.window + 1, asked.as_of),
        )
        .subquery("lasted")
    )  # fmt: skip
    keys = (inner.c.rep_key, inner.c.days, inner.c.event)
    return select(*keys, func.count()).group_by(*keys)


def _won_amounts(asked: Asked) -> Select[Any]:
    deal = opportunity.c
    keys = (owner.c.rep_key, deal.team_amount)
    return (
        select(*keys, func.count())
        .select_from(_deals())
        .where(
            *_live(),
            stage.c.kind == StageKind.WON.value,
            deal.team_amount > 0,
            _is_large(asked.minimum),
            deal.closes_on.between(asked.as_of - asked.window + 1, asked.as_of),
        )
        .group_by(*keys)
        .order_by(*keys)
    )


def _opened(asked: Asked) -> Select[Any]:
    """(rep, how many were opened since the day, the first of all)."""
    deal = opportunity.c
    counted = func.count(case((deal.created_on >= asked.since, 1)))
    return (
        select(owner.c.rep_key, counted, func.min(deal.created_on))
        .select_from(opportunity.join(owner, deal.owner_id == owner.c.id))
        .where(*_live(), _is_large(asked.minimum), deal.created_on <= asked.as_of)
        .group_by(owner.c.rep_key)
    )
