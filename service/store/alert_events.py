"""What is to be recognised: the statements of `rules.alert.events`, run over the mirror."""

from collections.abc import Mapping
from typing import NamedTuple

from rules.alert import events
from rules.time import Day
from service.store.alert_queries import RELATIONS
from service.store.engine import Transaction

_YEAR_MS = 365 * 86_400_000


class Win(NamedTuple):
    """A deal won, its account, and when that account had last bought before."""

    rep: str
    deal_id: int
    deal: str
    day: Day
    account_id: int
    account: str
    tier: str | None
    segment: str | None
    before: Day | None


class Risen(NamedTuple):
    """An account that has climbed the tiers."""

    rep: str
    account_id: int
    account: str
    tier: str


def wins(connection: Transaction, first: Day, last: Day) -> list[Win]:
    """See `rules.alert.events.wins`."""
    rows = connection.execute(events.wins(RELATIONS, first, last))
    return [
        Win(row.rep_key, row.deal_id, row.deal or str(row.deal_id), row.day, row.account_id,
            row.account or str(row.account_id), row.tier, row.segment, row.before)
        for row in rows
    ]  # fmt: skip


def risen(
    connection: Transaction, from_tier: str, to_tier: str, *, since: int, until: int
) -> list[Risen]:
    """See `rules.alert.events.risen`; instants."""
    rows = connection.execute(
        events.risen(RELATIONS, from_tier, to_tier, since=since, until=until, year=_YEAR_MS)
    )
    return [
        Risen(row.rep_key, row.account_id, row.account or str(row.account_id), row.tier)
        for row in rows
    ]


def referred(
    connection: Transaction, slot: str, value: str, first: Day, last: Day
) -> Mapping[str, int]:
    """Rep → how many opportunities whose slot holds a value."""
    rows = connection.execute(events.referred(RELATIONS, slot, value, first, last))
    return {row.rep_key: row.number for row in rows}
