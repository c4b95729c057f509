"""The statements behind facts: one for each kind, whatever the number of reps and of accounts.

Each is a SQLAlchemy Core value over relations that the caller passes in; nothing here runs it. The
day of the look is the bound parameter `today`. A statement gives, for each rep, at most `KEPT`
records, the gravest first, with how many there are in all (`FACT_COLUMNS`). Counts by day are in
`rules.alert.tallies`, what is to be recognised in `rules.alert.events`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    func,
    literal,
    or_,
    select,
)

from rules.records import Relation, StageKind
from rules.terms import TODAY, Term

KEPT = 200
TAG_NAMES = ("tier", "priority", "segment", "quadrant")
"""The tags that a condition may name."""
NEVER = 9_999
"""Days of silence of an account that was never contacted, created nobody knows when."""
FACT_COLUMNS = (
    "rep_key", "account_id", "account", "tier", "connection_id", "owner_id", "deal_id", "deal",
    "weight", "total", "limit",
)  # fmt: skip
_Sql = ColumnElement[Any]
_Found = Select[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """The relations that alerts read, with the columns of the store."""

    owner: FromClause
    opportunity: FromClause
    stage: FromClause
    account: FromClause
    activity: FromClause
    link: FromClause
    tag: FromClause
    tag_history: FromClause


def holding(relations: Relations, facts: FromClause, term: Term) -> _Found:
    """The ids of the live accounts for which a condition holds over their facts and tags."""
    tag = relations.tag.c
    tags = [tag[name] for name in TAG_NAMES if name in term.uses]
    known = (
        select(*facts.c, *tags, tag.is_in_scope)
        .select_from(facts)
        .outerjoin(relations.tag, tag.account_id == facts.c.account_id)
        .subquery("known")
    )
    return select(known.c.account_id).where(term.sql)


def silent_accounts(relations: Relations, tiers: Collection[str], days: int) -> _Found:
    """The accounts of some tiers without a logged contact for more than so many days."""
    contacts = _last_contacts(relations)
    since = func.coalesce(contacts.c.last, relations.account.c.created_on)
    weight = func.coalesce(TODAY - since, NEVER)
    found = _accounts(relations, weight).outerjoin(
        contacts, contacts.c.account_id == relations.account.c.id
    )
    return _kept(
        found.where(
            relations.owner.c.rep_key.is_not(None),
            relations.tag.c.is_in_scope.is_(True),
            relations.tag.c.tier.in_(tiers),
            weight > days,
        )
    )


def orphaned_accounts(
    relations: Relations, tiers: Collection[str], departed: Collection[str]
) -> _Found:
    """The accounts of some tiers whose owner has left the team, or is inactive in the CRM."""
    owner = relations.owner.c
    found = _accounts(relations, literal(0))
    return _kept(
        found.where(
            relations.tag.c.tier.in_(tiers),
            or_(owner.rep_key.in_(departed), owner.is_active.is_(False)),
        )
    )


def ownerless_accounts(relations: Relations) -> _Found:
    """The accounts without an owner, or whose owner is not in the team."""
    return _kept(_accounts(relations, literal(0)).where(relations.owner.c.rep_key.is_(None)))


def accounts_where(relations: Relations, facts: FromClause, term: Term) -> _Found:
    """The accounts in scope for which a condition holds over their facts and their tags."""
    holds = holding(relations, facts, term).subquery("holding")
    found = _accounts(relations, literal(0)).join(
        holds, holds.c.account_id == relations.account.c.id
    )
    return _kept(
        found.where(relations.owner.c.rep_key.is_not(None), relations.tag.c.is_in_scope.is_(True))
    )


def past_close_dates(relations: Relations, days: int) -> _Found:
    """The open deals that were to close so many days ago, or more."""
    late = TODAY - relations.opportunity.c.closes_on
    return _kept(_open_deals(relations, late).where(late >= days))


def old_deals(relations: Relations, percentile: float, least: float) -> _Found:
    """The open deals older than so great a share of the won ones, if there are enough of these.

    The age of a won deal is from its creation to its close date; `limit` is the age in question.
    """
    opportunity, stage = relations.opportunity.c, relations.stage.c
    age = (opportunity.closes_on - opportunity.created_on).label("age")
    ages = (
        deals(relations)
        .add_columns(age)
        .where(stage.kind == StageKind.WON.value, opportunity.created_on.is_not(None), age >= 0)
        .subquery("ages")
    )
    ranked = select(
        ages.c.age,
        func.row_number().over(order_by=ages.c.age).label("rank"),
        func.count().over().label("total"),
    ).subquery("ranked")
    limit = (
        select(func.min(ranked.c.age).label("age"))
        .where(ranked.c.total >= least, ranked.c.rank >= ranked.c.total * percentile)
        .subquery("age_limit")
    )
    open_for = TODAY - opportunity.created_on
    found = _open_deals(relations, open_for, limit.c.age).join(limit, open_for > limit.c.age)
    return _kept(found)


def deals(relations: Relations) -> _Found:
    """The deals that count, each with its owner and its stage; no column yet."""
    opportunity, owner, stage = relations.opportunity, relations.owner, relations.stage
    return (
        select()
        .select_from(opportunity)
        .join(owner, opportunity.c.owner_id == owner.c.id)
        .join(stage, opportunity.c.stage_id == stage.c.id)
        .where(opportunity.c.archived_at.is_(None), owner.c.rep_key.is_not(None))
    )


def is_main(relations: Relations) -> _Sql:
    """Whether a link is to the main account of a deal."""
    link = relations.link.c
    return and_(
        link.from_id == relations.opportunity.c.id,
        link.relation == Relation.OPPORTUNITY_ACCOUNT.value,
        link.is_primary.is_(True),
    )


def _open_deals(relations: Relations, weight: _Sql, limit: _Sql | None = None) -> _Found:
    """The open deals with their main account, where they have one."""
    opportunity, account, tag = relations.opportunity.c, relations.account.c, relations.tag.c
    found = deals(relations).where(relations.stage.c.kind == StageKind.OPEN.value)
    return (
        found.outerjoin(relations.link, is_main(relations))
        .outerjoin(
            relations.account,
            and_(account.id == relations.link.c.to_id, account.archived_at.is_(None)),
        )
        .outerjoin(relations.tag, tag.account_id == account.id)
        .add_columns(
            *_columns(relations),
            opportunity.id.label("deal_id"),
            opportunity.name.label("deal"),
            weight.label("weight"),
            (literal(None, BigInteger) if limit is None else limit).label("limit"),
        )
    )


def _accounts(relations: Relations, weight: _Sql) -> _Found:
    """The live accounts with their owner and their tags, where they have them."""
    account, tag = relations.account, relations.tag
    return (
        select(
            *_columns(relations),
            literal(None, BigInteger).label("deal_id"),
            literal(None, Text).label("deal"),
            weight.label("weight"),
            literal(None, BigInteger).label("limit"),
        )
        .select_from(account)
        .outerjoin(relations.owner, account.c.owner_id == relations.owner.c.id)
        .outerjoin(tag, tag.c.account_id == account.c.id)
        .where(account.c.archived_at.is_(None))
    )


def _columns(relations: Relations) -> Sequence[_Sql]:
    account = relations.account.c
    return (
        relations.owner.c.rep_key, account.id.label("account_id"), account.name.label("account"),
        relations.tag.c.tier, account.connection_id, account.owner_id,
    )  # fmt: skip


def _kept(found: _Found) -> _Found:
    """The first records of each rep, and how many there are; the gravest first, then by name."""
    every = found.subquery("every_one")
    by_rep: Mapping[str, Any] = {"partition_by": every.c.rep_key}
    order = (every.c.weight.desc(), every.c.deal, every.c.account, every.c.deal_id,
             every.c.account_id)  # fmt: skip
    ranked = select(
        every,
        func.count().over(**by_rep).label("total"),
        func.row_number().over(**by_rep, order_by=order).label("position"),
    ).subquery("ranked_records")
    return (
        select(*(ranked.c[name] for name in FACT_COLUMNS))
        .where(ranked.c.position <= KEPT)
        .order_by(ranked.c.rep_key, ranked.c.position)
    )


def _last_contacts(relations: Relations) -> FromClause:
    """The last contact of each account up to today.

    Grouped before it is joined: SQLite, which keeps no statistics here, would otherwise read every
    link again for each account.
    """
    link, activity = relations.link.c, relations.activity.c
    return (
        select(link.to_id.label("account_id"), func.max(activity.happened_on).label("last"))
        .select_from(relations.link.join(relations.activity, activity.id == link.from_id))
        .where(
            link.relation == Relation.ACTIVITY_ACCOUNT.value,
            activity.is_contact.is_(True),
            activity.archived_at.is_(None),
            activity.happened_on <= TODAY,
        )
        .group_by(link.to_id)
        .subquery("contacts")
    )
