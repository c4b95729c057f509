"""What other rules would move: the tags that they would give beside those in the store.

Read only. The rules are evaluated in the database, over every live account; what crosses into
Python are groups of accounts, as many as there are owners and pairs of values, and on request the
accounts that move, one by one.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    FromClause,
    Row,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)

from rules.diff import Debt
from rules.owned import Owned
from rules.records import FieldType, Kind
from rules.rulebook import Rulebook
from rules.time import Day
from service.store import inputs, overrides
from service.store.circumstances import with_circumstances
from service.store.outlook import counted, fields_at_stake, layer
from service.store.tables import account, owner, tag
from service.store.tags import OWED_COLUMNS

POTENTIAL = "potential"
"""The money field whose sum is told, where a playbook binds one of this name."""

_KEYS = (
    "connection_id", "owner_id", "was_in_scope", "is_in_scope", "tier_before", "tier_after",
    "priority_before", "priority_after",
)  # fmt: skip
_CHUNK = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a push would find of one own field on some accounts, and what waits there already.

    `owed` values would be sent, of which `waiting` are owed now. `changed` and `cleared` are those
    that a person did not order and that replace or empty a value, `held_*` those of the values
    that wait for a person; `holders` are the accounts whose CRM holds a value.
    """

    owed: int
    waiting: int
    changed: int
    cleared: int
    held_changed: int
    held_cleared: int
    holders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Accounts of one owner that have the same tier and priority before, and the same after.

    `potential` is in minor units; `changed` are the accounts of which any tag value would differ,
    `owed` those to which a push would write.
    """

    connection_id: int
    owner_id: int | None
    was_in_scope: bool
    is_in_scope: bool
    tier_before: str | None
    tier_after: str | None
    priority_before: str | None
    priority_after: str | None
    accounts: int
    potential: float
    changed: int
    owed: int
    fields: Mapping[Owned, Tally]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An account whose tier, priority or place in the scope would change."""

    account_id: int
    external_id: str
    account: str
    owner_id: int | None
    owner: str | None
    was_in_scope: bool
    is_in_scope: bool
    tier_before: str | None
    tier_after: str | None
    priority_before: str | None
    priority_after: str | None
    why_before: str | None
    why_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerFound:
    """An owner of a CRM, by whom accounts are found."""

    id: int
    name: str
    email: str | None


def groups(
    connection: Connection, book: Rulebook, found: inputs.Inputs, today: Day, *, is_new: bool
) -> list[Group]:
    """Every live account, grouped; `is_new` says that the rules differ from those in force."""
    slot = found.slots.get(Kind.ACCOUNT, {}).get(POTENTIAL) if has_potential(book) else None
    # As floating point: SQLite fails on a sum of integers that is over 64 bits.
    worth = cast(account.c[slot], Float) if slot else cast(null(), Float)
    fresh = _fresh(connection, book, found, today)
    columns = {
        **_compared(fresh),
        "potential": worth,
        "differs": or_(tag.c.account_id.is_(None), _differs(fresh)),
    }
    at_stake = fields_at_stake(connection, book.written)
    outlook = layer(fresh, book.written, at_stake, columns, is_new=is_new)
    keys = [outlook.c[name] for name in _KEYS]
    is_owed = or_(*(outlook.c[f"state_{each.value}"] == Debt.OWED.value for each in at_stake))
    totals = [
        func.count().label("accounts"),
        func.coalesce(func.sum(outlook.c.potential), 0.0).label("worth"),
        counted(outlook.c.differs).label("changed"),
        counted(is_owed).label("owed"),
        *(sql for field in at_stake for sql in _totals(outlook, field)),
    ]
    rows = connection.execute(
        select(*keys, *totals).group_by(*keys), book.tagging.parameters(today)
    )
    return [_group(row, at_stake) for row in rows]


def movers(
    connection: Connection,
    book: Rulebook,
    found: inputs.Inputs,
    today: Day,
    *,
    owners: Collection[int] | None = None,
    limit: int | None = None,
) -> Iterator[Move]:
    """The accounts that move, changes of tier first, then by owner and name.

    `owners` narrows to the accounts of these; they come some at a time, `limit` at most.
    """
    fresh = _fresh(connection, book, found, today)
    compared = _compared(fresh)
    is_large = or_(compared["was_in_scope"] != compared["is_in_scope"], _is_other(compared, "tier"))
    query = (
        select(
            *(sql.label(name) for name, sql in compared.items()),
            account.c.id, account.c.external_id, account.c.name, owner.c.name.label("owner"),
            tag.c.why.label("why_before"), fresh.c.why.label("why_after"),
        )
        .select_from(
            fresh.join(account, account.c.id == fresh.c.account_id)
            .outerjoin(tag, tag.c.account_id == fresh.c.account_id)
            .outerjoin(owner, owner.c.id == account.c.owner_id)
        )
        .where(or_(is_large, _is_other(compared, "priority")))
        .order_by(case((is_large, 0), else_=1), owner.c.name, account.c.name, account.c.id)
        .limit(limit)
    )  # fmt: skip
    if owners is not None:
        query = query.where(account.c.owner_id.in_(owners))
    rows = connection.execute(
        query, book.tagging.parameters(today), execution_options={"yield_per": _CHUNK}
    )
    return (_move(row) for row in rows)


