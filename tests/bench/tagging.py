"""Tagging with twelve rules: beside hand-written SQL, and after a few accounts have changed.

The rules are those of `tests/bench/playbook`, which do not grow with the shipped ones. Both read
the same tables (accounts with slots, contacts, activities, opportunities) and write the tags and
the tier history. The hand-written statement is what somebody who knows SQL would write for exactly
these rules; the test before the race is that the two agree on every row. Then one account in fifty
gets another potential, and only those are evaluated.
"""

import random
import sys
import tempfile
from pathlib import Path

from sqlalchemy import Connection, text

from rules.rulebook import Rulebook, compile_rulebook
from rules.why import why_of
from service.store import dirt
from service.store.bulk import bulk_update, bulk_upsert
from service.store.engine import Store
from service.store.tables import account, activity, contact, link, opportunity
from service.store.tags import Moment, evaluate
from tests.bench.measuring import Aim, Line, Report, at_most, race, seconds_of, table
from tests.bench.workspaces import in_file, in_schema, migrated, server

TODAY = 20_600
SLOTS = {
    "kind": "text_1", "potential": "money_1", "sector": "text_2", "size": "number_1",
    "cycle": "text_3",
}  # fmt: skip

PLAYBOOK = Path(__file__).parent / "playbook"
"""Rules that stay as they are, so that the figures of one day compare with those of another."""


def rulebook(budget: str = "") -> Rulebook:
    """The four criteria, the tier and what follows from it, with three more rules: twelve.

    `budget` are lines to put under the tier.
    """
    files = {path.name: path.read_text("utf-8") for path in PLAYBOOK.iterdir()}
    head, tail = files["segments.yaml"].split("\n  contact_every:")
    files["segments.yaml"] = f"{head}{budget.rstrip()}\n  contact_every:{tail}"
    return compile_rulebook(files)


def fill(store: Store, accounts: int) -> None:
    """Accounts of one owner, with contacts logged, opportunities and people, by a fixed seed."""
    chance = random.Random(7)  # noqa: S311 - reproducible data
    sectors = ["Fabrication", "Construction", "Transport", "Technologies", None]
    names = ("id", "connection_id", "external_id", "name", "owner_id", "created_on")
    stamps = ("modified_at", "pulled_at")
    with store.write() as connection:
        run = connection.exec_driver_sql
        run("INSERT INTO owner VALUES (1, 1, '1', 'Élise', 'e@x.example', true, 'elise')")
        run("INSERT INTO stage VALUES (1,1,'1','p','p','open',1,0.5,'open')")
        run("INSERT INTO stage VALUES (2,1,'2','p','p','won',2,1.0,'won')")
        bulk_upsert(
            connection, account, (*names, *stamps, *SLOTS.values()),
            [
                (
                    number, 1, str(number), f"Compte {number}", chance.choice([1, 1, 1, None]),
                    TODAY - chance.randrange(2000), 0, 0,
                    chance.choice(["client", "prospect", "other"]),
                    chance.choice([None, chance.randrange(0, 120_000_000)]),
                    chance.choice(sectors), chance.choice([None, chance.randrange(1, 900)]),
                    chance.choice(["short", "medium", "long", None]),
                )
                for number in range(1, accounts + 1)
            ],
        )  # fmt: skip
        _fill_linked(connection, chance, accounts)


def _fill_linked(connection: Connection, chance: random.Random, accounts: int) -> None:
    numbers = range(1, accounts + 1)
    names = ("id", "connection_id", "external_id")
    bulk_upsert(
        connection, activity,
        (*names, "kind", "owner_id", "happened_at", "happened_on", "is_contact", "modified_at"),
        [
            (n, 1, str(n), "call", 1, 0, TODAY - chance.randrange(-5, 500),
             chance.random() < 0.8, 0)
            for n in numbers
        ],
    )  # fmt: skip
    bulk_upsert(
        connection, opportunity,
        (*names, "stage_id", "team_amount", "closes_on", "modified_at", "pulled_at"),
        [
            (n, 1, str(n), chance.choice([1, 2]), 1000, TODAY - chance.randrange(900), 0, 0)
            for n in numbers
        ],
    )  # fmt: skip
    roles = ["decision_maker", "influencer", None]
    bulk_upsert(
        connection, contact, (*names, "role", "modified_at"),
        [(n, 1, str(n), chance.choice(roles), 0) for n in numbers],
    )  # fmt: skip
    for relation in ("activity_account", "opportunity_account", "contact_account"):
        bulk_upsert(
            connection, link, ("relation", "from_id", "to_id", "is_primary"),
            [(relation, n, chance.randrange(1, accounts + 1), True) for n in numbers],
        )  # fmt: skip


