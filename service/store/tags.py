"""Evaluation: the compiled rules are run over the dirty accounts, in the database.

One evaluation is one transaction: it claims the accounts that are dirty or due for a recheck,
upserts the tags that differ, appends the tier history, and forgets the accounts it claimed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Insert,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ColumnElement

from rules.tagging import TAG_COLUMNS, Tagging
from rules.time import Day, Instant
from service.store.circumstances import beside, with_circumstances
from service.store.facts import facts_relation
from service.store.tables import account, dirty, outbox, tag, tag_history

# Values that reach the CRM: when one differs, the row is owed.
OWED_COLUMNS = (
    "is_in_scope", "tier", "priority", "segment", "quadrant", "next_contact_on",
    "contact_status", "why",
)  # fmt: skip
_VALUES = tuple(name for name in TAG_COLUMNS if name != "account_id")
# SQLAlchemy drops the number of rows that an INSERT wrote, unless it is told to keep it.
_COUNTED = {"preserve_rowcount": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When an evaluation takes place: the instant, and the day it falls on in the team's zone."""

    instant: Instant
    today: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What an evaluation did: accounts looked at, tag rows written, tiers that changed."""

    evaluated: int
    changed: int
    moved: int


def evaluate(
    connection: Connection,
    tagging: Tagging,
    slots: Mapping[str, str],
    rulebook_id: int,
    moment: Moment,
    *,
    is_full: bool,
    is_new: bool = False,
) -> Evaluation:
    """Evaluate the dirty and due accounts, or all of them, in the caller's transaction.

    `is_new` says that the rules are not those of the tags so far: no tier is kept then. Where the
    rules have caps, all accounts of a rep are evaluated together.
    """
    claim = moment.instant
    evaluated = (
        _claim_all(connection, claim) if is_full else _claim(connection, claim, moment.today)
    )
    if tagging.has_caps and evaluated and not is_full:
        evaluated += _claim_beside(connection, claim)
    if not evaluated and not is_full:
        return Evaluation(evaluated=0, changed=0, moved=0)
    worklist = None if is_full else select(dirty.c.account_id).where(dirty.c.claim == claim)
    facts = facts_relation(tagging.facts, slots, worklist, measures=tagging.measures)
    selected = tagging.select(
        with_circumstances(connection, facts, tagging, moment.today, is_new=is_new)
    )
    changed = connection.execute(
        _upsert(connection, selected, rulebook_id, moment),
        tagging.parameters(moment.today),
        execution_options=_COUNTED,
    ).rowcount
    moved = _append_history(connection, moment.instant, worklist)
    _drop_archived(connection, claim)
    connection.execute(delete(dirty).where(dirty.c.claim == claim))
    return Evaluation(evaluated=evaluated, changed=changed, moved=moved)


def _claim(connection: Connection, claim: Instant, today: Day) -> int:
    """Take what is dirty, and the accounts that the clock may have changed."""
    due = select(tag.c.account_id, literal(None, BigInteger)).where(tag.c.recheck_on <= today)
    connection.execute(
        _conflict_free(connection, dirty)
        .from_select(["account_id", "claim"], due)
        .on_conflict_do_nothing()
    )
    return connection.execute(update(dirty).values(claim=claim)).rowcount


def _claim_beside(connection: Connection, claim: Instant) -> int:
    """Take the other accounts of the reps whose accounts were taken."""
    claimed = select(dirty.c.account_id).where(dirty.c.claim == claim)
    others = beside(connection, claimed).add_columns(literal(claim, BigInteger))
    return connection.execute(
        _conflict_free(connection, dirty)
        .from_select(["account_id", "claim"], others)
        .on_conflict_do_nothing(),
        execution_options=_COUNTED,
    ).rowcount


def _claim_all(connection: Connection, claim: Instant) -> int:
    """A full evaluation looks at every live account, and at the dirty ones that are not."""
    connection.execute(update(dirty).values(claim=claim))
    live = select(func.count()).select_from(account).where(account.c.archived_at.is_(None))
    return connection.execute(live).scalar_one()


def _conflict_free(connection: Connection, table: Any) -> Any:  # noqa: ANN401 - one of two dialects' Insert
    module = sqlite if connection.dialect.name == "sqlite" else postgresql
    return module.insert(table)


def _upsert(
    connection: Connection, selected: Select[Any], rulebook_id: int, moment: Moment
) -> Insert:
    """`INSERT … SELECT … ON CONFLICT DO UPDATE` of the rows that differ, and only those."""
    fresh = selected.subquery("fresh")
    names = [*TAG_COLUMNS, "tier_since_at", "rulebook_id", "evaluated_at", "is_owed"]
    stamps: list[ColumnElement[Any]] = [
        literal(moment.instant, BigInteger),
        literal(rulebook_id, BigInteger),
        literal(moment.instant, BigInteger),
        # An account that comes back out of scope may have left values in the CRM.
        or_(fresh.c.is_in_scope, exists().where(outbox.c.account_id == fresh.c.account_id)),
    ]
    # `WHERE true` keeps SQLite from reading ON CONFLICT as the ON of a join.
    source = select(*fresh.c, *stamps).where(true())
    statement = _conflict_free(connection, tag).from_select(names, source)
    new = statement.excluded
    is_owed = or_(tag.c.is_owed, *(_differs(tag.c[name], new[name]) for name in OWED_COLUMNS))
    tier_differs = _differs(tag.c.tier, new.tier)
    upsert: Insert = statement.on_conflict_do_update(
        index_elements=["account_id"],
        set_={
            **{name: new[name] for name in _VALUES},
            "tier_since_at": case((tier_differs, new.tier_since_at), else_=tag.c.tier_since_at),
            "rulebook_id": new.rulebook_id,
            "evaluated_at": new.evaluated_at,
            "is_owed": is_owed,
        },
        where=or_(*(_differs(tag.c[name], new[name]) for name in _VALUES)),
    )
    return upsert


def _differs(old: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[bool]:
    return old.is_distinct_from(new)


def _append_history(connection: Connection, now: Instant, worklist: Select[Any] | None) -> int:
    """One row for each tier that changed in this evaluation."""
    names = ["account_id", "valid_from_at", "tier", "tier_row", "rulebook_id"]
    moved = select(
        tag.c.account_id, tag.c.tier_since_at, tag.c.tier, tag.c.tier_row, tag.c.rulebook_id
    ).where(
        tag.c.tier_since_at == now,
        # An account that never had a tier has no history.
        or_(
            tag.c.tier.is_not(None),
            exists().where(tag_history.c.account_id == tag.c.account_id),
        ),
    )
    if worklist is not None:
        moved = moved.where(tag.c.account_id.in_(worklist))
    statement = _conflict_free(connection, tag_history).from_select(names, moved)
    # Only a clock that stands still evaluates an account twice in one instant: the last counts.
    return connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "valid_from_at"],
            set_={name: statement.excluded[name] for name in names[2:]},
        ),
        execution_options=_COUNTED,
    ).rowcount


def _drop_archived(connection: Connection, claim: Instant) -> None:
    """An account that has left the CRM has no tag; its history stays."""
    gone = select(account.c.id).where(account.c.archived_at.is_not(None)).scalar_subquery()
    claimed = select(dirty.c.account_id).where(dirty.c.claim == claim).scalar_subquery()
    connection.execute(
        delete(tag).where(and_(tag.c.account_id.in_(gone), tag.c.account_id.in_(claimed)))
    )
