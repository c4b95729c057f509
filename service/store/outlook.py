"""What the outbox would come to if other rules were published and every account evaluated.

Nothing is written: for each own field, expressions over the row of the outbox as it is and the
value that the rules would give. They say in SQL what `rules.diff.owed` and `deliveries.retire` do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Text,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from rules.diff import Debt, PinKind
from rules.owned import BY_PEOPLE, Owned
from service.store.deliveries import NOT_WRITTEN
from service.store.tables import account, outbox, push_journal, tag
from service.store.tags import OWED_COLUMNS

Sql = ColumnElement[Any]


class _IsoDay(FunctionElement[str]):
    """A day as it is written in a CRM: `2026-07-13`."""

    type = Text()
    inherit_cache = True


@compiles(_IsoDay)
def _iso_day(element: _IsoDay, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    day = compiler.process(element.clauses, **options)
    return f"to_char(date '1970-01-01' + ({day}), 'YYYY-MM-DD')"


@compiles(_IsoDay, "sqlite")
def _iso_day_on_sqlite(element: _IsoDay, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - same
    return f"date(({compiler.process(element.clauses, **options)}) * 86400, 'unixepoch')"


@dataclass(frozen=True, slots=True)
class Outlook:
    """One own field of an account, after; columns of `layer` are named after these and the field.

    `state` is the debt after, `waiting` whether it is owed already; `let_go` whether a person has
    ordered it; `holds` whether the CRM holds a value, `changes` whether another would take its
    place or none (`clears`).
    """

    state: Sql
    waiting: Sql
    let_go: Sql
    holds: Sql
    changes: Sql
    clears: Sql

    def named(self, field: Owned) -> list[Sql]:
        """The columns of a field."""
        columns = {name: getattr(self, name) for name in self.__slots__}
        return [sql.label(f"{name}_{field.value}") for name, sql in columns.items()]


@dataclass(frozen=True, slots=True)
class _After:
    """A row of the outbox after: its state, what it desires, and whether its version and pin stay.

    The state is NULL where there is no row.
    """

    state: Sql
    desired: Sql
    has_version: Sql
    has_pin: Sql


def fields_at_stake(connection: Connection, written: Sequence[Owned]) -> tuple[Owned, ...]:
    """The own fields that a push could have to write: those of the rules, and what is kept."""
    kept = set(connection.scalars(select(outbox.c.field).distinct()))
    return tuple(field for field in Owned if field in written or field.value in kept)


def layer(
    fresh: FromClause,
    written: Sequence[Owned],
    at_stake: Sequence[Owned],
    columns: Mapping[str, Sql],
    *,
    is_new: bool,
) -> FromClause:
    """One row for each account of `fresh`, with these columns and the outlook of each field.

    `fresh` has the columns of `rules.tagging.TAG_COLUMNS`; the columns may be of it, of `account`
    and of `tag`. `at_stake` comes from `fields_at_stake`. `is_new` says that the rules differ in
    meaning from those in force.
    """
    base = _base(fresh, written, at_stake, columns, is_new=is_new)
    source: FromClause = base
    told: list[Sql] = [base.c[name].label(name) for name in columns]
    for field in at_stake:
        row = outbox.alias(f"owing_{field.value}")
        source = source.outerjoin(
            row, and_(row.c.account_id == base.c.account_id, row.c.field == field.value)
        )
        told += _outlook(field, row, base, written, is_new=is_new).named(field)
    return select(*told).select_from(source).offset(0).cte("outlook")


def _base(
    fresh: FromClause,
    written: Sequence[Owned],
    at_stake: Sequence[Owned],
    columns: Mapping[str, Sql],
    *,
    is_new: bool,
) -> FromClause:
    """The accounts with what every outlook asks for, computed once.

    An offset keeps the databases from writing each expression in the place of each of its uses.
    """
    source = fresh.join(account, account.c.id == fresh.c.account_id)
    source = source.outerjoin(tag, tag.c.account_id == fresh.c.account_id)
    wanted = {
        **columns,
        "account_id": account.c.id,
        "pulled_at": account.c.pulled_at,
        "is_due": _is_owed(fresh, is_new=is_new),
        **{f"observed_{each.value}": account.c[f"observed_{each.value}"] for each in at_stake},
        **{f"value_{each.value}": _value(each, fresh) for each in written},
    }
    told = [sql.label(name) for name, sql in wanted.items()]
    return select(*told).select_from(source).offset(0).cte("compared")


def _is_owed(fresh: FromClause, *, is_new: bool) -> Sql:
    """Whether what an account is owed would be looked at again; see `tags` and `rulebooks`."""
    is_known = tag.c.account_id.is_not(None)
    differs = or_(*(tag.c[name].is_distinct_from(fresh.c[name]) for name in OWED_COLUMNS))
    has_rows = exists().where(outbox.c.account_id == fresh.c.account_id)
    return case(
        (is_known, or_(tag.c.is_owed, tag.c.is_in_scope if is_new else false(), differs)),
        else_=or_(fresh.c.is_in_scope, has_rows),
    )


def _outlook(
    field: Owned,
    row: FromClause,
    base: FromClause,
    written: Sequence[Owned],
    *,
    is_new: bool,
) -> Outlook:
    observed = base.c[f"observed_{field.value}"]
    if field in written:
        after = _written(row, base.c[f"value_{field.value}"], observed, base.c.is_due)
    elif is_new and field not in BY_PEOPLE:
        after = _retired(row)
    else:
        after = _After(row.c.state, row.c.desired, literal(value=True), literal(value=True))
    is_confirmed = and_(row.c.confirmed_version > 0, base.c.pulled_at <= row.c.confirmed_at)
    before = case((is_confirmed, row.c.confirmed), else_=observed)
    changes = and_(before.is_not(None), before.is_distinct_from(after.desired))
    is_released = row.c.released_version.is_not_distinct_from(row.c.version)
    is_undone = row.c.pin.is_not_distinct_from(PinKind.UNDONE.value)
    ordered = or_(and_(after.has_version, is_released), and_(after.has_pin, is_undone))
    return Outlook(
        state=after.state, waiting=row.c.state.is_not_distinct_from(Debt.OWED.value),
        let_go=and_(row.c.account_id.is_not(None), ordered), holds=before.is_not(None),
        changes=changes, clears=and_(changes, after.desired.is_(None)),
    )  # fmt: skip


def _value(field: Owned, fresh: FromClause) -> Sql:
    """The value of a field as it would be written."""
    if field is Owned.NEXT_CONTACT:
        return _IsoDay(fresh.c.next_contact_on)
    return fresh.c[field.value]


def _written(row: FromClause, value: Sql, observed: Sql, is_owed: Sql) -> _After:
    """A field that the rules write: as `rules.diff.owed`."""
    computed = case((row.c.pin.is_(None), row.c.desired), else_=row.c.pin_computed)
    is_there = row.c.account_id.is_not(None)
    stays = or_(not_(is_owed), value.is_not_distinct_from(computed))
    is_unsent = and_(row.c.state == Debt.HELD.value, row.c.confirmed_version == 0)
    is_confirmed = and_(
        row.c.confirmed_version > 0,
        value.is_not_distinct_from(row.c.confirmed),
        row.c.attempts == 0,
    )
    state = case(
        (
            not_(is_there),
            case((and_(is_owed, value.is_distinct_from(observed)), Debt.OWED.value)),
        ),
        (stays, row.c.state),
        (and_(is_unsent, value.is_not_distinct_from(observed)), Debt.SETTLED.value),
        (value.is_not_distinct_from(row.c.desired), row.c.state),
        (row.c.state == Debt.DRIFT.value, Debt.DRIFT.value),
        (is_confirmed, Debt.SETTLED.value),
        (row.c.state == Debt.HELD.value, Debt.HELD.value),
        else_=Debt.OWED.value,
    )
    desired = case((and_(is_there, stays), row.c.desired), else_=value)
    has_version = or_(stays, value.is_not_distinct_from(row.c.desired))
    return _After(state, desired, has_version, stays)


def _retired(row: FromClause) -> _After:
    """A field that the rules write no more: as `deliveries.retire`."""
    journal = push_journal.c
    may_be_there = (
        select(journal.id)
        .where(
            journal.account_id == row.c.account_id,
            journal.field == row.c.field,
            journal.outcome.not_in(NOT_WRITTEN),
        )
        .correlate(row)
        .exists()
    )
    is_forgotten = and_(row.c.confirmed_version == 0, not_(may_be_there))
    was_undone = and_(row.c.pin.is_not(None), row.c.pin_computed.is_(None))
    is_cleared = and_(row.c.desired.is_not(None), not_(was_undone))
    waits = row.c.state.in_([Debt.DRIFT.value, Debt.HELD.value])
    state = case(
        (is_forgotten, null()),
        (and_(is_cleared, not_(waits)), Debt.OWED.value),
        else_=row.c.state,
    )
    desired = case((is_cleared, null()), else_=row.c.desired)
    is_kept = not_(is_cleared)
    return _After(state, desired, is_kept, and_(is_kept, row.c.desired.is_not(None)))


def counted(condition: Sql) -> Sql:
    """How many rows a condition holds for."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
