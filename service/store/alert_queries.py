"""The facts of alerts: the statements of `rules.alert.queries`, run over the mirror."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import FromClause, Select

from rules.alert import queries
from rules.alert.queries import TAG_NAMES, Relations
from rules.facts import BUILT_IN_MEASURES
from rules.measures import measured
from rules.terms import Name, Term
from rules.time import Day
from service.store.engine import Transaction
from service.store.facts import facts_relation
from service.store.tables import (
    account,
    activity,
    link,
    opportunity,
    owner,
    stage,
    tag,
    tag_history,
)

RELATIONS = Relations(
    owner=owner, opportunity=opportunity, stage=stage, account=account, activity=activity,
    link=link, tag=tag, tag_history=tag_history,
)  # fmt: skip


class Record(NamedTuple):
    """An account or a deal for which a fact holds; `weight` says how much, in days for most.

    `rep` is empty where it belongs to nobody of the team; `total` counts those of the rep.
    """

    rep: str
    account_id: int | None
    account: str | None
    tier: str | None
    connection_id: int | None
    owner_id: int | None
    deal_id: int | None
    deal: str | None
    weight: int
    total: int
    limit: int | None

    @property
    def item(self) -> int:
        """The id of what it is about."""
        return self.deal_id or self.account_id or 0


def silent_accounts(
    connection: Transaction, tiers: Collection[str], days: int, today: Day
) -> list[Record]:
    """See `rules.alert.queries.silent_accounts`."""
    return _records(connection, queries.silent_accounts(RELATIONS, tiers, days), today)


def orphaned_accounts(
    connection: Transaction, tiers: Collection[str], departed: Collection[str], today: Day
) -> list[Record]:
    """See `rules.alert.queries.orphaned_accounts`."""
    return _records(connection, queries.orphaned_accounts(RELATIONS, tiers, departed), today)


def ownerless_accounts(connection: Transaction, today: Day) -> list[Record]:
    """See `rules.alert.queries.ownerless_accounts`."""
    return _records(connection, queries.ownerless_accounts(RELATIONS), today)


def past_close_dates(connection: Transaction, days: int, today: Day) -> list[Record]:
    """See `rules.alert.queries.past_close_dates`."""
    return _records(connection, queries.past_close_dates(RELATIONS, days), today)


def old_deals(connection: Transaction, percentile: float, least: float, today: Day) -> list[Record]:
    """See `rules.alert.queries.old_deals`."""
    return _records(connection, queries.old_deals(RELATIONS, percentile, least), today)


def accounts_where(
    connection: Transaction,
    term: Term,
    names: Mapping[str, Name],
    slots: Mapping[str, str],
    today: Day,
) -> list[Record]:
    """See `rules.alert.queries.accounts_where`; `names` are what the condition may name."""
    facts = facts_of(term, names, slots)
    return _records(connection, queries.accounts_where(RELATIONS, facts, term), today)


def facts_of(term: Term, names: Mapping[str, Name], slots: Mapping[str, str]) -> FromClause:
    """The relation with the facts that a condition names."""
    used = [name for name in term.uses if name not in TAG_NAMES]
    measures = {**BUILT_IN_MEASURES, **measured(names[name] for name in used)}
    return facts_relation(used, slots, measures=measures)


def _records(connection: Transaction, query: Select[Any], today: Day) -> list[Record]:
    rows = connection.execute(query, {"today": today})
    return [Record(rep_key or "", *others) for rep_key, *others in rows]
