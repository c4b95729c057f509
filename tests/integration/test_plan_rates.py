"""What the store has measured of a plan's numbers, on both databases; worked out by hand."""

from datetime import date
from pathlib import Path
from statistics import stdev
from typing import Any

import pytest
from sqlalchemy import insert

from rules.time import day_number
from service import plan_check
from service.plan_check import measured_of
from service.store import plan_rates
from service.store.engine import Store
from service.store.plan_rates import Rates
from service.store.tables import metadata

AS_OF = day_number(date(2026, 6, 29))
_RECORD: dict[str, Any] = {
    "connection_id": 1, "external_id": "1", "modified_at": 0, "pulled_at": 0,
}  # fmt: skip
_TAG: dict[str, Any] = {
    "is_in_scope": True, "tier_since_at": 0, "rulebook_id": 1, "evaluated_at": 0, "is_owed": False,
}  # fmt: skip
_STAGE: dict[str, Any] = {
    "connection_id": 1, "external_id": "1", "pipeline_id": "p", "pipeline_label": "p",
    "label": "s", "position": 1, "probability": 0.5,
}  # fmt: skip
WON, LOST, OPEN = 1, 2, 3
ELISE, MARC, NOBODY = 1, 2, 3


def add(store: Store, table: str, *rows: dict[str, Any]) -> None:
    with store.write() as connection:
        connection.execute(insert(metadata.tables[table]), rows)


def deal(number: int, owner: int, stage: int, closed: int, **values: Any) -> dict[str, Any]:
    """A deal opened 100 days before it closed, for 10 000 $."""
    known = {"created_on": closed - 100, "team_amount": 1_000_000, "archived_at": None}
    return {
        **_RECORD, "id": number, "owner_id": owner, "stage_id": stage, "closes_on": closed,
        **known, **values,
    }  # fmt: skip


@pytest.fixture
def known(store: Store) -> Store:
    """Deals at every edge of the year that counts, and accounts of both kinds."""
    owner = {"connection_id": 1, "external_id": "1", "name": "x", "is_active": True}
    add(
        store, "owner", {**owner, "id": ELISE, "rep_key": "elise"},
        {**owner, "id": MARC, "rep_key": "marc"}, {**owner, "id": NOBODY, "rep_key": None},
    )  # fmt: skip
    kinds = {WON: "won", LOST: "lost", OPEN: "open"}
    add(store, "stage", *({**_STAGE, "id": each, "kind": kind} for each, kind in kinds.items()))
    add(
        store, "opportunity",
        deal(1, ELISE, WON, AS_OF),
        deal(2, ELISE, WON, AS_OF - 364, team_amount=3_000_000, created_on=AS_OF - 404),
        # Of an unknown amount, and with days that can't be.
        deal(3, ELISE, WON, AS_OF - 1, team_amount=None, created_on=AS_OF + 5),
        deal(4, ELISE, LOST, AS_OF - 10),
        # A day too old, not closed yet, archived, open, of nobody, of somebody else.
        deal(5, ELISE, WON, AS_OF - 365),
        deal(6, ELISE, LOST, AS_OF + 1),
        deal(7, ELISE, WON, AS_OF - 5, archived_at=1),
        deal(8, ELISE, OPEN, AS_OF - 5),
        deal(9, NOBODY, WON, AS_OF - 5),
        deal(10, MARC, LOST, AS_OF - 5),
    )  # fmt: skip
    account = {**_RECORD, "owner_id": ELISE, "archived_at": None}
    add(
        store, "account", *({**account, "id": each} for each in (1, 2, 3, 4)),
        {**account, "id": 5, "archived_at": 1}, {**account, "id": 6, "owner_id": NOBODY},
    )  # fmt: skip
    tiers = {1: "gold", 2: "gold", 3: "silver", 5: "gold", 6: "gold"}
    add(store, "tag", *({**_TAG, "account_id": each, "tier": tier} for each, tier in tiers.items()))
    add(store, "tag", {**_TAG, "account_id": 4, "tier": "gold", "is_in_scope": False})
    link = {"relation": "opportunity_account", "is_primary": True}
    # Two sales to the first account, one to the third where it is not the main one; lost to two.
    add(
        store, "link", {**link, "from_id": 1, "to_id": 1}, {**link, "from_id": 5, "to_id": 1},
        {**link, "from_id": 2, "to_id": 3, "is_primary": False},
        {**link, "from_id": 4, "to_id": 2},
    )  # fmt: skip
    return store


def test_a_year_of_each_rep_is_counted(known: Store) -> None:
    with known.read() as connection:
        found = plan_rates.by_rep(connection, AS_OF)
    assert sorted(found) == ["elise", "marc"]
    elise = found["elise"]
    assert (elise.won, elise.lost, elise.priced, elise.amount) == (3, 1, 2, 4_000_000)
    assert elise.days == {100: 1, 40: 1}
    assert (elise.accounts, elise.customers) == (3, 1)
    assert elise.tiers == {"gold": 2, "silver": 1}
    assert (found["marc"].won, found["marc"].lost) == (0, 1)


def test_numbers_come_with_their_intervals(known: Store) -> None:
    with known.read() as connection:
        measured = measured_of(plan_rates.by_rep(connection, AS_OF)["elise"])
    assert measured.accounts == {"existing": 1, "new": 2}
    assert measured.conversion is not None
    # Wilson: 3 of 4.
    assert measured.conversion.value == 0.75
    assert measured.conversion.low == pytest.approx(0.3006, abs=0.0001)
    assert measured.conversion.high == pytest.approx(0.9544, abs=0.0001)
    assert measured.deal is not None
    assert measured.deal.value == 2_000_000
    reach = 1.959964 * stdev([1_000_000, 3_000_000]) / 2**0.5
    assert measured.deal.high == pytest.approx(2_000_000 + reach, rel=1e-6)
    assert measured.cycle is not None
    # Without the KPI, the won deals alone: 40 and 100 days.
    assert (measured.cycle.value, measured.cycle.low, measured.cycle.high) == (40, 40, 100)


def test_a_cycle_counts_open_and_lost_deals_as_its_kpi_does() -> None:
    lengths = {(10, "won"): 1, (20, "lost"): 1, (25, "open"): 1, (30, "won"): 1, (9, "unknown"): 5}
    cycle = measured_of(Rates(won=2), lengths).cycle
    assert cycle is not None
    # Incidence: 1/4 at 10 days, then 1/4 + 2/4 x 1/1 at 30: half of it is reached at 30 only.
    assert (cycle.value, cycle.count, cycle.low, cycle.high) == (30, 2, 10, 30)


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.sqlite3"
    assert plan_check.store_if_there(f"sqlite:///{path}") is None
    assert not path.exists()


def test_a_store_without_tables_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite3"
    path.touch()
    assert plan_check.store_if_there(f"sqlite:///{path}") is None
