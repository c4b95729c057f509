"""What is to be recognised, as statements over relations; nothing here runs one."""

from typing import Any

from sqlalchemy import Select, func, select

from rules.alert.queries import Relations, deals, is_main
from rules.records import StageKind
from rules.time import Day

_Found = Select[Any]


def wins(relations: Relations, first: Day, last: Day) -> _Found:
    """The deals won between two days, with their account and its win before, where there is one."""
    opportunity, owner = relations.opportunity.c, relations.owner.c
    account, tag, link = relations.account.c, relations.tag.c, relations.link.c
    every = (
        deals(relations)
        .join(relations.link, is_main(relations))
        .join(relations.account, account.id == link.to_id)
        .outerjoin(relations.tag, tag.account_id == account.id)
        .add_columns(
            owner.rep_key, opportunity.id.label("deal_id"), opportunity.name.label("deal"),
            opportunity.closes_on.label("day"), account.id.label("account_id"),
            account.name.label("account"), tag.tier, tag.segment,
            func.lag(opportunity.closes_on)
            .over(partition_by=account.id, order_by=(opportunity.closes_on, opportunity.id))
            .label("before"),
        )
        .where(relations.stage.c.kind == StageKind.WON.value, opportunity.closes_on <= last)
        .subquery("every_win")
    )  # fmt: skip
    return (
        select(every)
        .where(every.c.day >= first, every.c.rep_key.is_not(None))
        .order_by(every.c.day, every.c.deal_id)
    )


def risen(
    relations: Relations, from_tier: str, to_tier: str, *, since: int, until: int, year: int
) -> _Found:
    """The accounts that came to a tier between two instants, and had another in the year before.

    `year` is a year in milliseconds.
    """
    owner, account, tag = relations.owner.c, relations.account.c, relations.tag.c
    now, before = relations.tag_history.alias("now"), relations.tag_history.alias("before")
    was = (
        select(before.c.account_id)
        .where(
            before.c.account_id == now.c.account_id,
            before.c.tier == from_tier,
            before.c.valid_from_at < now.c.valid_from_at,
            before.c.valid_from_at >= now.c.valid_from_at - year,
        )
        .exists()
    )
    return (
        select(
            owner.rep_key, account.id.label("account_id"), account.name.label("account"), tag.tier
        )
        .select_from(now)
        .join(relations.account, account.id == now.c.account_id)
        .join(relations.owner, owner.id == account.owner_id)
        .join(relations.tag, tag.account_id == account.id)
        .where(
            now.c.tier == to_tier, tag.tier == to_tier, account.archived_at.is_(None),
            now.c.valid_from_at >= since, now.c.valid_from_at < until,
            owner.rep_key.is_not(None), was,
        )
        .distinct()
        .order_by(account.id)
    )  # fmt: skip


def referred(relations: Relations, slot: str, value: str, first: Day, last: Day) -> _Found:
    """(rep_key, count): the opportunities created between two days whose slot holds a value."""
    opportunity, owner = relations.opportunity.c, relations.owner.c
    return (
        select(owner.rep_key, func.count().label("number"))
        .select_from(relations.opportunity)
        .join(relations.owner, opportunity.owner_id == owner.id)
        .where(
            owner.rep_key.is_not(None),
            opportunity.archived_at.is_(None),
            opportunity.created_on.between(first, last),
            opportunity[slot] == value,
        )
        .group_by(owner.rep_key)
    )
