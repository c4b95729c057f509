"""Where a rep may start from, and for whom a task can be: accounts and active users of the CRMs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, literal, select

from rules.records import Relation, StageKind
from service.store.engine import Transaction
from service.store.tables import account, link, opportunity, owner, stage, tag


@dataclass(frozen=True, slots=True, kw_only=True)
class StartingAccount:
    """An account of a rep; `is_candidate`: of a wanted tier and without an open opportunity."""

    id: int
    owner_id: int
    name: str
    tier: str | None
    is_candidate: bool


def linked_reps(connection: Transaction) -> frozenset[str]:
    """The reps for whom the CRMs have a user, active or not: of others nothing is known."""
    keys = connection.scalars(select(owner.c.rep_key).where(owner.c.rep_key.is_not(None)))
    return frozenset(key for key in keys if key)


def active_users(connection: Transaction) -> Mapping[tuple[str, int], int]:
    """(rep key, CRM connection) → the first active user of that rep there."""
    rows = connection.execute(
        select(owner.c.rep_key, owner.c.connection_id, func.min(owner.c.id).label("id"))
        .where(owner.c.rep_key.is_not(None), owner.c.is_active.is_(True))
        .group_by(owner.c.rep_key, owner.c.connection_id)
    )
    return {(row.rep_key, row.connection_id): row.id for row in rows}


def starting_accounts(
    connection: Transaction, reps: Sequence[str], tiers: Sequence[str], count: int
) -> Mapping[str, Sequence[StartingAccount]]:
    """Rep key → the first accounts in scope of active CRM users, at most `count`.

    Candidates come before the others: they are of one of the tiers, in that order, and have no
    open opportunity. Then the next contact due decides, and the name.
    """
    rank = _rank(tiers)
    position = func.row_number().over(
        partition_by=owner.c.rep_key,
        order_by=(
            rank,
            case((tag.c.next_contact_on.is_(None), 1), else_=0),
            tag.c.next_contact_on,
            account.c.name,
            account.c.id,
        ),
    )
    ranked = (
        select(
            owner.c.rep_key,
            account.c.id,
            account.c.owner_id,
            account.c.name,
            tag.c.tier,
            rank.label("rank"),
            position.label("position"),
        )
        .join(owner, account.c.owner_id == owner.c.id)
        .join(tag, tag.c.account_id == account.c.id)
        .where(
            owner.c.rep_key.in_(reps),
            owner.c.is_active.is_(True),
            account.c.archived_at.is_(None),
            tag.c.is_in_scope.is_(True),
        )
        .subquery()
    )
    found: dict[str, list[StartingAccount]] = {}
    first = select(ranked).where(ranked.c.position <= count)
    for row in connection.execute(first.order_by(ranked.c.rep_key, ranked.c.position)):
        found.setdefault(row.rep_key, []).append(
            StartingAccount(
                id=row.id,
                owner_id=row.owner_id,
                name=row.name or str(row.id),
                tier=row.tier,
                is_candidate=row.rank < len(tiers),
            )
        )
    return found


def _rank(tiers: Sequence[str]) -> ColumnElement[int]:
    """The place of an account's tier among those wanted; past the end when it is no candidate."""
    # Not correlated: read once, whatever the number of accounts.
    is_open = account.c.id.in_(
        select(link.c.to_id)
        .join(opportunity, opportunity.c.id == link.c.from_id)
        .join(stage, stage.c.id == opportunity.c.stage_id)
        .where(
            link.c.relation == Relation.OPPORTUNITY_ACCOUNT,
            opportunity.c.archived_at.is_(None),
            stage.c.kind == StageKind.OPEN,
        )
    )
    places = [(and_(tag.c.tier == tier, ~is_open), place) for place, tier in enumerate(tiers)]
    return case(*places, else_=len(tiers)) if places else literal(0)
