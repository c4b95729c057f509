"""What reps did day by day: the statements of `rules.alert.tallies`, run over the mirror."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select

from rules.alert import queries, tallies
from rules.terms import Name, Term
from rules.time import Day
from service.store.alert_queries import RELATIONS, facts_of
from service.store.engine import Transaction


def opened_by_day(
    connection: Transaction, minimum: int, first: Day, last: Day
) -> Mapping[str, Mapping[Day, int]]:
    """Rep → day → opportunities opened."""
    return _by_day(connection, tallies.opened_by_day(RELATIONS, minimum, first, last), last)


def closed_by_day(
    connection: Transaction, first: Day, last: Day
) -> Mapping[str, Mapping[Day, tuple[int, int]]]:
    """Rep → day → (deals won, deals closed)."""
    found: dict[str, dict[Day, tuple[int, int]]] = {}
    for row in connection.execute(tallies.closed_by_day(RELATIONS, first, last)):
        found.setdefault(row.rep_key, {})[row.day] = (row.won, row.closed)
    return found


def won_amounts(
    connection: Transaction, first: Day, last: Day
) -> Mapping[str, Sequence[tuple[Day, int]]]:
    """Rep → (day, amount in minor units) of each deal won."""
    found: dict[str, list[tuple[Day, int]]] = {}
    for row in connection.execute(tallies.won_amounts(RELATIONS, first, last)):
        found.setdefault(row.rep_key, []).append((row.day, row.amount))
    return found


def activities_by_day(
    connection: Transaction,
    kind: str,
    term: Term | None,
    *,
    names: Mapping[str, Name],
    slots: Mapping[str, str],
    days: tuple[Day, Day],
    today: Day,
) -> Mapping[str, Mapping[Day, int]]:
    """Rep → day → activities of a kind, with an account for which a condition holds, if any."""
    holding = None
    if term is not None:
        holding = queries.holding(RELATIONS, facts_of(term, names, slots), term)
    query = tallies.activities_by_day(RELATIONS, kind, holding, *days)
    return _by_day(connection, query, today)


def accounts_by_tier(connection: Transaction) -> Mapping[str, Mapping[str | None, int]]:
    """Rep → tier → how many accounts."""
    found: dict[str, dict[str | None, int]] = {}
    for row in connection.execute(tallies.accounts_by_tier(RELATIONS)):
        found.setdefault(row.rep_key, {})[row.tier] = row.number
    return found


def _by_day(
    connection: Transaction, query: Select[Any], today: Day
) -> Mapping[str, Mapping[Day, int]]:
    found: dict[str, dict[Day, int]] = {}
    for row in connection.execute(query, {"today": today}):
        found.setdefault(row.rep_key, {})[row.day] = row.number
    return found