HAND_WRITTEN = """
INSERT INTO tag (account_id, is_in_scope, tier, tier_row, priority, priority_row, segment, quadrant,
                 next_contact_on, contact_status, why, recheck_on, tier_since_at, rulebook_id,
                 evaluated_at, is_owed, rated_tier, settled_by)
WITH contacted AS (
  SELECT l.to_id AS id, max(CASE WHEN happened_on <= :today THEN happened_on END) AS last_on,
         min(CASE WHEN happened_on > :today THEN happened_on END) AS next_on
  FROM link l JOIN activity v ON v.id = l.from_id
  WHERE l.relation = 'activity_account' AND v.is_contact AND v.archived_at IS NULL
  GROUP BY l.to_id),
sold AS (
  SELECT l.to_id AS id, max(CASE WHEN s.kind = 'won' THEN o.closes_on END) AS won_on
  FROM link l JOIN opportunity o ON o.id = l.from_id JOIN stage s ON s.id = o.stage_id
  WHERE l.relation = 'opportunity_account' AND l.is_primary AND o.archived_at IS NULL
  GROUP BY l.to_id),
known AS (
  SELECT l.to_id AS id, sum(c.role = 'decision_maker') AS deciders,
         sum(c.role = 'influencer') AS influencers
  FROM link l JOIN contact c ON c.id = l.from_id
  WHERE l.relation = 'contact_account' AND c.archived_at IS NULL GROUP BY l.to_id),
levels AS (
  SELECT a.id, a.money_1 AS potential, a.text_3 AS cycle, a.created_on, last_on, next_on, won_on,
    a.owner_id IS NOT NULL AND a.text_1 IN ('client', 'prospect') AS in_scope,
    CASE WHEN money_1 > 50000000 THEN 'high' WHEN money_1 >= 10000000 THEN 'medium'
         WHEN money_1 < 10000000 THEN 'low' END AS potential_level,
    CASE WHEN last_on > :today - 90 THEN 'active' WHEN last_on >= :today - 365 THEN 'dormant'
         ELSE 'cold' END AS engagement,
    coalesce(won_on > :today - 730, 0) AS existing_link,
    CASE WHEN coalesce(deciders, 0) > 1 THEN 'committee'
         WHEN deciders = 1 AND coalesce(k.influencers, 0) = 0 THEN 'sole'
         WHEN k.influencers > 0 THEN 'influencers' END AS decision,
    CASE WHEN number_1 >= 250 THEN 3 WHEN number_1 BETWEEN 50 AND 249 THEN 2 ELSE 1 END
      + CASE WHEN text_2 IN ('Fabrication', 'Construction') THEN 2 WHEN text_2 IS NOT NULL THEN 1
             ELSE 0 END AS reach
  FROM account a LEFT JOIN contacted c ON c.id = a.id LEFT JOIN sold s ON s.id = a.id
  LEFT JOIN known k ON k.id = a.id WHERE a.archived_at IS NULL),
tiered AS (
  SELECT *, CASE decision WHEN 'sole' THEN 1 WHEN 'committee' THEN 3 ELSE 2 END
      + CASE cycle WHEN 'short' THEN 1 WHEN 'long' THEN 3 ELSE 2 END AS effort,
    CASE WHEN NOT in_scope OR in_scope IS NULL THEN NULL WHEN potential IS NULL THEN 1
      WHEN potential_level IN ('high', 'medium') AND engagement = 'active' AND existing_link THEN 2
      WHEN potential_level = 'high' THEN 3
      WHEN potential_level = 'medium' AND engagement IN ('active', 'dormant') THEN 4
      ELSE 5 END AS tier_row FROM levels),
prioritised AS (
  SELECT *, coalesce(last_on, created_on) +
      CASE tier_row WHEN 1 THEN 30 WHEN 2 THEN 14 WHEN 3 THEN 30 WHEN 4 THEN 30 WHEN 5 THEN 90 END
      AS due,
    CASE WHEN tier_row = 2 THEN 1 WHEN tier_row IN (3, 4) AND effort <= 4 THEN 2
      WHEN tier_row IN (3, 4) AND reach >= 4 THEN 3 WHEN tier_row IN (1, 3, 4) THEN 4
      WHEN tier_row = 5 THEN 5 END AS priority_row FROM tiered)
SELECT id, coalesce(in_scope, 0),
  CASE tier_row WHEN 1 THEN 'unrated' WHEN 2 THEN 'gold' WHEN 3 THEN 'silver' WHEN 4 THEN 'silver'
    WHEN 5 THEN 'bronze' END, tier_row,
  CASE priority_row WHEN 1 THEN 'p1' WHEN 2 THEN 'p2' WHEN 3 THEN 'p2' WHEN 4 THEN 'p3'
    WHEN 5 THEN 'p4' END, priority_row,
  CASE WHEN tier_row IS NOT NULL THEN
    'potentiel ' || CASE potential_level WHEN 'high' THEN 'élevé' WHEN 'medium' THEN 'moyen'
      WHEN 'low' THEN 'faible' ELSE 'à préciser' END
    || ' · ' || CASE engagement WHEN 'active' THEN 'actif' WHEN 'dormant' THEN 'dormant' ELSE
      'froid' END
    || ' · cycle ' || CASE cycle WHEN 'short' THEN 'court' WHEN 'medium' THEN 'moyen' WHEN 'long'
      THEN 'long' ELSE 'à préciser' END
    || ' · décision : ' || CASE decision WHEN 'sole' THEN 'décideur unique' WHEN 'influencers' THEN
      'influenceurs' WHEN 'committee' THEN 'comité' ELSE 'à préciser' END END,
  CASE WHEN tier_row IS NULL THEN NULL WHEN potential IS NULL THEN 'maintain'
    WHEN potential_level IN ('high', 'medium') AND effort <= 4 THEN 'quick_win'
    WHEN potential_level IN ('high', 'medium') THEN 'big_project'
    WHEN effort <= 4 THEN 'maintain' ELSE 'avoid' END,
  due,
  CASE WHEN due IS NULL THEN NULL WHEN last_on IS NULL THEN 'never' WHEN due < :today THEN 'late'
    ELSE 'up_to_date' END,
  CASE tier_row WHEN 1 THEN :why_1 WHEN 2 THEN :why_2 WHEN 3 THEN :why_3 WHEN 4 THEN :why_4
    WHEN 5 THEN :why_5 END,
  nullif(min(CASE WHEN next_on > :today THEN next_on ELSE 2000000000 END,
    CASE WHEN last_on + 90 > :today THEN last_on + 90 ELSE 2000000000 END,
    CASE WHEN last_on + 366 > :today THEN last_on + 366 ELSE 2000000000 END,
    CASE WHEN won_on + 730 > :today THEN won_on + 730 ELSE 2000000000 END,
    CASE WHEN due + 1 > :today THEN due + 1 ELSE 2000000000 END), 2000000000),
  :now, 1, :now, coalesce(in_scope, 0),
  CASE tier_row WHEN 1 THEN 'unrated' WHEN 2 THEN 'gold' WHEN 3 THEN 'silver' WHEN 4 THEN 'silver'
    WHEN 5 THEN 'bronze' END,
  CASE WHEN tier_row IS NOT NULL THEN 'rule' END
FROM prioritised
"""
HAND_WRITTEN_HISTORY = """
INSERT INTO tag_history (account_id, valid_from_at, tier, tier_row, rulebook_id)
SELECT account_id, tier_since_at, tier, tier_row, rulebook_id FROM tag WHERE tier IS NOT NULL
"""


