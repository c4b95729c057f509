"""One command at a time works on a CRM: who may, until when, and what a dead one leaves."""

import subprocess
import sys

import pytest

from service import lease
from service.lease import RENEW_MS, TTL_MS, LeaseError
from service.store import leases, runs
from service.store.engine import Store
from tests.integration.office import MINUTE, VENDOR, Died, Office

NOW = 1_800_000_000_000
NAME = f"crm:{VENDOR}"
SOMEBODY = "elsewhere:12:0-abcd"


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


def take(office: Office, holder: str = SOMEBODY) -> int:
    """Somebody works on the CRM from now on."""
    with office.app.store.write() as connection:
        fence = leases.acquire(connection, NAME, holder, now=office.now, ttl=TTL_MS)
    assert fence is not None
    return fence


def states(office: Office) -> list[tuple[str, str, str | None]]:
    return [(row.command, row.state, row.error) for row in office.rows("run")]


# The table.


def test_a_place_is_held_by_one_until_it_ends(store: Store) -> None:
    with store.write() as connection:
        assert leases.acquire(connection, "a", "one", now=NOW, ttl=10) == 1
        assert leases.acquire(connection, "b", "two", now=NOW, ttl=10) == 1
        assert leases.acquire(connection, "a", "two", now=NOW + 9, ttl=10) is None
        # Not even the same holder twice: its other thread works there.
        assert leases.acquire(connection, "a", "one", now=NOW + 9, ttl=10) is None
        assert leases.acquire(connection, "a", "two", now=NOW + 10, ttl=10) == 2
        found = leases.find(connection, "a")
        assert found == leases.Lease(holder="two", fence=2, until_at=NOW + 20)
        assert leases.find(connection, "c") is None


def test_a_renewed_place_ends_later_and_only_its_holder_renews_it(store: Store) -> None:
    with store.write() as connection:
        leases.acquire(connection, "a", "one", now=NOW, ttl=10)
        assert leases.renew(connection, "a", 1, now=NOW + 8, ttl=10)
        assert leases.acquire(connection, "a", "two", now=NOW + 17, ttl=10) is None
        assert leases.acquire(connection, "a", "two", now=NOW + 18, ttl=10) == 2
        assert not leases.renew(connection, "a", 1, now=NOW + 19, ttl=10)


def test_a_place_that_is_left_is_free_at_once_and_only_its_holder_leaves_it(store: Store) -> None:
    with store.write() as connection:
        leases.acquire(connection, "a", "one", now=NOW, ttl=10)
        leases.release(connection, "a", 1)
        assert leases.acquire(connection, "a", "two", now=NOW, ttl=10) == 2
        leases.release(connection, "a", 1)
        assert leases.acquire(connection, "a", "three", now=NOW, ttl=10) is None


def test_the_place_of_a_dead_holder_is_taken_unless_somebody_was_quicker(store: Store) -> None:
    with store.write() as connection:
        leases.acquire(connection, "a", "dead", now=NOW, ttl=10)
        assert leases.acquire(connection, "a", "x", now=NOW, ttl=10, instead_of="dead") == 2
        assert leases.acquire(connection, "a", "y", now=NOW, ttl=10, instead_of="dead") is None


# Commands.


def test_a_cycle_leaves_a_crm_to_the_command_that_works_on_it(office: Office) -> None:
    office.put_accounts("a")
    take(office)

    report = office.cycle()

    told = report.failures[VENDOR]
    assert "machine elsewhere, processus 12" in told.fr
    assert "2026-06-29 07:10 (America/Toronto)" in told.fr
    assert "machine elsewhere, process 12" in told.en
    assert (report.pulled, report.pushed) == ({}, {})
    assert office.crm.written == []
    assert office.crm.tasks == {}
    # Ten minutes later it is presumed dead.
    office.now += TTL_MS
    assert office.cycle().failures == {}
    assert len(office.crm.tasks) == 1


def test_a_lease_is_left_at_the_end_even_of_a_cycle_that_dies(office: Office) -> None:
    office.put_accounts("a")
    office.crm.dies_before_task = True
    with pytest.raises(Died):
        office.cycle()
    with lease.held(office.app, VENDOR):
        pass


def test_a_lease_lasts_as_long_as_it_is_renewed(office: Office) -> None:
    with lease.held(office.app, VENDOR) as renew:
        for _ in range(3):
            office.now += TTL_MS - MINUTE
            renew()
        office.now += TTL_MS - MINUTE
        with pytest.raises(LeaseError), lease.held(office.app, VENDOR):
            pass


def test_a_renewal_costs_a_transaction_once_a_minute(office: Office) -> None:
    with lease.held(office.app, VENDOR) as renew:
        before = office.rows("lease")
        office.now += RENEW_MS - 1
        renew()
        assert office.rows("lease") == before
        office.now += 1
        renew()
        assert office.rows("lease") != before


def test_who_has_lost_the_lease_stops_and_leaves_the_other_alone(office: Office) -> None:
    with lease.held(office.app, VENDOR) as renew:
        office.now += TTL_MS
        take(office)
        with pytest.raises(LeaseError, match="taken over"):
            renew()
    (row,) = office.rows("lease")
    assert (row.holder, row.until_at) == (SOMEBODY, office.now + TTL_MS)


def test_a_push_that_has_lost_the_lease_sends_nothing_more(office: Office) -> None:
    office.put_accounts("a")
    office.decide()
    with lease.held(office.app, VENDOR) as renew:
        office.now += TTL_MS
        take(office)
        with pytest.raises(LeaseError):
            office.push(renew=renew)
    assert office.crm.written == []


def test_a_dead_process_of_this_machine_holds_nothing(office: Office) -> None:
    host, _, rest = lease.me().rsplit(":", 2)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = f"{host}:{ended.pid}:{rest}"
    take(office, dead)
    with lease.held(office.app, VENDOR):
        pass
    assert lease.is_dead(dead)


@pytest.mark.parametrize("change", ["host", "numbering", "none", "parent"])
def test_whoever_may_live_is_not_taken_for_dead(change: str) -> None:
    host, number, rest = lease.me().rsplit(":", 2)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    holders = {
        # Its number says nothing here.
        "host": f"another-{host}:{gone.pid}:{rest}",
        "numbering": f"{host}:{gone.pid}:another-{rest}",
        # Ourselves, another thread; a process that runs.
        "none": f"{host}:{number}:{rest}",
        "parent": f"{host}:1:{rest}",
    }
    assert not lease.is_dead(holders[change])


def test_a_process_that_had_our_number_before_us_is_dead() -> None:
    assert lease.is_dead(f"{lease.me()}-earlier")


# What a dead command leaves.


def test_the_runs_of_killed_commands_are_marked_once_the_lease_is_taken(office: Office) -> None:
    with office.app.store.write() as connection:
        for command in ("pull", "push", "run", "tag"):
            runs.begin_run(connection, command, office.now)

    assert office.cycle().failures == {}

    assert states(office) == [
        ("pull", "failed", "interrupted"),
        ("push", "failed", "interrupted"),
        ("run", "failed", "interrupted"),
        ("tag", "running", None),
        ("run", "done", None),
    ]
    assert all(row.finished_at == office.now for row in office.rows("run")[:3])


def test_a_run_on_another_crm_is_not_taken_for_a_dead_one(office: Office) -> None:
    with office.app.store.write() as connection:
        runs.begin_run(connection, "pull", office.now)
        leases.acquire(connection, "crm:other", SOMEBODY, now=office.now, ttl=TTL_MS)
    with lease.held(office.app, VENDOR):
        assert states(office) == [("pull", "running", None)]
