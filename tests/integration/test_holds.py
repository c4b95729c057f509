"""Values that wait for a person, on both databases: when, for how long, and how they go on."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, insert, select, update

from rules.owned import Owned
from rules.thresholds import Mass, Threshold, Thresholds
from service.store import holds, outbox, runs
from service.store.engine import Store
from service.store.holds import Held
from service.store.runs import RunState
from service.store.tables import connection as crm
from service.store.tables import outbox as outbox_table
from service.store.tables import owner
from tests.integration.office import VENDOR, Office
from tests.integration.test_outbox import NOW, TIER, add, pull, read_back, retag, row, send
from tests.integration.test_tags import undone

# More than 30 % and more than 2 accounts; clearings above 10 % and 1.
SMALL = Thresholds(firm=Threshold(30, 2), moving=Threshold(60, 2), cleared=Threshold(10, 1))
FIELDS = (Owned.TIER, Owned.WHY)
ALL = range(1, 11)
FIRST, SECOND = 11, 12


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    """Ten gold accounts whose CRM holds what we wrote, in a transaction of which nothing stays."""
    with undone(store) as opened:
        hubspot = {"id": 1, "vendor": "hubspot", "account_id": "1", "name": "-"}
        opened.execute(insert(crm).values(**hubspot, currency="CAD", state="active"))
        for number in ALL:
            add(opened, number)
        outbox.owe(opened, 1, FIELDS)
        send(opened)
        for number in ALL:
            pull(opened, NOW + 1, number, tier="gold", why="Or : x")
        yield opened


def want(connection: Connection, tier: str | None, *numbers: int) -> None:
    """The rules want this tier for these accounts."""
    for number in numbers:
        retag(connection, number, tier=tier)
    outbox.owe(connection, 1, FIELDS)


def judge(connection: Connection, run_id: int = FIRST, rep_key: str | None = None) -> int:
    """What a push does before it sends anything."""
    read_back(connection, NOW + 2)
    masses = holds.masses(connection, 1, SMALL, rep_key=rep_key)
    return holds.hold(connection, 1, run_id, [mass.field for mass in masses], rep_key=rep_key)


def states(connection: Connection) -> dict[int, str]:
    rows = connection.execute(select(outbox_table).where(outbox_table.c.field == "tier"))
    return {each.account_id: each.state for each in rows}


def test_up_to_the_thresholds_nothing_is_held(connection: Connection) -> None:
    want(connection, "silver", 1, 2, 3)
    assert judge(connection) == 0
    assert set(states(connection).values()) == {"owed", "settled"}


def test_one_more_and_the_field_is_held_and_the_others_go_on(connection: Connection) -> None:
    want(connection, "silver", 1, 2, 3, 4)
    retag(connection, 1, why="Argent : y")
    outbox.owe(connection, 1, FIELDS)
    assert holds.masses(connection, 1, SMALL) == [
        Mass(field=Owned.TIER, holders=10, changed=4, cleared=0)
    ]
    assert judge(connection) == 4
    assert holds.held(connection, 1) == [Held(run_id=FIRST, field=Owned.TIER, values=4, cleared=0)]
    assert [each.field for each in outbox.pending(connection, 1)] == ["why"]


def test_the_first_filling_of_an_empty_field_is_no_change(connection: Connection) -> None:
    for number in range(11, 31):
        add(connection, number)
    outbox.owe(connection, 1, FIELDS)
    assert judge(connection) == 0
    assert outbox.count(connection, 1) == 40


def test_values_that_vanish_are_held_sooner(connection: Connection) -> None:
    want(connection, None, 1)
    assert judge(connection) == 0
    want(connection, None, 2)
    assert judge(connection) == 2
    assert holds.held(connection, 1) == [Held(run_id=FIRST, field=Owned.TIER, values=2, cleared=2)]


def test_what_comes_later_joins_the_hold(connection: Connection) -> None:
    want(connection, "silver", 1, 2, 3, 4)
    judge(connection)
    want(connection, "silver", 5)
    assert judge(connection, SECOND) == 1
    assert holds.held(connection, 1) == [Held(run_id=FIRST, field=Owned.TIER, values=5, cleared=0)]
    assert not holds.is_holding(connection, SECOND)


def test_a_newer_value_stays_held_and_the_old_one_ends_the_hold(connection: Connection) -> None:
    want(connection, "silver", 1, 2, 3, 4)
    judge(connection)
    want(connection, "bronze", 1)
    assert (row(connection).state, row(connection).desired) == ("held", "bronze")
    want(connection, "gold", 1, 2, 3, 4)
    assert set(states(connection).values()) == {"settled"}
    assert outbox.pending(connection, 1) == []
    assert holds.held(connection, 1) == []


def test_what_was_held_before_it_was_ever_sent_ends_with_the_value_of_the_crm(
    connection: Connection,
) -> None:
    for number in (21, 22, 23):
        add(connection, number, tier="silver")
        pull(connection, NOW, number, tier="gold", why="Or : x")
    want(connection, "silver", 1, 2)
    assert judge(connection) == 5
    want(connection, "gold", 21)
    assert row(connection, account_id=21).state == "settled"
    assert row(connection, account_id=22).state == "held"


def test_a_release_sends_exactly_what_was_held(connection: Connection) -> None:
    with_run = runs.begin_run(connection, "push", NOW)
    want(connection, "silver", 1, 2, 3, 4)
    judge(connection, with_run)
    runs.finish_run(connection, with_run, RunState.HELD, counts={}, now=NOW)
    retag(connection, 9, why="Autre")
    outbox.owe(connection, 1, FIELDS)

    assert holds.release(connection, 1, SECOND) == 0
    assert holds.release(connection, 1, with_run) == 4
    holds.end(connection, with_run)

    found = runs.find_run(connection, with_run)
    assert found is not None
    assert found.state is RunState.DONE
    let_go = outbox.pending(connection, 1, let_go_by=with_run)
    assert [(each.account_id, each.field) for each in let_go] == [
        (number, "tier") for number in (1, 2, 3, 4)
    ]
    # A push that died after the release goes on with it: what a person let go is not held again.
    assert judge(connection, SECOND) == 0
    send(connection, now=NOW + 2)
    assert set(states(connection).values()) == {"settled"}


def test_a_newer_value_of_what_was_let_go_is_judged_anew(connection: Connection) -> None:
    want(connection, "silver", 1, 2, 3, 4)
    judge(connection)
    holds.release(connection, 1, FIRST)
    want(connection, "bronze", 1, 2, 3, 4)
    assert judge(connection, SECOND) == 4
    assert outbox.pending(connection, 1, let_go_by=FIRST) == []


def test_an_edit_of_a_person_since_is_not_released(connection: Connection) -> None:
    want(connection, "silver", 1, 2, 3, 4)
    judge(connection)
    pull(connection, NOW + 5, 1, tier="bronze")
    holds.release(connection, 1, FIRST)
    read_back(connection, NOW + 6)
    assert row(connection).state == "drift"
    assert 1 not in {each.account_id for each in outbox.pending(connection, 1, let_go_by=FIRST)}


def test_a_pilot_holds_only_what_it_would_send(connection: Connection) -> None:
    holders = [
        owner.insert().values(id=number, connection_id=1, external_id=key, rep_key=key)
        for number, key in ((71, "elise"), (72, "marc"))
    ]
    for statement in holders:
        connection.execute(statement.values(name="-", is_active=True))
    add(connection, 31, owner_id=71)
    want(connection, "silver", 1, 2, 3, 4)
    assert judge(connection, rep_key="marc") == 0
    # What a held field would fill for the first time waits with it.
    assert judge(connection, rep_key=None) == 5


def test_an_undone_value_is_the_order_of_a_person(connection: Connection) -> None:
    want(connection, "silver", 1, 2, 3, 4)
    connection.execute(
        update(outbox_table)
        .where(outbox_table.c.field == "tier")
        .values(pin="undone", pin_run_id=1)
    )
    assert judge(connection) == 0


def test_what_belongs_to_another_crm_does_not_count(connection: Connection) -> None:
    for number in range(51, 61):
        add(connection, number, crm=2)
    want(connection, "silver", 1, 2, 3, 4)
    outbox.owe(connection, 2, TIER)
    judge(connection)
    assert holds.held(connection, 2) == []
    assert holds.release(connection, 2, FIRST) == 0
    assert len(outbox.pending(connection, 2)) == 10


def test_a_value_that_this_store_never_wrote_is_not_replaced_by_itself(store: Store) -> None:
    """A new store on a CRM that was in use, or a person who was quicker than the first push."""
    office = Office(store)
    office.put_accounts("a", "b")
    office.crm.edit_own_field("a", "tier", "gold")
    report = office.cycle().pushed[VENDOR]
    assert office.crm.own_field("a", "tier") == "gold"
    assert office.crm.own_field("a", "priority") is not None
    assert office.crm.own_field("b", "tier") == "silver"
    (held,) = report.held
    assert (held.field, held.values, held.run_id) == (Owned.TIER, 1, report.run_id)
    # It waits, and does not hold back what else changes in that field.
    office.put_accounts("c")
    office.cycle()
    assert office.crm.own_field("a", "tier") == "gold"
    assert office.crm.own_field("c", "tier") == "silver"
    with office.app.store.write() as connection:
        assert holds.release(connection, office.connection_id, held.run_id) == 1
    office.cycle()
    assert office.crm.own_field("a", "tier") == "silver"
