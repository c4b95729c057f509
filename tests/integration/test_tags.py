"""Evaluation on both databases, against a tagger written from the meaning of the playbook.

`expected_tag` knows the shipped rules as a person reads them, and nothing of their compilation.
Each random history runs in one transaction that is rolled back at its end.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Row, Table, delete, func, insert, select, update

from rules.rulebook import Rulebook, compile_rulebook
from rules.tagging import TAG_COLUMNS
from service.store.engine import Store
from service.store.facts import facts_relation
from service.store.tables import (
    account,
    activity,
    contact,
    dirty,
    link,
    metadata,
    opportunity,
    outbox,
    owner,
    stage,
    tag,
    tag_history,
)
from service.store.tags import Evaluation, Moment, evaluate
from tests.playbooks import FIELDS, SLOTS, TIER, shipped, small
from tests.unit.test_conditions import (
    Expression,
    accounts,
    check,
    expressions,
    relation,
)
from tests.unit.test_conditions import metadata as relation_metadata

TODAY = 20_000
DAY_MS = 86_400_000
SHIPPED_SLOTS = {
    "kind": "text_1", "potential": "money_1", "cycle": "text_2", "sector": "text_3",
    "size": "number_1", "opportunity.product": "text_1",
}  # fmt: skip
RULEBOOK = compile_rulebook(shipped())

Values = Mapping[str, Any]


@contextmanager
def undone(store: Store) -> Iterator[Connection]:
    """A transaction of which nothing stays."""
    with store.engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


def moment(today: int, *, step: int = 0) -> Moment:
    return Moment(instant=today * DAY_MS + step, today=today)


def run(
    connection: Connection,
    today: int,
    *,
    rulebook: Rulebook = RULEBOOK,
    slots: Mapping[str, str] = SHIPPED_SLOTS,
    is_full: bool = False,
    step: int = 0,
) -> Evaluation:
    return evaluate(
        connection, rulebook.tagging, slots, 1, moment(today, step=step), is_full=is_full
    )


def tags(connection: Connection) -> dict[int, Row[Any]]:
    return {row.account_id: row for row in connection.execute(select(tag))}


# A world of records, as rows, and the shipped rules by their meaning.


TABLES: Mapping[str, Table] = {
    "account": account, "owner": owner, "activity": activity, "opportunity": opportunity,
    "contact": contact, "stage": stage,
}  # fmt: skip


@dataclass
class World:
    """The rows of the mirror that the rules see, by table and id."""

    rows: dict[str, dict[int, dict[str, Any]]] = field(
        default_factory=lambda: {name: {} for name in TABLES}
    )
    links: dict[tuple[str, int, int], bool] = field(default_factory=dict)

    def of(
        self, relation_name: str, table: str, account_id: int
    ) -> list[tuple[dict[str, Any], bool]]:
        """The live records linked to an account, each with whether it is its main account."""
        return [
            (self.rows[table][start], is_primary)
            for (name, start, end), is_primary in self.links.items()
            if name == relation_name and end == account_id and start in self.rows[table]
            and self.rows[table][start].get("archived_at") is None
        ]  # fmt: skip


LEVELS = {"high": "élevé", "medium": "moyen", "low": "faible", None: "à préciser"}
ENGAGEMENTS = {"active": "actif", "dormant": "dormant", "cold": "froid"}
CYCLES = {"short": "court", "medium": "moyen", "long": "long", None: "à préciser"}
DECISIONS = {
    "sole": "décideur unique", "influencers": "influenceurs", "committee": "comité",
    None: "à préciser",
}  # fmt: skip
WHY = [
    "À qualifier : il manque potentiel",
    "Or : client au potentiel de 100 k$ et plus, contacté au cours des 90 derniers jours",
    "Argent : potentiel de plus de 500 k$, relation à bâtir ou à réveiller",
    "Argent : potentiel de 100 à 500 k$, contacté il y a moins d'un an",
    "Bronze : potentiel de moins de 100 k$, ou relation froide",
]
CADENCE = {"gold": 14, "silver": 30, "bronze": 90, "unrated": 30}
NOTHING = {
    "is_in_scope": False, "tier": None, "tier_row": None, "priority": None, "priority_row": None,
    "segment": None, "quadrant": None, "next_contact_on": None, "contact_status": None, "why": None,
}  # fmt: skip


def _potential_level(potential: int | None) -> str | None:
    if potential is None:
        return None
    return "high" if potential > 500_000_00 else "medium" if potential >= 100_000_00 else "low"


def _engagement(last: int | None, today: int) -> str:
    if last is None or today - last > 365:
        return "cold"
    return "active" if today - last < 90 else "dormant"


def _decision(makers: int, influencers: int) -> str | None:
    if makers > 1:
        return "committee"
    if makers == 1 and influencers == 0:
        return "sole"
    return "influencers" if influencers else None


def _tier_row(level: str | None, engagement: str, *, has_link: bool) -> int:
    if level is None:
        return 1
    if level in {"high", "medium"} and engagement == "active" and has_link:
        return 2
    if level == "high":
        return 3
    return 4 if level == "medium" and engagement in {"active", "dormant"} else 5


def _quadrant(level: str | None, effort: int) -> str:
    if level is None:
        return "maintain"
    if level in {"high", "medium"}:
        return "quick_win" if effort <= 4 else "big_project"
    return "maintain" if effort <= 4 else "avoid"


def expected_tag(world: World, account_id: int, today: int) -> dict[str, Any]:
    """What the shipped rules say of an account on a day."""
    row = world.rows["account"][account_id]
    holder = world.rows["owner"].get(row["owner_id"])
    if holder is None or row["text_1"] not in {"client", "prospect"}:
        return NOTHING
    contacts = [
        each["happened_on"]
        for each, _ in world.of("activity_account", "activity", account_id)
        if each["is_contact"] and each["happened_on"] is not None and each["happened_on"] <= today
    ]
    won = [
        each["closes_on"]
        for each, is_primary in world.of("opportunity_account", "opportunity", account_id)
        if is_primary and each["closes_on"] is not None and each["stage_id"] == 2
    ]
    roles = [each["role"] for each, _ in world.of("contact_account", "contact", account_id)]
    last = max(contacts, default=None)
    level, engagement = _potential_level(row["money_1"]), _engagement(last, today)
    decision = _decision(roles.count("decision_maker"), roles.count("influencer"))
    effort = {"sole": 1, "influencers": 2, "committee": 3, None: 2}[decision]
    effort += {"short": 1, "medium": 2, "long": 3, None: 2}[row["text_2"]]
    tier_row = _tier_row(level, engagement, has_link=bool(won) and today - max(won) < 730)
    tier = ["unrated", "gold", "silver", "silver", "bronze"][tier_row - 1]
    priority_row = {"gold": 1, "silver": 2 if effort <= 4 else 3, "unrated": 3, "bronze": 4}[tier]
    start = row["created_on"] if last is None else last
    due = None if start is None else start + CADENCE[tier]
    status = None if due is None else "never" if last is None else "late" if due < today else None
    return {
        "is_in_scope": True, "tier": tier, "tier_row": tier_row, "why": WHY[tier_row - 1],
        "priority": f"p{priority_row}", "priority_row": priority_row,
        "segment": (
            f"potentiel {LEVELS[level]} · {ENGAGEMENTS[engagement]} · "
            f"cycle {CYCLES[row['text_2']]} · décision : {DECISIONS[decision]}"
        ),
        "quadrant": _quadrant(level, effort), "next_contact_on": due,
        "contact_status": None if due is None else status or "up_to_date",
    }  # fmt: skip


# Random histories.

OWNERS = 3
ACCOUNTS = 6
_AGES = (0, 1, 13, 14, 15, 30, 31, 89, 90, 91, 364, 365, 366, 729, 730)


class History:
    """A world that changes at random, and marks the accounts that each change touches."""

    def __init__(self, connection: Connection, seed: int) -> None:
        self.connection = connection
        self.chance = random.Random(seed)  # noqa: S311 - a reproducible history
        self.today = TODAY
        self.world = World()
        self._last_id = 100
        for stage_id, kind in ((1, "open"), (2, "won"), (3, "lost")):
            self._put("stage", stage_id, pipeline_id="P", pipeline_label="P", label=kind,
                      position=stage_id, probability=0.5, kind=kind)  # fmt: skip
        # The third owner is one whose page has not come yet.
        for owner_id in range(1, OWNERS):
            self._put("owner", owner_id, name=f"O{owner_id}", is_active=owner_id == 1)
        for account_id in range(1, ACCOUNTS + 1):
            self._put("account", account_id, **self._account())
            for _ in range(self.chance.randrange(3)):
                self.add_activity(account_id)
            self._mark(account_id)

    def _put(self, table: str, row_id: int, **values: Any) -> None:
        row = {"id": row_id, "connection_id": 1, "external_id": str(row_id), **values}
        known = self.world.rows[table]
        columns = TABLES[table].c
        stamps = {n: 0 for n in ("modified_at", "pulled_at") if n in columns}
        if row_id in known:
            self.connection.execute(
                update(TABLES[table]).where(columns.id == row_id).values(**values)
            )
            known[row_id] |= values
        else:
            self.connection.execute(insert(TABLES[table]).values(**stamps, **row))
            known[row_id] = row

    def _mark(self, *account_ids: int) -> None:
        for account_id in account_ids:
            self.connection.execute(delete(dirty).where(dirty.c.account_id == account_id))
            self.connection.execute(insert(dirty).values(account_id=account_id))

    def _account(self) -> dict[str, Any]:
        choice = self.chance.choice
        return {
            "owner_id": choice([None, 1, 1, 2, 3]),
            "text_1": choice(["client", "client", "prospect", "other", None]),
            "text_2": choice(["short", "medium", "long", None]),
            "money_1": choice([None, 0, 99_999_99, 100_000_00, 500_000_00, 500_000_01, 2**62]),
            "created_on": choice([None, self._day(), self._day()]),
            "archived_at": None,
        }

    def _day(self) -> int:
        return self.today - self.chance.choice(_AGES) * self.chance.choice([1, 1, 1, -1])

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _link(self, name: str, start: int, end: int, *, is_primary: bool = False) -> None:
        self.world.links[name, start, end] = is_primary
        self.connection.execute(
            insert(link).values(relation=name, from_id=start, to_id=end, is_primary=is_primary)
        )

    def _unlink(self, name: str, start: int) -> list[int]:
        ends = [key[2] for key in self.world.links if key[:2] == (name, start)]
        for end in ends:
            del self.world.links[name, start, end]
        self.connection.execute(
            delete(link).where(link.c.relation == name, link.c.from_id == start)
        )
        return ends

    def _any(self, table: str) -> int | None:
        known = sorted(self.world.rows[table])
        return self.chance.choice(known) if known else None

    # Each change marks what the transaction of a page would mark.

    def change_account(self, account_id: int) -> None:
        fresh = self._account()
        name = self.chance.choice(sorted(fresh))
        self._put("account", account_id, **{name: fresh[name]})
        self._mark(account_id)

    def archive_account(self, account_id: int) -> None:
        is_live = self.world.rows["account"][account_id]["archived_at"] is None
        self._put("account", account_id, archived_at=1 if is_live else None)
        self._mark(account_id)

    def add_activity(self, account_id: int) -> None:
        activity_id = self._next_id()
        self._put("activity", activity_id, kind="call", archived_at=None,
                  happened_on=self.chance.choice([None, *[self._day() for _ in range(6)]]),
                  is_contact=self.chance.random() < 0.8)  # fmt: skip
        self._link("activity_account", activity_id, account_id)
        self._mark(account_id)

    def change_activity(self, account_id: int) -> None:
        activity_id = self._any("activity")
        if activity_id is None:
            return
        row = self.world.rows["activity"][activity_id]
        match self.chance.randrange(3):
            case 0:
                self._put("activity", activity_id, happened_on=self._day())
            case 1:
                self._put("activity", activity_id,
                          archived_at=None if row["archived_at"] else 1)  # fmt: skip
            case _:
                old = self._unlink("activity_account", activity_id)
                self._link("activity_account", activity_id, account_id)
                self._mark(*old)
        self._mark(*[key[2] for key in self.world.links if key[1] == activity_id])

    def add_opportunity(self, account_id: int) -> None:
        opportunity_id = self._next_id()
        self._put("opportunity", opportunity_id, stage_id=self.chance.choice([1, 2, 2, 3]),
                  closes_on=self.chance.choice([None, self._day(), self._day()]),
                  team_amount=self.chance.choice([None, 2**62]), archived_at=None)  # fmt: skip
        is_primary = self.chance.random() < 0.8
        self._link("opportunity_account", opportunity_id, account_id, is_primary=is_primary)
        self._mark(account_id)

    def change_opportunity(self, account_id: int) -> None:
        opportunity_id = self._any("opportunity")
        if opportunity_id is None:
            return
        old = self._unlink("opportunity_account", opportunity_id)
        self._link("opportunity_account", opportunity_id, account_id, is_primary=True)
        self._put("opportunity", opportunity_id, stage_id=self.chance.choice([1, 2, 3]),
                  archived_at=self.chance.choice([None, None, 1]))  # fmt: skip
        self._mark(account_id, *old)

    def change_contact(self, account_id: int) -> None:
        known = self._any("contact")
        contact_id = self._next_id() if known is None or self.chance.random() < 0.5 else known
        role = self.chance.choice([None, "decision_maker", "influencer", "other"])
        self._put("contact", contact_id, role=role,
                  archived_at=self.chance.choice([None, None, 1]))  # fmt: skip
        old = self._unlink("contact_account", contact_id)
        self._link("contact_account", contact_id, account_id)
        self._mark(account_id, *old)

    def wait(self, _account_id: int) -> None:
        if self.chance.random() < 0.4:
            # Up to the first day on which something is to be looked at again.
            query = select(func.min(tag.c.recheck_on)).where(tag.c.recheck_on > self.today)
            self.today = self.connection.execute(query).scalar_one() or self.today
            return
        self.today += self.chance.choice([0, 1, 1, 2, 14, 30, 76, 90, 365, 400])

    def step(self) -> None:
        """One to three random changes."""
        for _ in range(self.chance.randint(1, 3)):
            change = self.chance.choice(
                [
                    self.change_account, self.archive_account, self.add_activity,
                    self.change_activity, self.add_opportunity, self.change_opportunity,
                    self.change_contact, self.wait, self.wait, self.wait,
                ]
            )  # fmt: skip
            change(self.chance.randint(1, ACCOUNTS))

    def live(self) -> list[int]:
        """The accounts that have a tag."""
        rows = self.world.rows["account"]
        return sorted(each for each in rows if rows[each]["archived_at"] is None)

    def check(self) -> None:
        """Every tag is what the rules mean, today and until the day it is looked at again."""
        found = tags(self.connection)
        assert sorted(found) == self.live()
        for account_id, row in found.items():
            kept = {name: getattr(row, name) for name in NOTHING}
            assert kept == expected_tag(self.world, account_id, self.today)
            until = (row.recheck_on or self.today + 1_200) - 1
            assert until >= self.today
            for day in {until, *(self.chance.randint(self.today, until) for _ in range(4))}:
                assert kept == expected_tag(self.world, account_id, day)

    def check_against_full(self) -> None:
        """A full evaluation into an empty table comes to the same rows."""
        columns = [tag.c[name] for name in TAG_COLUMNS]
        query = select(*columns).order_by(tag.c.account_id)
        incremental = self.connection.execute(query).all()
        self.connection.execute(delete(tag))
        run(self.connection, self.today, is_full=True, step=999)
        assert self.connection.execute(query).all() == incremental


@given(seed=st.integers(0, 10**9))
@settings(
    max_examples=8, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_incremental_equals_full_and_both_equal_the_meaning_of_the_rules(
    store: Store, seed: int
) -> None:
    with undone(store) as connection:
        history = History(connection, seed)
        run(connection, history.today, is_full=True)
        history.check()
        before = tags(connection)
        for step in range(1, 9):
            history.step()
            run(connection, history.today, step=step)
            history.check()
            after = tags(connection)
            for account_id in before.keys() & after.keys():
                values = [(r := rows[account_id]).tier for rows in (before, after)]
                has_moved = values[0] != values[1]
                assert (r.tier_since_at == moment(history.today, step=step).instant) is has_moved
            before = after
        check_history(connection, before)
        history.check_against_full()


def check_history(connection: Connection, current: Mapping[int, Row[Any]]) -> None:
    """The last tier of each history is the one in force, and no two in a row are the same."""
    told: dict[int, list[Row[Any]]] = {}
    query = select(tag_history).order_by(tag_history.c.account_id, tag_history.c.valid_from_at)
    for row in connection.execute(query):
        told.setdefault(row.account_id, []).append(row)
    for account_id, row in current.items():
        rows = told.get(account_id, [])
        assert (rows[-1].tier if rows else None) == row.tier
        if rows:
            assert rows[-1].valid_from_at == row.tier_since_at or row.tier is None


@given(seed=st.integers(0, 10**9))
@settings(
    max_examples=4, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_a_change_is_owed_and_an_evaluation_without_change_is_not(store: Store, seed: int) -> None:
    with undone(store) as connection:
        history = History(connection, seed)
        run(connection, history.today, is_full=True)
        assert all(row.is_owed is row.is_in_scope for row in tags(connection).values())
        connection.execute(update(tag).values(is_owed=False))
        assert run(connection, history.today, is_full=True, step=1).changed == 0
        for step in range(2, 6):
            before = tags(connection)
            history.step()
            run(connection, history.today, step=step)
            for account_id, row in tags(connection).items():
                old = before.get(account_id)
                owed_names = [name for name in NOTHING if not name.endswith("_row")]
                differs = old is not None and any(
                    getattr(old, name) != getattr(row, name) for name in owed_names
                )
                # An account that comes back from the archive starts anew.
                assert row.is_owed is (row.is_in_scope if old is None else differs)
            connection.execute(update(tag).values(is_owed=False))


@given(expression=expressions, several=st.lists(accounts, min_size=1, max_size=5))
@settings(
    max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_conditions_mean_the_same_on_both_databases(
    store: Store, expression: Expression, several: list[dict[str, Any]]
) -> None:
    with undone(store) as connection:
        relation_metadata.create_all(connection)
        check(connection, expression, several)
        relation.drop(connection)


# Single cases.


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    """A transaction of which nothing stays."""
    with undone(store) as opened:
        yield opened


def add_account(connection: Connection, account_id: int = 1, **values: Any) -> None:
    plain = {"connection_id": 1, "external_id": str(account_id), "modified_at": 0, "pulled_at": 0}
    connection.execute(insert(account).values(id=account_id, **{**plain, **values}))
    connection.execute(insert(dirty).values(account_id=account_id))


def one(connection: Connection) -> Row[Any]:
    return connection.execute(select(tag)).one()


def touch(connection: Connection, account_id: int = 1, **values: Any) -> None:
    connection.execute(update(account).where(account.c.id == account_id).values(**values))
    connection.execute(insert(dirty).values(account_id=account_id))


SMALL = compile_rulebook(small(segments=f"scope: {{when: kind is not null}}\n{TIER}"))
GOLD: Mapping[str, Any] = {"text_1": "client", "money_1": 600_000_00}


def small_run(connection: Connection, today: int = TODAY, **options: Any) -> Evaluation:
    return run(connection, today, rulebook=SMALL, slots=SLOTS, **options)


def test_an_evaluation_forgets_what_it_took_and_nothing_else(connection: Connection) -> None:
    add_account(connection, **GOLD)
    assert small_run(connection) == Evaluation(evaluated=1, changed=1, moved=1)
    assert connection.execute(select(dirty)).all() == []
    assert small_run(connection, step=1) == Evaluation(evaluated=0, changed=0, moved=0)


def test_an_account_that_leaves_the_scope_loses_its_values_and_is_owed(
    connection: Connection,
) -> None:
    add_account(connection, **GOLD)
    small_run(connection)
    connection.execute(update(tag).values(is_owed=False))
    touch(connection, text_1=None)
    assert small_run(connection, step=1).moved == 1
    row = one(connection)
    assert (row.is_in_scope, row.tier, row.why, row.is_owed) == (False, None, None, True)
    tiers = connection.execute(select(tag_history.c.tier).order_by(tag_history.c.valid_from_at))
    assert tiers.scalars().all() == ["gold", None]


def test_an_account_outside_the_scope_owes_nothing(connection: Connection) -> None:
    add_account(connection, money_1=1)
    small_run(connection)
    assert one(connection).is_owed is False
    assert connection.execute(select(tag_history)).all() == []


def test_an_account_that_comes_back_out_of_scope_owes_what_was_written(
    connection: Connection,
) -> None:
    add_account(connection, **GOLD)
    small_run(connection)
    connection.execute(
        insert(outbox).values(
            account_id=1, field="tier", desired="gold", version=1, confirmed="gold",
            confirmed_version=1, confirmed_at=1, state="settled", attempts=0,
        )
    )  # fmt: skip
    touch(connection, archived_at=1)
    small_run(connection, step=1)
    assert connection.execute(select(tag)).all() == []
    touch(connection, archived_at=None, text_1=None)
    small_run(connection, step=2)
    assert one(connection).is_owed is True


def test_a_full_evaluation_of_nothing_but_archived_accounts_drops_their_tags(
    connection: Connection,
) -> None:
    add_account(connection, **GOLD)
    small_run(connection)
    touch(connection, archived_at=1)
    assert small_run(connection, is_full=True, step=1).evaluated == 0
    assert connection.execute(select(tag)).all() == []
    assert connection.execute(select(dirty)).all() == []


def test_a_debt_is_not_forgotten_by_a_later_evaluation(connection: Connection) -> None:
    add_account(connection, **GOLD)
    small_run(connection)
    touch(connection, money_1=700_000_00)
    small_run(connection, step=1)
    assert one(connection).is_owed is True


def test_the_tier_is_dated_from_its_change(connection: Connection) -> None:
    add_account(connection, **GOLD)
    small_run(connection)
    touch(connection, money_1=900_000_00)
    small_run(connection, TODAY + 1)
    assert one(connection).tier_since_at == moment(TODAY).instant
    touch(connection, money_1=1)
    small_run(connection, TODAY + 2)
    assert one(connection).tier_since_at == moment(TODAY + 2).instant
    rows = connection.execute(select(tag_history).order_by(tag_history.c.valid_from_at)).all()
    assert [(row.tier, row.valid_from_at) for row in rows] == [
        ("gold", moment(TODAY).instant), ("silver", moment(TODAY + 2).instant),
    ]  # fmt: skip


def test_two_evaluations_in_one_instant_leave_one_line_of_history(connection: Connection) -> None:
    add_account(connection, **GOLD)
    small_run(connection)
    touch(connection, money_1=1)
    small_run(connection)
    assert [row.tier for row in connection.execute(select(tag_history))] == ["silver"]


def test_records_of_other_accounts_are_not_counted(connection: Connection) -> None:
    """An opportunity that names an account second, an archived contact, a mere note."""
    rulebook = compile_rulebook(
        small(segments=(
            "segment: {table: [{open_opportunities: '0', decision_makers: '0', "
            f"last_logged_contact: unknown, last_won: unknown, then: bare}}]}}\n{TIER}"
        ))
    )  # fmt: skip
    history = History(connection, 1)
    connection.execute(delete(link))
    connection.execute(delete(account))
    connection.execute(delete(dirty))
    add_account(connection, **GOLD)
    plain = {"connection_id": 1, "modified_at": 0}
    rows: Sequence[tuple[str, dict[str, Any]]] = [
        ("opportunity", {"stage_id": 2, "closes_on": 1, "pulled_at": 0}),
        ("contact", {"role": "decision_maker", "archived_at": 1}),
        ("activity", {"kind": "note", "happened_on": 1, "is_contact": False}),
    ]
    for name, values in rows:
        connection.execute(insert(TABLES[name]).values(id=900, external_id="X", **plain, **values))
        connection.execute(
            insert(link).values(relation=f"{name}_account", from_id=900, to_id=1, is_primary=False)
        )
    run(connection, history.today, rulebook=rulebook, slots=SLOTS)
    assert one(connection).segment == "bare"


EVERYTHING = """\
scope: {when: "name is not null or true"}
amounts: {when: "open_amount + potential > potential * 3 - open_amount / 2 + 5000"}
shares: {when: "open_amount / potential > 0.5 or potential / open_amount between -1 and 1e9"}
counts: {when: "decision_makers * influencers * 1e12 > open_opportunities + size * size"}
negative: {when: "-potential < -(-potential) and - - size = -size"}
listed: {when: "potential in (1, -2) or size in (1.5) or kind in ('client') or vip in (true)"}
days: {when: "renewal in ('2026-01-01') or created > renewal or days_since(last_won) < 36500"}
constants: {when: "true and not false or vip = (size = 1)"}
texts: {when: "owner = sector or name <> domain or kind = 'client' or sector = 'it''s 100 % :x'"}
dates: {when: "renewal between '2026-01-01' and '2026-02-01' or days_since(created) < 9"}
truths: {when: "vip is true or vip is not false or not vip is null or vip"}
level: {bands: {of: potential, high: "> 1M", low: "<= 1M", none: unknown}}
aged: {bands: {of: last_logged_contact, new: "< 3 w ago", old: ">= 2020-01-01 | unknown"}}
told: {bands: {of: truths, a: "yes | no", b: unknown}}
sum: {points: {size: {"> 1": 1.5, unknown: -1}, truths: {yes: 2}, level: {high: 3, none: 0}}}
only_else: {table: [{else: x}]}
nothing_left: {table: [{sum: "1..2 | > 5", amounts: yes, then: x}]}
segment:
  table:
    - {texts: yes, only_else: x, then: "{level} {sector} {owner} {aged} {nothing_left} 100 % :x"}
    - {else: "{kind}"}
