"""The facts relation: one row for each live account, a typed column for each fact that rules use.

Custom fields come from the slots of `account`; measures over opportunities, activities and
contacts are grouped once and joined, only those that the rules read. With a worklist, the groups
are computed for its accounts only, so that the cost follows what changed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Float, Select, case, cast, func, select
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import FromClause, Subquery

from rules.facts import FLIPPING, NEXT_LOGGED_CONTACT
from rules.records import ContactRole, Relation, StageKind
from rules.terms import TODAY
from service.store.tables import account, activity, contact, link, opportunity, owner, stage

Column = ColumnElement[Any]


def facts_relation(
    names: Sequence[str], slots: Mapping[str, str], worklist: Select[Any] | None = None
) -> FromClause:
    """The relation with `account_id` and a column for each of `names`.

    Args:
        names: the facts that rules read; a fact that the clock moves brings its flip column.
        slots: bound field → its column of `account`.
        worklist: a select of account ids to restrict the relation to; None for all.
    """
    wanted = [*names, *(FLIPPING[name] for name in names if name in FLIPPING)]
    groups = {
        group.name: group
        for group in (make(worklist) for make in _GROUPS)
        if any(name in group.c for name in wanted)
    }
    columns: list[Column] = [account.c.id.label("account_id")]
    source: FromClause = account
    for group in groups.values():
        source = source.outerjoin(group, group.c.account_id == account.c.id)
    if "owner" in wanted:
        source = source.outerjoin(owner, owner.c.id == account.c.owner_id)
    columns += [_column(name, slots, groups).label(name) for name in wanted]
    query = select(*columns).select_from(source).where(account.c.archived_at.is_(None))
    if worklist is not None:
        query = query.where(account.c.id.in_(worklist))
    return query.subquery("facts")


def _column(name: str, slots: Mapping[str, str], groups: Mapping[str, Subquery]) -> Column:
    own: dict[str, Column] = {
        "name": account.c.name,
        "domain": account.c.domain,
        "created": account.c.created_on,
        "owner": owner.c.name,
    }
    if name in own:
        return own[name]
    for group in groups.values():
        if name in group.c:
            value: Column = group.c[name]
            return func.coalesce(value, 0) if name in _COUNTS else value
    return account.c[slots[name]]


_COUNTS = ("open_opportunities", "open_amount", "decision_makers", "influencers")


def _linked(
    relation: Relation,
    record: FromClause,
    worklist: Select[Any] | None,
    source: FromClause,
    **measures: Column,
) -> Select[Any]:
    """Measures over the live records that `source` links to each account."""
    columns = [sql.label(name) for name, sql in measures.items()]
    query = (
        select(link.c.to_id.label("account_id"), *columns)
        .select_from(source)
        .where(link.c.relation == relation.value, record.c.archived_at.is_(None))
        .group_by(link.c.to_id)
    )
    return query if worklist is None else query.where(link.c.to_id.in_(worklist))


def _contacts_logged(worklist: Select[Any] | None) -> Subquery:
    """The last day of contact up to today, and the first planned one after it."""
    day = activity.c.happened_on
    return (
        _linked(
            Relation.ACTIVITY_ACCOUNT,
            activity,
            worklist,
            link.join(activity, activity.c.id == link.c.from_id),
            last_logged_contact=func.max(case((day <= TODAY, day))),
            **{NEXT_LOGGED_CONTACT: func.min(case((day > TODAY, day)))},
        )
        .where(activity.c.is_contact.is_(True))
        .subquery("contacts_logged")
    )


def _opportunities(worklist: Select[Any] | None) -> Subquery:
    """Won and open opportunities of which the account is the primary one."""
    is_open = stage.c.kind == StageKind.OPEN.value
    return (
        _linked(
            Relation.OPPORTUNITY_ACCOUNT,
            opportunity,
            worklist,
            link.join(opportunity, opportunity.c.id == link.c.from_id).join(
                stage, stage.c.id == opportunity.c.stage_id
            ),
            last_won=func.max(case((stage.c.kind == StageKind.WON.value, opportunity.c.closes_on))),
            open_opportunities=func.count(case((is_open, 1))),
            # As floating point: SQLite fails on a sum of integers that is over 64 bits.
            open_amount=func.sum(case((is_open, cast(opportunity.c.team_amount, Float)))),
        )
        .where(link.c.is_primary.is_(True))
        .subquery("sales")
    )


def _people(worklist: Select[Any] | None) -> Subquery:
    """How many contacts of each role."""

    def count(role: ContactRole) -> Column:
        return func.count(case((contact.c.role == role.value, 1)))

    return _linked(
        Relation.CONTACT_ACCOUNT,
        contact,
        worklist,
        link.join(contact, contact.c.id == link.c.from_id),
        decision_makers=count(ContactRole.DECISION_MAKER),
        influencers=count(ContactRole.INFLUENCER),
    ).subquery("people")


_GROUPS: Sequence[Callable[[Select[Any] | None], Subquery]] = (
    _contacts_logged,
    _opportunities,
    _people,
)
