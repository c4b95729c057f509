"""What the store knows of the numbers that a plan supposes, for each rep.

Of the opportunities closed in the last year: how many of them were won, for how much, after how
many days. Of the accounts in scope: how many are customers, and how many there are in each tier. A
constant number of statements, whatever the number of reps; cycles come as how many won deals took
how many days.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Float, Select, and_, case, cast, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from rules.records import Relation, StageKind
from rules.time import Day
from service.store.tables import account, link, opportunity, owner, stage, tag

Transaction = Connection
TRAILING = 365
"""Days of history that count."""
CUSTOMER = 730
"""Days for which a won opportunity makes an account a customer."""


@dataclass(slots=True, kw_only=True)
class Rates:
    """Counts and sums of a rep; several reps' add up.

    `amount` and `squares` are the sums over `priced` won deals, in minor units of the team's
    currency and in their squares. `days` are won deals by the days that they took; `tiers` and
    `accounts` are in scope, `customers` those with a recent sale.
    """

    won: int = 0
    lost: int = 0
    priced: int = 0
    amount: float = 0.0
    squares: float = 0.0
    days: Counter[int] = field(default_factory=Counter)
    accounts: int = 0
    customers: int = 0
    tiers: Counter[str | None] = field(default_factory=Counter)

    def add(self, other: "Rates") -> None:
        """Add what another rep has."""
        self.won += other.won
        self.lost += other.lost
        self.priced += other.priced
        self.amount += other.amount
        self.squares += other.squares
        self.days += other.days
        self.accounts += other.accounts
        self.customers += other.customers
        self.tiers += other.tiers


def is_there(url: str) -> bool:
    """Whether the workspace at a URL may exist: of SQLite, whether its file does.

    What is no URL is left to `engine.open_store`, which says so.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return True
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return True
    return Path(parsed.database).expanduser().is_file()


def by_rep(connection: Transaction, as_of: Day) -> Mapping[str, Rates]:
    """What is known of each rep, as of a day included; a rep without records is not there."""
    found: dict[str, Rates] = {}
    for row in connection.execute(_closed(as_of)):
        rates = found.setdefault(row.rep_key, Rates())
        rates.won, rates.lost, rates.priced = row.won, row.lost, row.priced
        rates.amount, rates.squares = row.amount or 0.0, row.squares or 0.0
    for key, days, number in connection.execute(_cycles(as_of)):
        found.setdefault(key, Rates()).days[days] += number
    for key, tier, number, customers in connection.execute(_accounts(as_of)):
        rates = found.setdefault(key, Rates())
        rates.accounts += number
        rates.customers += customers
        rates.tiers[tier] += number
    return found


def _closed(as_of: Day) -> Select[str, int, int, int, float | None, float | None]:
    is_won = stage.c.kind == StageKind.WON
    amount = cast(case((is_won, opportunity.c.team_amount)), Float)
    return (
        select(
            owner.c.rep_key,
            func.count(case((is_won, 1))).label("won"),
            func.count(case((~is_won, 1))).label("lost"),
            func.count(amount).label("priced"),
            func.sum(amount).label("amount"),
            func.sum(amount * amount).label("squares"),
        )
        .select_from(opportunity.join(owner, opportunity.c.owner_id == owner.c.id))
        .join(stage, opportunity.c.stage_id == stage.c.id)
        .where(
            _counts(as_of), stage.c.kind.in_([StageKind.WON, StageKind.LOST]),
            owner.c.rep_key.is_not(None),
        )
        .group_by(owner.c.rep_key)
    )  # fmt: skip


def _cycles(as_of: Day) -> Select[str, int, int]:
    days = opportunity.c.closes_on - opportunity.c.created_on
    return (
        select(owner.c.rep_key, days.label("days"), func.count().label("number"))
        .select_from(opportunity.join(owner, opportunity.c.owner_id == owner.c.id))
        .join(stage, opportunity.c.stage_id == stage.c.id)
        .where(
            _counts(as_of), stage.c.kind == StageKind.WON, days >= 0,
            owner.c.rep_key.is_not(None),
        )
        .group_by(owner.c.rep_key, days)
    )  # fmt: skip


def _counts(as_of: Day) -> ColumnElement[bool]:
    return and_(
        opportunity.c.archived_at.is_(None),
        opportunity.c.closes_on > as_of - TRAILING,
        opportunity.c.closes_on <= as_of,
    )


def _accounts(as_of: Day) -> Select[str, str | None, int, int]:
    sold = (
        select(link.c.to_id.label("account_id"))
        .select_from(link.join(opportunity, opportunity.c.id == link.c.from_id))
        .join(stage, opportunity.c.stage_id == stage.c.id)
        .where(
            link.c.relation == Relation.OPPORTUNITY_ACCOUNT,
            link.c.is_primary,
            stage.c.kind == StageKind.WON,
            opportunity.c.archived_at.is_(None),
            opportunity.c.closes_on > as_of - CUSTOMER,
            opportunity.c.closes_on <= as_of,
        )
        .distinct()
    ).subquery()
    return (
        select(
            owner.c.rep_key, tag.c.tier, func.count().label("number"),
            func.count(sold.c.account_id).label("customers"),
        )
        .select_from(account.join(owner, account.c.owner_id == owner.c.id))
        .join(tag, tag.c.account_id == account.c.id)
        .outerjoin(sold, sold.c.account_id == account.c.id)
        .where(account.c.archived_at.is_(None), tag.c.is_in_scope, owner.c.rep_key.is_not(None))
        .group_by(owner.c.rep_key, tag.c.tier)
    )  # fmt: skip
