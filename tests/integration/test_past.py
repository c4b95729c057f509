"""The past as the store remembers it: bound fields that change, and facts as of a past day."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from connectors.base import Binding
from rules.facts import BUILT_IN, BUILT_IN_MEASURES
from rules.records import (
    Account,
    Activity,
    FieldType,
    Kind,
    Link,
    Opportunity,
    Relation,
    StageKind,
    Value,
)
from rules.time import Day, Instant, day_of, start_of
from service.store import bindings, blanks, followed, past
from service.store.facts import fact_slots, facts_relation
from service.store.followed import Followed
from service.store.hindsight import Hindsights
from service.store.history import BOUND
from service.store.past import Moment
from tests.integration.pages import (
    MINUTE,
    NOON,
    Workspace,
    account,
    activity,
    contact,
    deal_of,
    entry,
    linked,
    opportunity,
    owner,
    page,
    stage,
)

ZONE = ZoneInfo("America/Toronto")
DAY = 24 * 60 * MINUTE
T1, T2, T3, T4 = (NOON + number * DAY for number in range(4))
POTENTIAL = Binding(
    kind=Kind.ACCOUNT, name="potential", crm_field="p", type=FieldType.MONEY, values={}
)
BOUND_FIELDS: Mapping[str, tuple[FieldType, Sequence[Value]]] = {
    "potential": (FieldType.MONEY, [None, 0, 100_00, 2**62]),
    "size": (FieldType.NUMBER, [None, 0.1, 3.0, 1e15, -2.5]),
    "sector": (FieldType.TEXT, [None, "", "bois d'œuvre", "1"]),
    "renewal": (FieldType.DATE, [None, 0, 20_000, -5]),
    "vip": (FieldType.YES_NO, [None, True, False]),
}


def bind(workspace: Workspace, *bound: Binding) -> None:
    with workspace.store.write() as connection:
        bindings.save_bindings(connection, {"memory": bound})


def read_in_full(workspace: Workspace, now: Instant, *bound: Binding) -> None:
    with workspace.store.write() as connection:
        bindings.mark_backfilled(connection, "memory", bound, now)


def with_potential(value: Value, modified_at: Instant, **values: Any) -> Account:
    return account(modified_at=modified_at, fields={"potential": value}, **values)


def potentials(workspace: Workspace) -> list[tuple[str | None, Instant, Instant | None]]:
    return workspace.history(f"{BOUND}potential")


@pytest.fixture
def bound(workspace: Workspace) -> Workspace:
    """An account whose potential was read in full at T1."""
    bind(workspace, POTENTIAL)
    workspace.write(page(with_potential(100, T1)), now=T1)
    read_in_full(workspace, T1, POTENTIAL)
    return workspace


def test_a_first_pull_keeps_no_row_for_bound_fields(bound: Workspace) -> None:
    assert potentials(bound) == []


def test_what_changed_before_all_was_read_is_not_kept(workspace: Workspace) -> None:
    bind(workspace, POTENTIAL)
    workspace.write(page(with_potential(100, T1)), now=T1)
    workspace.write(page(with_potential(200, T2)), now=T2)
    assert potentials(workspace) == []


def test_each_change_keeps_the_value_that_ended(bound: Workspace) -> None:
    bound.write(page(with_potential(200, T2)), now=T2)
    bound.write(page(with_potential(200, T3, name="Autre")), now=T3)
    bound.write(page(with_potential(300, T4)), now=T4)
    assert potentials(bound) == [("100", T1, T2), ("200", T2, T4)]


def test_a_change_that_the_date_of_the_record_hides_counts_from_when_it_was_seen(
    bound: Workspace,
) -> None:
    bound.write(page(with_potential(200, T1)), now=T3)
    assert potentials(bound) == [("100", T1, T3)]


def test_a_value_that_goes_ends_when_it_is_taken_over(bound: Workspace) -> None:
    bound.write(page(with_potential(None, T2)), now=T2)
    assert potentials(bound) == []
    with bound.store.write() as connection:
        blanks.judge(connection, bound.connection_id, "memory", T3)
    assert potentials(bound) == [("100", T1, T3)]
    assert bound.row("account", "A1").money_1 is None


def test_a_slot_that_another_field_uses_again_brings_no_past_along(bound: Workspace) -> None:
    bound.write(page(with_potential(200, T2)), now=T2)
    other = replace(POTENTIAL, name="revenue", crm_field="r")
    bind(bound, other)
    (field,) = followed_of(bound)
    assert (field.name, field.slot, field.since_at) == ("revenue", "money_1", None)
    bound.write(page(account(fields={"revenue": 7}, modified_at=T3)), now=T3)
    read_in_full(bound, T3, other)
    at_t1 = Moment(day=day_of(T1, ZONE), instant=T1)
    assert [row.revenue for row in facts(bound, at_t1, ["revenue"])] == [7]


def test_a_field_that_is_bound_otherwise_starts_its_history_again(bound: Workspace) -> None:
    bound.write(page(with_potential(200, T2)), now=T2)
    changed = replace(POTENTIAL, crm_field="q")
    bind(bound, changed)
    bound.write(page(with_potential(300, T2)), now=T3)
    read_in_full(bound, T3, changed)
    bound.write(page(with_potential(400, T4)), now=T4)
    (field,) = followed_of(bound)
    assert field.since_at == T3
    assert potentials(bound) == [("100", T1, T2), ("300", T3, T4)]
    # Whatever was read of the other field, the first value of this one stands for the day.
    at_t1 = Moment(day=day_of(T1, ZONE), instant=T1 + MINUTE)
    assert [row.potential for row in facts(bound, at_t1, ["potential"])] == [300]


def test_reading_all_again_leaves_the_beginning_of_a_history(bound: Workspace) -> None:
    read_in_full(bound, T3, POTENTIAL)
    assert [each.since_at for each in followed_of(bound)] == [T1]


def test_a_known_record_that_gets_a_value_had_none_before(workspace: Workspace) -> None:
    workspace.write(page(opportunity(amount=None, modified_at=T1)))
    workspace.write(page(opportunity(amount=500, modified_at=T3)))
    assert workspace.history("amount") == [(None, T1, T3), ("500", T3, None)]
    # Measures count entries: that there was nothing is none.
    entries = [row.valid_from_on for row in workspace.rows("history") if row.field == "amount"]
    assert entries == [None, day_of(T3, ZONE)]


def test_an_account_merged_into_another_was_not_there(workspace: Workspace) -> None:
    workspace.write(page(account("A1", modified_at=T1), account("A2", modified_at=T1)), now=T1)
    workspace.write(page(account("A1", modified_at=T3, merged_ids=["A2"])), now=T3)
    at_t2 = Moment(day=day_of(T2, ZONE), instant=T2)
    assert [row.account_id for row in facts(workspace, at_t2, ["name"])] == [
        workspace.id_of(Kind.ACCOUNT, "A1")
    ]


def test_one_first_seen_closed_was_open_until_its_close_date(workspace: Workspace) -> None:
    workspace.write(page(stage("S1", kind=StageKind.WON)))
    workspace.write(page(account(modified_at=T1)))
    won = opportunity(modified_at=T4, created_at=T1, closes_at=T3)
    workspace.write(page(won, links=[deal_of("A1")]), now=T4)
    told = {}
    for at in (T2, T3):
        (row,) = facts(workspace, Moment.of(day_of(at, ZONE), ZONE), ["open_amount", "last_won"])
        told[at] = (row.open_amount, row.last_won)
    assert told == {T2: (100_00, None), T3: (0, day_of(T3, ZONE))}


def followed_of(workspace: Workspace) -> list[Followed]:
    with workspace.store.read() as connection:
        return followed.load(connection)


def facts(workspace: Workspace, moment: Moment, names: Sequence[str]) -> Sequence[Any]:
    """The facts as of a moment, by account."""
    with workspace.store.read() as connection:
        fields = followed.load(connection)
        slots = {Kind.ACCOUNT: {each.name: each.column for each in fields}}
        relation = facts_relation(names, fact_slots(slots), sources=past.sources(moment, fields))
        query = select(relation).order_by(relation.c.account_id)
        return connection.execute(query, {"today": moment.day}).all()


class Story:
    """A CRM that changes at random, day after day, and is pulled at the end of each."""

    def __init__(self, workspace: Workspace, seed: int) -> None:
        self.workspace = workspace
        self.chance = random.Random(seed)  # noqa: S311 - a reproducible story
        self.day: Day = day_of(NOON, ZONE)
        self.bound = [
            Binding(kind=Kind.ACCOUNT, name=name, crm_field=name, type=type_, values={})
            for name, (type_, _) in BOUND_FIELDS.items()
        ]
        bind(workspace, *self.bound)
        self.accounts: dict[str, Account] = {}
        self.deals: dict[str, Opportunity] = {}
        self.activities: dict[str, Activity] = {}
        self.links: dict[str, Link] = {}
        self.changed: set[str] = set()
        self.seen: dict[Day, dict[int, Any]] = {}
        workspace.write(page(owner("O1", name="Maude"), owner("O2", name="Luc")))
        workspace.write(
            page(*(stage(each.value, label=each.value, kind=each) for each in StageKind))
        )
        # Some of these changed last long before the first pull.
        for number in range(5):
            self.new_account(f"A{number}", age=number * 3 * DAY)
            self.new_deal(f"A{number}", age=number * 2 * DAY)
        self.pull()
        read_in_full(workspace, self.end, *self.bound)
        workspace.write(
            page(contact("C1"), links=[linked(Relation.CONTACT_ACCOUNT, "C1", "A0")]),
            now=self.end,
        )
        self.keep()

    @property
    def end(self) -> Instant:
        return start_of(self.day + 1, ZONE) - MINUTE

    def instant(self) -> Instant:
        """Some time of the day."""
        return start_of(self.day, ZONE) + self.chance.randrange(1, 20 * 60) * MINUTE

    def new_account(self, name: str, age: Instant = 0) -> None:
        at = self.instant() - age
        self.accounts[name] = account(
            name, created_at=at, modified_at=at, owner_id=self.chance.choice([None, "O1", "O2"]),
            fields={each: self.chance.choice(values) for each, (_, values) in BOUND_FIELDS.items()},
        )  # fmt: skip
        self.changed.add(name)

    def new_deal(self, of: str, age: Instant = 0) -> None:
        name, at = f"D{len(self.deals)}", self.instant() - age
        first = self.chance.choice(list(StageKind)).value
        self.deals[name] = opportunity(
            name, created_at=at, modified_at=at, stage_id=first,
            amount=self.chance.choice([None, 0, 100_00, 250_00]),
            closes_at=self.chance.choice([None, at, at + 3 * DAY]),
            # Some CRMs tell of every stage, others only of the present one.
            stage_entries=[entry(first, at)] if self.chance.random() < 0.5 else (),
        )  # fmt: skip
        self.links[name] = deal_of(of, name)
        self.changed.add(name)

    def new_activity(self, of: str) -> None:
        name, at = f"V{len(self.activities)}", self.instant()
        planned = self.chance.choice([0, 0, 3 * DAY])
        self.activities[name] = activity(name, modified_at=at, happened_at=at + planned)
        self.links[name] = linked(Relation.ACTIVITY_ACCOUNT, name, of)
        self.changed.add(name)

    def change_account(self, name: str) -> None:
        before = self.accounts[name]
        at = max(self.instant(), before.modified_at + MINUTE)
        what, field = self.chance.randrange(4), self.chance.choice(list(BOUND_FIELDS))
        values: dict[str, Any] = {"owner_id": self.chance.choice([None, "O1", "O2"])}
        if what == 0 and self.chance.random() < 0.3:
            values = {"archived_at": before.archived_at or at}
        elif what:
            value = self.chance.choice(BOUND_FIELDS[field][1])
            values = {"fields": {**before.fields, field: value}}
        self.accounts[name] = replace(before, modified_at=at, **values)
        self.changed.add(name)

    def change_deal(self, name: str) -> None:
        before = self.deals[name]
        at = max(self.instant(), before.modified_at + MINUTE)
        values: dict[str, Any] = {}
        match self.chance.randrange(4):
            case 0:
                values["amount"] = self.chance.choice([None, 0, 100_00, 999_00])
            case 1:
                values["closes_at"] = self.chance.choice([None, at, at + 5 * DAY])
            case 2:
                values["archived_at"] = before.archived_at or at
            case _:
                next_ = self.chance.choice(list(StageKind)).value
                values["stage_id"] = next_
                if before.stage_entries:
                    values["stage_entries"] = [*before.stage_entries, entry(next_, at)]
        self.deals[name] = replace(before, modified_at=at, **values)
        self.changed.add(name)

    def live(self) -> None:
        """The next day, or one soon after, with some changes; pulled in the evening."""
        self.day += self.chance.choice([1, 1, 2, 9])
        for _ in range(self.chance.randint(1, 6)):
            name = self.chance.choice(sorted(self.accounts))
            match self.chance.randrange(6):
                case 0:
                    self.new_deal(name)
                case 1:
                    self.new_activity(name)
                case 2:
                    self.new_account(f"A{len(self.accounts)}")
                case 3 | 4:
                    self.change_account(name)
                case _:
                    self.change_deal(self.chance.choice(sorted(self.deals)))
        self.pull()
        self.keep()

    def pull(self) -> None:
        for records in (self.accounts, self.deals, self.activities):
            changed = sorted(self.changed & records.keys())
            if changed:
                links = [self.links[name] for name in changed if name in self.links]
                whole: Any = [records[name] for name in changed]
                self.workspace.write(page(*whole, links=links), now=self.end)
        self.changed.clear()
        with self.workspace.store.write() as connection:
            blanks.judge(connection, self.workspace.connection_id, "memory", self.end)

    def keep(self) -> None:
        """Remember the facts that an evaluation sees this evening."""
        with self.workspace.store.read() as connection:
            slots = fact_slots(bindings.load_slots(connection))
            relation = facts_relation(self.names, slots)
            rows = connection.execute(select(relation), {"today": self.day})
            self.seen[self.day] = {row.account_id: row for row in rows}

    @property
    def names(self) -> list[str]:
        return [*BUILT_IN, *BOUND_FIELDS]

    def doubtful(self, day: Day) -> dict[str, set[int]]:
        """By fact, the accounts of which the past does not claim to know it."""
        moment = Moment.of(day, ZONE)
        with self.workspace.store.read() as connection:
            fields = followed.load(connection)
            known = Hindsights(
                moment=moment, sources=past.sources(moment, fields), followed=fields,
                measures=BUILT_IN_MEASURES,
            )  # fmt: skip
            queries = {name: known.accounts(name) for name in self.names}
            return {
                name: set() if query is None else set(connection.scalars(select(query)))
                for name, query in queries.items()
            }


@pytest.mark.parametrize("seed", range(3))
def test_past_facts_are_what_an_evaluation_saw_on_the_day(workspace: Workspace, seed: int) -> None:
    story = Story(workspace, seed)
    for _ in range(6):
        story.live()
    compared = 0
    for day, seen in story.seen.items():
        found = {row.account_id: row for row in facts(workspace, Moment.of(day, ZONE), story.names)}
        assert found.keys() == seen.keys()
        doubtful = story.doubtful(day)
        for account_id, row in seen.items():
            for name in story.names:
                if account_id not in doubtful[name]:
                    told = (day, name, getattr(found[account_id], name))
                    assert told == (day, name, getattr(row, name))
                    compared += 1
    # What is known must not be explained away as hindsight.
    every = sum(len(seen) for seen in story.seen.values()) * len(story.names)
    assert compared > 0.75 * every