def empty(connection: Connection) -> None:
    """Forget the tags and their history."""
    connection.execute(text("DELETE FROM tag"))
    connection.execute(text("DELETE FROM tag_history"))


def tag(store: Store, book: Rulebook, instant: int, *, is_full: bool) -> None:
    """Evaluate what is dirty, or everything, at an instant of one day."""
    with store.write() as connection:
        moment = Moment(instant=instant, today=TODAY)
        evaluate(connection, book.tagging, SLOTS, 1, moment, is_full=is_full)


def change(store: Store, accounts: int, step: int) -> None:
    """Give one account in fifty another potential, and mark these; `step` is never the same."""
    some = range(1 + step, accounts + 1, 50)
    with store.write() as connection:
        bulk_update(connection, account, SLOTS["potential"], 70_000_000 + step, some)
        dirt.mark(connection, some)


def run(accounts: int = 1_000_000) -> Report:
    """The race on SQLite, and the little that follows a change."""
    book = rulebook()
    with tempfile.TemporaryDirectory() as folder:
        store = migrated(in_file(Path(folder)))
        fill(store, accounts)
        lines = _beside_by_hand(store, book)
        title = f"Tagging {accounts:,} accounts with {len(book.segments.rules)} rules, SQLite"
        beside = table(title, lines, records=accounts)
        aim = at_most("SQLite: tagging, time ÷ that of hand-written SQL", 1.5, lines[1].ratio)
        after, changed = _after_a_change(store, book, accounts, "SQLite", limit=0.1)
        store.close()
    return Report(f"{beside}\n{after}", [aim, changed])


