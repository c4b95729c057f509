"""Noise in the data: a year of ±5 % on every potential moves hardly any account.

The compiled SELECT settles a thousand accounts week after week, each time from what it gave the
week before, without a store.
"""

import random
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, create_engine, insert, update
from sqlalchemy.sql import bindparam

from rules.circumstances import CIRCUMSTANCES
from rules.facts import BUILT_IN
from rules.rulebook import Rulebook, compile_rulebook
from rules.terms import SQL_TYPES
from tests.playbooks import BOUND, small

TODAY, WEEKS, REPS, ACCOUNTS = 20_000, 52, 10, 1_000
RULES = """\
level: {bands: {of: potential, high: "> 500k", medium: "100k..500k", low: "< 100k"}}
tier:
  values: {gold: [Or, Gold], silver: [Argent, Silver], bronze: [Bronze, Bronze]}
  table:
    - {level: high | medium, vip: yes, then: gold}
    - {level: high, then: silver}
    - {level: medium, kind: client, then: silver}
    - {else: bronze}
  cap: {gold: 12 per owner, rank: potential}
"""
KINDS = {**{name: kind for name, (kind, _) in {**BUILT_IN, **BOUND}.items()}}
metadata = MetaData()
facts = Table(
    "facts", metadata,
    Column("account_id", Integer, primary_key=True),
    *(Column(name, SQL_TYPES[KINDS[name]]) for name in ("potential", "vip", "kind")),
    *(Column(name, kind) for name, kind in CIRCUMSTANCES.items()),
)  # fmt: skip
KEEP = (
    update(facts)
    .where(facts.c.account_id == bindparam("which"))
    .values(
        tier_before=bindparam("held"), lower_since_on=bindparam("since"),
        potential=bindparam("noisy"),
    )
)  # fmt: skip


@pytest.fixture
def memory() -> Iterator[Connection]:
    """A database of this process with an empty relation of facts and circumstances."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def people(chance: random.Random) -> list[dict[str, Any]]:
    """Accounts as companies are: few large ones, a quarter of them customers lately seen."""
    return [
        {
            "account_id": key, "rep": f"r{key % REPS}", "vip": chance.random() < 0.25,
            "kind": chance.choice(["client", "prospect"]),
            "potential": int(chance.lognormvariate(11.0, 1.4) * 100),
        }
        for key in range(ACCOUNTS)
    ]  # fmt: skip


def flipped(connection: Connection, book: Rulebook) -> float:
    """The share of the accounts whose tier changed at least once after the first week."""
    chance = random.Random(7)  # noqa: S311 - a reproducible year
    rows = people(chance)
    connection.execute(facts.delete())
    connection.execute(insert(facts), rows)
    compiled: Any = book.tagging.select(facts).compile(connection)
    first: dict[int, str] = {}
    moved: set[int] = set()
    for week in range(WEEKS + 1):
        values = compiled.construct_params({"today": TODAY + 7 * week})
        parameters = tuple(values[name] for name in compiled.positiontup)
        rows_of_week = connection.exec_driver_sql(str(compiled), parameters).all()
        found = sorted(rows_of_week, key=lambda row: row.account_id)
        for row in found:
            if first.setdefault(row.account_id, row.tier) != row.tier:
                moved.add(row.account_id)
        connection.execute(
            KEEP,
            [
                {
                    "which": row.account_id, "held": row.tier, "since": row.lower_since_on,
                    "noisy": int(rows[row.account_id]["potential"] * chance.uniform(0.95, 1.05)),
                }
                for row in found
            ],
        )  # fmt: skip
    return len(moved) / ACCOUNTS


def test_a_year_of_noise_moves_fewer_than_two_accounts_in_a_hundred(memory: Connection) -> None:
    naive = flipped(memory, compile_rulebook(small(segments=RULES)))
    text = f"{RULES}  demote: {{after: 21 d, margin: 10 %}}\n"
    settled = flipped(memory, compile_rulebook(small(segments=text)))
    figures = f"noise moves {settled:.2%} of the accounts in a year, {naive:.2%} without demote"
    sys.stdout.write(figures)
    assert settled < 0.02 < naive, figures