quadrant: {values: {q: Q}, table: [{else: q}]}
tier:
  values: {gold: [Or, Gold], silver: [Argent, Silver]}
  table:
    - {sum: unknown, then: gold, why: ["100 % : l'été « x » {y}", "%s ? :x"]}
    - {constants: yes, level: high | low, then: silver}
  contact_every: {gold: 0 d, silver: 36500 d}
"""


def extreme(chance: random.Random, account_id: int) -> dict[str, Any]:
    """An account with the greatest, the smallest and the missing of each type."""
    return {
        "name": chance.choice([None, "", "100 % d'érable"]),
        "domain": chance.choice([None, "a.ca"]),
        "owner_id": chance.choice([None, 1]),
        "created_on": chance.choice([None, -700_000, 0, TODAY, 3_000_000]),
        "money_1": chance.choice([None, 0, 1, -(2**63), 2**63 - 1]),
        "number_1": chance.choice([None, 0.0, -1.0, 1e15, 0.1]),
        "text_1": chance.choice([None, "client", "a value of no list"]),
        "text_2": chance.choice([None, "", "{level}", "it's 100 % :x"]),
        "yes_no_1": chance.choice([None, True, False]),
        "date_1": chance.choice([None, -700_000, TODAY, 3_000_000]),
        "external_id": str(account_id),
    }


def test_every_construct_runs_on_extreme_values(connection: Connection) -> None:
    chance = random.Random(5)  # noqa: S311 - reproducible accounts
    rulebook = compile_rulebook(small(fields=FIELDS, segments=EVERYTHING))
    connection.execute(
        insert(owner).values(id=1, connection_id=1, external_id="1", name="O", is_active=True)
    )
    connection.execute(
        insert(stage).values(
            id=1, connection_id=1, external_id="1", pipeline_id="P", pipeline_label="P", label="L",
            position=1, probability=0.5, kind="open",
        )
    )  # fmt: skip
    for account_id in range(1, 41):
        add_account(connection, account_id, **extreme(chance, account_id))
        # Two open amounts of which the sum is over 64 bits.
        for number in (2 * account_id, 2 * account_id + 1):
            connection.execute(
                insert(opportunity).values(
                    id=number, connection_id=1, external_id=str(number), stage_id=1, modified_at=0,
                    pulled_at=0, team_amount=chance.choice([None, 0, 2**63 - 1, 2**63 - 1]),
                )
            )  # fmt: skip
            connection.execute(
                insert(link).values(
                    relation="opportunity_account", from_id=number, to_id=account_id,
                    is_primary=True,
                )
            )  # fmt: skip
    for today in (TODAY, TODAY + 1, 100_000):
        run(connection, today, rulebook=rulebook, slots=SLOTS)
        found = tags(connection)
        assert len(found) == 40
        assert {row.tier for row in found.values()} <= {"gold", "silver", None}
    query = rulebook.tagging.select(facts_relation(rulebook.tagging.facts, SLOTS))
    assert len(connection.execute(query, {"today": 100_000}).all()) == 40


def test_a_table_of_the_greatest_length_runs(connection: Connection) -> None:
    rows = "".join(
        f"    - {{potential: {n}..{n + 1} | > 1M | unknown, sector: s{n} | x, then: gold}}\n"
        for n in range(499)
    )
    rulebook = compile_rulebook(
        small(segments=f"tier:\n  values: {{gold: G}}\n  table:\n{rows}    - {{else: gold}}\n")
    )
    add_account(connection, money_1=498_50, text_2="s498")
    run(connection, TODAY, rulebook=rulebook, slots=SLOTS)
    assert one(connection).tier_row == 499


def test_the_tables_of_this_file_are_those_of_the_store() -> None:
    assert set(TABLES) <= set(metadata.tables)