def owners(connection: Connection) -> list[OwnerFound]:
    """Every owner of every CRM."""
    rows = connection.execute(select(owner.c.id, owner.c.name, owner.c.email).order_by(owner.c.id))
    return [OwnerFound(id=row.id, name=row.name, email=row.email) for row in rows]


def has_potential(book: Rulebook) -> bool:
    """Whether a playbook binds a money field by this name."""
    entry = book.fields.account.get(POTENTIAL)
    return entry is not None and entry.type is FieldType.MONEY


def _fresh(connection: Connection, book: Rulebook, found: inputs.Inputs, today: Day) -> FromClause:
    """The tags that the rules would give to every live account."""
    # Decisions on the accounts of those who have left by this playbook end with the next cycle.
    ended = {key: each.end for key, each in book.team.reps.items() if each.end is not None}
    left = {key: day for key, day in ended.items() if day <= today}
    ending = [each.id for each in overrides.of_departed(connection, today, left)] if left else []
    relation = with_circumstances(
        connection, inputs.relation(book, found), book.tagging, today,
        is_new=found.has_new_rules, ending=ending,
    )  # fmt: skip
    selected: Select[Any] = book.tagging.select(relation)
    return selected.offset(0).cte("fresh")


def _compared(fresh: FromClause) -> dict[str, ColumnElement[Any]]:
    """The values before, of `tag`, and after; an account without a tag was not in the scope."""
    return {
        "connection_id": account.c.connection_id,
        "owner_id": account.c.owner_id,
        "was_in_scope": func.coalesce(tag.c.is_in_scope, literal(value=False)),
        "is_in_scope": fresh.c.is_in_scope,
        "tier_before": tag.c.tier,
        "tier_after": fresh.c.tier,
        "priority_before": tag.c.priority,
        "priority_after": fresh.c.priority,
    }


def _is_other(compared: Mapping[str, ColumnElement[Any]], name: str) -> ColumnElement[bool]:
    return compared[f"{name}_before"].is_distinct_from(compared[f"{name}_after"])


def _differs(fresh: FromClause) -> ColumnElement[bool]:
    return or_(*(tag.c[name].is_distinct_from(fresh.c[name]) for name in OWED_COLUMNS))


def _totals(outlook: FromClause, field: Owned) -> list[ColumnElement[int]]:
    column = {
        name: outlook.c[f"{name}_{field.value}"]
        for name in ("state", "waiting", "let_go", "holds", "changes", "clears")
    }
    is_owed = column["state"] == Debt.OWED.value
    is_held = column["state"] == Debt.HELD.value
    is_free = and_(is_owed, column["let_go"].is_(False))
    wanted = {
        "owed": is_owed,
        "waiting": column["waiting"],
        "changed": and_(is_free, column["changes"]),
        "cleared": and_(is_free, column["clears"]),
        "held_changed": and_(is_held, column["changes"]),
        "held_cleared": and_(is_held, column["clears"]),
        "holders": column["holds"],
    }
    return [counted(sql).label(f"{name}_{field.value}") for name, sql in wanted.items()]


def _group(row: Row[Any], at_stake: Sequence[Owned]) -> Group:
    keys = {name: getattr(row, name) for name in _KEYS}
    keys |= {name: bool(keys[name]) for name in ("was_in_scope", "is_in_scope")}
    return Group(
        **keys, accounts=row.accounts, potential=row.worth, changed=row.changed, owed=row.owed,
        fields={
            field: Tally(
                **{name: getattr(row, f"{name}_{field.value}") for name in Tally.__slots__}
            )
            for field in at_stake
        },
    )  # fmt: skip


def _move(row: Any) -> Move:  # noqa: ANN401 - a row of the query above
    return Move(
        account_id=row.id, external_id=row.external_id, account=row.name or row.external_id,
        owner_id=row.owner_id, owner=row.owner, was_in_scope=bool(row.was_in_scope),
        is_in_scope=bool(row.is_in_scope), tier_before=row.tier_before, tier_after=row.tier_after,
        priority_before=row.priority_before, priority_after=row.priority_after,
        why_before=row.why_before, why_after=row.why_after,
    )  # fmt: skip
