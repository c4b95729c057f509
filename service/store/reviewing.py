"""What a review reads: tiers that moved, opportunities by segment, the reviews that took place."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Float, case, cast, func, or_, select, update

from rules.alert.lines import Answer
from rules.calendar import Period
from rules.kpi.names import Cut
from rules.kpi.queries import Relations, deals
from rules.rulebook import Rulebook
from rules.time import Day, Instant, date_of, start_of
from service.store import ledger
from service.store.account_values import Wanted, account_values
from service.store.alerts import REVIEWED
from service.store.bindings import load_slots
from service.store.engine import Transaction
from service.store.tables import (
    account,
    activity,
    alert,
    history,
    link,
    opportunity,
    owner,
    stage,
    tag,
    tag_history,
)
from service.store.tables import (
    ledger as ledger_table,
)

RULE = "territory_review"
"""The rule of the alerts whose task is the review of a plan; its episodes count the reviews due."""


class TierMove(NamedTuple):
    """An account of which the tier is another one than at the beginning; None: it had none."""

    account_id: int
    name: str
    before: str | None
    after: str | None


def tier_moves(connection: Transaction, book: Rulebook, rep: str, since: Day) -> list[TierMove]:
    """The accounts of a rep whose tier differs from that of the beginning of a day, by name.

    Of an account that had none then because it was not there, nothing is told.
    """
    start = start_of(since, book.team.zone)
    latest = (
        select(tag_history.c.account_id, func.max(tag_history.c.valid_from_at).label("at"))
        .where(tag_history.c.valid_from_at < start)
        .group_by(tag_history.c.account_id)
        .subquery()
    )
    then = (
        select(tag_history.c.account_id, tag_history.c.tier)
        .join(
            latest,
            (latest.c.account_id == tag_history.c.account_id)
            & (latest.c.at == tag_history.c.valid_from_at),
        )
        .subquery()
    )
    rows = connection.execute(
        select(account.c.id, func.coalesce(account.c.name, ""), then.c.tier, tag.c.tier)
        .join(owner, owner.c.id == account.c.owner_id)
        .join(tag, tag.c.account_id == account.c.id)
        .join(then, then.c.account_id == account.c.id)
        .where(
            owner.c.rep_key == rep,
            account.c.archived_at.is_(None),
            then.c.tier.is_distinct_from(tag.c.tier),
        )
        .order_by(account.c.name, account.c.id)
    )
    return [TierMove(*row) for row in rows]


def opened_by_segment(
    connection: Transaction, book: Rulebook, rep: str, before: Period, since: Period
) -> Mapping[str, tuple[int, int]]:
    """Segment → how many opportunities were opened in each of two windows; empty without a cut."""
    segment, kpi = book.kpis.cuts.segment, book.kpis.opportunities_opened
    if segment is None:
        return {}
    minimum = kpi.minimum if kpi else 0
    accounts = account_values(book, load_slots(connection), Wanted(segment=segment))
    relations = Relations(
        owner=owner, opportunity=opportunity, stage=stage, activity=activity, link=link,
        history=history, tag_history=tag_history, accounts=accounts,
    )  # fmt: skip
    deal = deals(relations, {}, [Cut.SEGMENT]).subquery("deal").c
    member = deal[Cut.SEGMENT.value]
    counts = [
        func.count(case((deal.created_on.between(each.first, each.last), 1)))
        for each in (before, since)
    ]
    rows = connection.execute(
        select(member, *counts)
        .where(
            deal.rep_key == rep,
            deal.created_on.between(before.first, since.last),
            or_(deal.amount >= minimum, deal.team_peak_amount >= minimum),
        )
        .group_by(member),
        {"today": since.last},
    )
    return {name: (earlier, later) for name, earlier, later in rows}


class OpenByTier(NamedTuple):
    """The open opportunities of a rep with the accounts of a tier (None: without one)."""

    tier: str | None
    deals: int
    amount: int


def open_by_tier(connection: Transaction, rep: str) -> list[OpenByTier]:
    """Where the open opportunities are, the greatest sum first; an account's main ones."""
    deal = opportunity.c
    rows = connection.execute(
        select(
            tag.c.tier,
            func.count(),
            func.coalesce(func.sum(cast(deal.team_amount, Float)), 0.0).label("amount"),
        )
        .select_from(
            opportunity.join(owner, deal.owner_id == owner.c.id)
            .join(stage, deal.stage_id == stage.c.id)
            .outerjoin(
                link,
                (link.c.from_id == deal.id)
                & (link.c.relation == "opportunity_account")
                & link.c.is_primary.is_(True),
            )
            .outerjoin(tag, tag.c.account_id == link.c.to_id)
        )
        .where(owner.c.rep_key == rep, deal.archived_at.is_(None), stage.c.kind == "open")
        .group_by(tag.c.tier)
    )
    found = [OpenByTier(tier, count, round(amount)) for tier, count, amount in rows]
    return sorted(found, key=lambda each: (-each.amount, each.tier or ""))


def enter_review(connection: Transaction, rep: str, *, on: Day, at: Instant, run_id: int) -> bool:
    """Enter that a plan was reviewed on a day; False where that day's review is entered already."""
    return ledger.enter(
        connection, REVIEWED, scope=rep, period=date_of(on).isoformat(), run_id=run_id, now=at
    )


def first_look(connection: Transaction, job: str) -> Instant | None:
    """When a weekly job was done for the first time; None when it never was."""
    found: Instant | None = connection.scalar(
        select(func.min(ledger_table.c.done_at)).where(ledger_table.c.job == job)
    )
    return found


class DoneReview(NamedTuple):
    """A review whose task somebody completed in the CRM, as seen on a day."""

    key: str
    rep: str
    on: Day


def completed(connection: Transaction) -> Sequence[DoneReview]:
    """The reviews whose task was completed in a CRM, and that are not entered yet."""
    rows = connection.execute(
        select(alert.c.key, alert.c.subject, alert.c.answered_on)
        .where(
            alert.c.rule == RULE,
            alert.c.state == "open",
            alert.c.answer == Answer.DONE.value,
            alert.c.answered_on.is_not(None),
        )
        .order_by(alert.c.key)
    )
    return [DoneReview(*row) for row in rows]


def end_episodes(connection: Transaction, rep: str, on: Day) -> None:
    """End the open review of a rep: its task, where there is one, is then completed by the push."""
    connection.execute(
        update(alert)
        .where(alert.c.rule == RULE, alert.c.subject == rep, alert.c.state == "open")
        .values(state="recovered", recovered_on=on, updated_on=on)
    )