def run_on_postgres(accounts: int = 200_000) -> Report:
    """What follows a change, on PostgreSQL."""
    book = rulebook()
    with server() as database:
        store = migrated(in_schema(database, "bench"))
        fill(store, accounts)
        with store.engine.connect() as connection:
            # As its autovacuum does, which the server of the tests leaves out.
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("VACUUM ANALYZE"))
        tag(store, book, 1, is_full=True)
        after, aim = _after_a_change(store, book, accounts, "PostgreSQL", limit=0.2)
        store.close()
    return Report(after, [aim])


def _beside_by_hand(store: Store, book: Rulebook) -> list[Line]:
    """The two in turn, twice; what they write must agree."""
    whys = _whys(book)
    found: dict[str, list[tuple[object, ...]]] = {}

    def by_hand() -> None:
        with store.write() as connection:
            empty(connection)
            connection.execute(text(HAND_WRITTEN), {"today": TODAY, "now": 1, **whys})
            connection.execute(text(HAND_WRITTEN_HISTORY))

    def compiled() -> None:
        with store.write() as connection:
            empty(connection)
        tag(store, book, 1, is_full=True)

    for name, work in {"expected": by_hand, "found": compiled}.items():
        work()
        with store.read() as connection:
            rows = connection.execute(text("SELECT * FROM tag ORDER BY account_id"))
            found[name] = [tuple(row) for row in rows]
    pairs = zip(found["expected"], found["found"], strict=True)
    differing = [pair for pair in pairs if pair[0] != pair[1]]
    if differing:
        sys.exit(f"the two disagree on {len(differing)} accounts, first: {differing[0]}")
    found.clear()
    return race({"hand-written SQL": by_hand, "compiled rules": compiled}, rounds=2)


def _after_a_change(
    store: Store, book: Rulebook, accounts: int, database: str, *, limit: float
) -> tuple[str, Aim]:
    """Everything again, against only what has changed; both after one account in fifty has."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(4):
        change(store, accounts, number)
        is_full = number % 2 == 0
        instant = number + 2
        times[is_full].append(seconds_of(lambda: tag(store, book, instant, is_full=is_full)))  # noqa: B023 - called at once
    full, some = min(times[True]), min(times[False])
    lines = [
        Line("everything again", full, 1),
        Line("only what is dirty", some, some / full),
    ]
    title = f"Tagging {accounts:,} accounts after 2 % of them changed, {database}"
    what = f"{database}: tagging after 2 % of {accounts:,} accounts changed, time ÷ full"
    return table(title, lines, records=accounts), at_most(what, limit, some / full)


def _whys(book: Rulebook) -> dict[str, str]:
    tier = book.segments.tier
    return {
        f"why_{row}": why_of(tier, row, book.team.language) for row in range(1, len(tier.rows) + 1)
    }
