"""The circumstances of accounts (`rules.circumstances`), joined to the facts relation.

Only those that a playbook needs are looked up, and nothing is where nobody decided or objected.
With caps, accounts can only be settled together with all others of their rep.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Select, Text, and_, case, cast, func, literal, or_, select
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import FromClause

from rules.circumstances import GRACE, NOTICE
from rules.earliest import first_later
from rules.owned import Owned
from rules.settling import SettledBy
from rules.tagging import Tagging
from rules.terms import TODAY
from rules.time import Day
from service.store.challenges import OPEN, REFUSED, TOLD
from service.store.overrides import in_force
from service.store.tables import account, challenge, override, owner, rep, tag

Column = ColumnElement[Any]
_OWNER = "owner:"
_OWNER_KEY = re.compile(rf"{_OWNER}(\d+)")


def rep_of(owner_id: Column) -> Column:
    """The rep of an account: the key in the team, else the id of the owner; joined to `owner`."""
    key: Column = func.coalesce(owner.c.rep_key, literal(_OWNER).concat(cast(owner_id, Text)))
    return key


_REP = rep_of(account.c.owner_id)


def with_circumstances(
    connection: Connection,
    facts: FromClause,
    tagging: Tagging,
    today: Day,
    *,
    is_new: bool = False,
    ending: Collection[int] = (),
) -> FromClause:
    """A facts relation with the circumstances of its accounts, as `Tagging.select` reads them.

    `is_new` says that the rules differ from those that gave the tags: no tier is kept then.
    `ending` are decisions, by id, that are told as over.
    """
    budget = tagging.segments.budget
    source = facts
    columns: dict[str, Column] = {}
    if tagging.has_caps or budget.has_memory:
        source = source.outerjoin(tag, tag.c.account_id == facts.c.account_id)
    if tagging.has_caps:
        source = source.join(account, account.c.id == facts.c.account_id)
        source = source.outerjoin(owner, owner.c.id == account.c.owner_id)
        left = rep.alias("left_rep")
        source = source.outerjoin(left, and_(left.c.key == tag.c.rep, left.c.end_on <= today))
        columns |= {"rep": _REP, "received_on": _received_on(left)}
    if budget.has_memory and not is_new:
        # A decision that has ended leaves nothing to keep.
        is_of_rule = tag.c.settled_by.is_distinct_from(SettledBy.IMPOSED.value)
        columns["tier_before"] = case((is_of_rule, tag.c.tier))
        columns["lower_since_on"] = tag.c.lower_since_on
    if _any(connection, select(override.c.id).where(override.c.ended_on.is_(None))):
        source, decided = _with_overrides(source, facts, today, ending)
        columns |= decided
    if _any(connection, select(challenge.c.id).where(_is_told(today))):
        source, objected = _with_challenges(source, facts, today)
        columns |= objected
    if not columns:
        return facts
    labelled = [sql.label(name) for name, sql in columns.items()]
    return select(*facts.c, *labelled).select_from(source).subquery("circumstances")


def _any(connection: Connection, query: Select[Any]) -> bool:
    return connection.execute(query.limit(1)).first() is not None


def _received_on(left: FromClause) -> Column:
    """Since when the account is with its rep, where it came from one who has left, for some days.

    `left` is the rep of before, where that one has left.
    """
    has_moved = and_(_REP.is_not(None), tag.c.rep != _REP)
    is_recent = and_(tag.c.rep == _REP, tag.c.received_on + GRACE > TODAY)
    return case((and_(has_moved, left.c.key.is_not(None)), TODAY), (is_recent, tag.c.received_on))


def _with_overrides(
    source: FromClause, facts: FromClause, today: Day, ending: Collection[int]
) -> tuple[FromClause, Mapping[str, Column]]:
    """The latest decisions in force about the tier and about the priority."""

    def latest(field: Owned) -> Column:
        is_meant = and_(override.c.field == field.value, in_force(today))
        return func.max(case((is_meant, override.c.id)))

    ends = override.c.until_on + 1
    chosen = (
        select(
            override.c.account_id,
            latest(Owned.TIER).label("tier_id"),
            latest(Owned.PRIORITY).label("priority_id"),
            func.min(first_later([override.c.from_on, ends])).label("flip_on"),
        )
        .where(override.c.ended_on.is_(None), override.c.id.not_in(ending))
        .group_by(override.c.account_id)
        .subquery("decided")
    )
    tier, priority = override.alias("of_tier"), override.alias("of_priority")
    source = source.outerjoin(chosen, chosen.c.account_id == facts.c.account_id)
    source = source.outerjoin(tier, tier.c.id == chosen.c.tier_id)
    source = source.outerjoin(priority, priority.c.id == chosen.c.priority_id)

    def told(name: str) -> Column:
        return case((tier.c.id.is_not(None), tier.c[name]), else_=priority.c[name])

    return source, {
        "imposed_tier": tier.c.value, "imposed_priority": priority.c.value,
        "imposed_by": told("author"), "imposed_reason": told("reason"),
        "imposed_until_on": told("until_on"), "imposed_flip_on": chosen.c.flip_on,
    }  # fmt: skip


def _is_told(today: Day) -> Column:
    """Whether a challenge is told in the reason of the tier."""
    is_fresh = challenge.c.answered_on > today - NOTICE
    is_heard = or_(challenge.c.state == OPEN, and_(challenge.c.state == REFUSED, is_fresh))
    return and_(challenge.c.field.in_(TOLD), is_heard)


def _with_challenges(
    source: FromClause, facts: FromClause, today: Day
) -> tuple[FromClause, Mapping[str, Column]]:
    """The day of the first open challenge, and the latest that was refused."""
    told = (
        select(
            challenge.c.account_id,
            func.min(case((challenge.c.state == OPEN, challenge.c.received_on))).label("open_on"),
            func.max(case((challenge.c.state == REFUSED, challenge.c.id))).label("refused_id"),
        )
        .where(_is_told(today))
        .group_by(challenge.c.account_id)
        .subquery("objected")
    )
    refused = challenge.alias("refused")
    source = source.outerjoin(told, told.c.account_id == facts.c.account_id)
    source = source.outerjoin(refused, refused.c.id == told.c.refused_id)
    return source, {
        "challenged_on": told.c.open_on, "refused_on": refused.c.answered_on,
        "refused_reason": refused.c.answer,
    }  # fmt: skip


def beside(connection: Connection, accounts: Select[Any]) -> Select[Any]:
    """Some accounts, with all those of the reps who hold them now, or did when they were tagged."""
    now = (
        select(_REP)
        .select_from(account.outerjoin(owner, owner.c.id == account.c.owner_id))
        .where(account.c.id.in_(accounts))
    )
    before = select(tag.c.rep).where(tag.c.account_id.in_(accounts))
    touched = {key for key in connection.scalars(now.union(before)) if key is not None}
    is_of_rep = account.c.owner_id.in_(_owners_of(connection, touched))
    return select(account.c.id).where(
        or_(is_of_rep, account.c.id.in_(accounts)), account.c.archived_at.is_(None)
    )


def _owners_of(connection: Connection, reps: Collection[str]) -> list[int]:
    """The owners who are one of these reps; some have no row yet."""
    found = {int(match[1]) for key in reps if (match := _OWNER_KEY.fullmatch(key))}
    rows = connection.execute(select(owner.c.id, owner.c.rep_key))
    return sorted(found | {row.id for row in rows if row.rep_key in reps})
