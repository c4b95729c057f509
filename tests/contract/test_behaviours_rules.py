"""What a CRM is asked for when the rules change: a field that no rule fills is none of ours."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.base import Provision
from rules.owned import Owned
from rules.records import Kind
from service import provision
from service.store.engine import Store, open_store
from tests.contract.busy import BusyCrm
from tests.contract.territory import Territory, playbook
from tests.integration.machine import hasten

CRMS = ("memory", "hubspot")
HIGH, LOW = "600000", "1000"


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """A store on one database: what is asked of a CRM depends on none."""
    shutil.copy(sqlite_template, tmp_path / "arpent.sqlite3")
    opened = open_store(f"sqlite:///{tmp_path / 'arpent.sqlite3'}")
    hasten(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize("busy", CRMS, indirect=True)
def test_a_playbook_without_priorities_asks_for_no_such_field(busy: BusyCrm, store: Store) -> None:
    """A CRM would refuse a choice without an option, and with it the whole setting-up."""
    territory = Territory(busy, store, book=playbook(busy, priorities=False))
    (key,) = territory.put_accounts(HIGH)
    territory.app.preflight(busy.connector)

    territory.cycle()

    assert {each.state for each in territory.provisioned} == {Provision.CREATED}
    names = {each.own for each in busy.connector.fields(Kind.ACCOUNT)}
    assert "tier" in names
    assert "priority" not in names
    assert busy.own_value(key, "tier") == "gold"
    assert Owned.PRIORITY.value not in territory.debts(key)
    # Nothing is missing, so that no field of ours is parked.
    assert territory.rows("field_notice") == []


@pytest.mark.parametrize("busy", CRMS, indirect=True)
def test_priorities_come_and_go_with_their_rule(busy: BusyCrm, store: Store) -> None:
    territory = Territory(busy, store)
    keys = territory.put_accounts(HIGH, LOW)
    territory.cycle()
    assert [busy.own_value(key, "priority") for key in keys] == ["p1", "p2"]

    territory.publish(playbook(busy, priorities=False))
    territory.later()
    assert [busy.own_value(key, "priority") for key in keys] == [None, None]
    assert [busy.own_value(key, "tier") for key in keys] == ["gold", "silver"]
    territory.app.preflight(busy.connector)

    territory.publish(playbook(busy))
    found = provision.run(busy.connector, territory.app.published().rulebook, dry_run=False)
    assert {each.state for each in found} == {Provision.PRESENT}
    territory.later()
    assert [busy.own_value(key, "priority") for key in keys] == ["p1", "p2"]
