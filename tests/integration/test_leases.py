"""One command at a time works on a CRM: who may, until when, and what a dead one leaves."""

import subprocess
import sys
import time

import pytest

from service import lease
from service.app import App
from service.lease import ABANDONED_MS, LeaseError, StoppedError
from service.settings import Settings
from service.store import leases, runs
from service.store.engine import Store
from service.watch import Watch
from tests.integration.office import VENDOR, Died, Office

NOW = 1_800_000_000_000
NAME = f"crm:{VENDOR}"
SOMEBODY = "elsewhere:12:0-abcd"


class Stopwatch:
    """A monotonic clock that goes on when told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


def elsewhere(office: Office, stopwatch: Stopwatch, seconds: float = 60) -> App:
    """Another process on the same store, with a monotonic clock of its own."""
    settings = Settings(database_url="sqlite://", lease_seconds=seconds)
    return App(settings, office.app.store, office.app.clock, Watch(stopwatch))


def take(office: Office, holder: str = SOMEBODY) -> int:
    """Somebody works on the CRM from now on, in place of whoever did."""
    with office.app.store.write() as connection:
        known = leases.find(connection, NAME)
        fence = leases.acquire(connection, NAME, holder, now=office.now, instead_of=known)
    assert fence is not None
    return fence


def beat(office: Office, fence: int) -> None:
    with office.app.store.write() as connection:
        assert leases.beat(connection, NAME, fence, now=office.now)


def states(office: Office) -> list[tuple[str, str, str | None]]:
    return [(row.command, row.state, row.error) for row in office.rows("run")]


# The table.


def test_a_place_is_held_by_one_until_it_is_left(store: Store) -> None:
    with store.write() as connection:
        assert leases.acquire(connection, "a", "one", now=NOW) == 1
        assert leases.acquire(connection, "b", "two", now=NOW) == 1
        assert leases.acquire(connection, "a", "two", now=NOW + 10**9) is None
        # Not even the same holder twice: its other thread works there.
        assert leases.acquire(connection, "a", "one", now=NOW + 9) is None
        leases.release(connection, "a", 1)
        assert leases.acquire(connection, "a", "two", now=NOW + 10) == 2
        assert leases.find(connection, "a") == leases.Lease(
            holder="two", fence=2, beat=0, beat_at=NOW + 10
        )
        # Who has lost a place does not free it.
        leases.release(connection, "a", 1)
        assert leases.acquire(connection, "a", "three", now=NOW + 11) is None
        assert leases.find(connection, "c") is None


def test_a_place_is_taken_from_a_silent_holder_and_not_after_a_beat(store: Store) -> None:
    with store.write() as connection:
        leases.acquire(connection, "a", "one", now=NOW)
        seen = leases.find(connection, "a")
        assert leases.beat(connection, "a", 1, now=NOW + 5)
        assert leases.acquire(connection, "a", "two", now=NOW + 9, instead_of=seen) is None
        seen = leases.find(connection, "a")
        assert leases.acquire(connection, "a", "two", now=NOW + 9, instead_of=seen) == 2
        # Somebody else who saw the same comes too late.
        assert leases.acquire(connection, "a", "three", now=NOW + 9, instead_of=seen) is None
        assert not leases.beat(connection, "a", 1, now=NOW + 10)


# Whoever watches.


def test_a_silent_holder_loses_its_place_to_who_has_watched_for_long_enough(
    office: Office,
) -> None:
    fence, stopwatch = take(office), Stopwatch()
    worker = elsewhere(office, stopwatch)
    for seconds in (0.0, 59.9):
        stopwatch.seconds = 100 + seconds
        with pytest.raises(LeaseError), lease.held(worker, VENDOR):
            pass
    # A sign of life, and the watch begins anew.
    beat(office, fence)
    stopwatch.seconds = 161
    with pytest.raises(LeaseError), lease.held(worker, VENDOR):
        pass
    stopwatch.seconds = 161 + 60
    with lease.held(worker, VENDOR):
        (row,) = office.rows("lease")
        assert (row.holder, row.fence) == (lease.me(), fence + 1)


def test_a_clock_that_is_wrong_by_hours_takes_nobodys_place(office: Office) -> None:
    take(office)
    worker = elsewhere(office, Stopwatch())
    office.now -= 5 * 3_600_000
    with pytest.raises(LeaseError), lease.held(worker, VENDOR):
        pass


# Commands.


def test_a_cycle_leaves_a_crm_to_the_command_that_works_on_it(office: Office) -> None:
    office.put_accounts("a")
    take(office)

    report = office.cycle()

    told = report.failures[VENDOR]
    assert "machine elsewhere, processus 12" in told.fr
    assert "2026-06-29 07:00:00 (America/Toronto)" in told.fr
    assert "machine elsewhere, process 12" in told.en
    assert (report.pulled, report.pushed, report.busy) == ({}, {}, (VENDOR,))
    assert office.crm.written == []
    assert office.crm.tasks == {}
    # Ten minutes later it is presumed dead, by a command that has just come.
    office.now += ABANDONED_MS
    assert office.cycle().failures == {}
    assert len(office.crm.tasks) == 1


def test_a_lease_is_left_at_the_end_even_of_a_cycle_that_dies(office: Office) -> None:
    office.put_accounts("a")
    office.crm.dies_before_task = True
    with pytest.raises(Died):
        office.cycle()
    with lease.held(office.app, VENDOR):
        pass


def test_a_holder_beats_by_itself(office: Office) -> None:
    settings = Settings(database_url="sqlite://", lease_seconds=0.5)
    with lease.held(office.settled(office.app.store, settings), VENDOR):
        for _ in range(6_000):
            (row,) = office.rows("lease")
            if row.beat >= 2:
                break
            time.sleep(0.05)
    assert row.beat >= 2


def test_a_renewal_costs_nothing_while_the_beats_leave(office: Office) -> None:
    stopwatch = Stopwatch()
    with lease.held(elsewhere(office, stopwatch), VENDOR) as renew:
        before = office.rows("lease")
        stopwatch.seconds += 29
        renew()
        assert office.rows("lease") == before
        # None has left for a while: this process slept.
        stopwatch.seconds += 1
        renew()
        assert office.rows("lease") != before


def test_who_comes_back_from_a_long_sleep_stops_and_leaves_the_other_alone(
    office: Office,
) -> None:
    stopwatch = Stopwatch()
    with lease.held(elsewhere(office, stopwatch), VENDOR) as renew:
        take(office)
        stopwatch.seconds += 60
        with pytest.raises(LeaseError, match="taken over"):
            renew()
        with pytest.raises(LeaseError, match="taken over"):
            renew()
    (row,) = office.rows("lease")
    assert row.holder == SOMEBODY


def test_a_push_that_has_lost_the_lease_sends_nothing_more(office: Office) -> None:
    office.put_accounts("a")
    office.decide()
    stopwatch = Stopwatch()
    with lease.held(elsewhere(office, stopwatch), VENDOR) as renew:
        take(office)
        stopwatch.seconds += 60
        with pytest.raises(LeaseError):
            office.push(renew=renew)
    assert office.crm.written == []


def test_a_process_that_is_asked_to_end_begins_nothing_more(office: Office) -> None:
    office.put_accounts("a")
    office.decide()
    with lease.held(office.app, VENDOR) as renew:
        office.app.stopping.set()
        with pytest.raises(StoppedError):
            office.push(renew=renew)
    assert office.crm.written == []
    assert [row.holder for row in office.rows("lease")] == [None]


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
        leases.acquire(connection, "crm:other", SOMEBODY, now=office.now)
    with lease.held(office.app, VENDOR):
        assert states(office) == [("pull", "running", None)]
