"""What a tick does: each period of a CRM once, whoever ticks, and what people ask for."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from connectors.base import Connector, Fatal
from connectors.memory import Memory
from rules.language import Text
from service import incidents, lease, worker
from service.app import App
from service.cycle_report import CycleReport
from service.settings import Settings
from service.store import incidents as stored
from service.store import leases, requests
from service.store.engine import Store
from service.store.requests import Request, Wanted
from service.watch import Watch
from tests.integration.office import DAY, MINUTE, VENDOR, Crm, Died, Office
from tests.integration.test_leases import Stopwatch

HOUR = 60 * MINUTE
# `make torture` asks for two hundred.
TAKEOVERS = int(os.environ.get("ARPENT_TEST_TAKEOVERS", "15"))


@dataclass(frozen=True, slots=True)
class Process(App):
    """A worker process of the office: its CRMs are those of the office."""

    crms: dict[str, Memory] = field(default_factory=dict)

    @contextmanager
    def connector(self, vendor: str) -> Iterator[Connector]:
        yield self.crms[vendor]


class Workers:
    """Some processes that tick on one office."""

    def __init__(self, store: Store) -> None:
        self.office = Office(store)
        self.stopwatch = Stopwatch()
        self.crms: dict[str, Memory] = {VENDOR: self.office.crm}
        self.one = self.start()

    def start(self, **settings: str) -> Process:
        """Another process."""
        return Process(
            Settings.model_validate({"database_url": "sqlite://", **settings}),
            self.office.app.store, self.office.app.clock, Watch(self.stopwatch), crms=self.crms,
        )  # fmt: skip

    def tick(self, process: Process | None = None) -> CycleReport | None:
        """One tick, some seconds after the one before."""
        self.office.now += 15_000
        self.stopwatch.seconds += 15
        return worker.tick(process or self.one, list(self.crms))

    def periods(self, job: str = worker.JOB) -> list[str]:
        return [row.period for row in self.office.rows("ledger") if row.job == job]

    def ask(self, wanted: Wanted) -> None:
        with self.office.app.store.write() as connection:
            given = Request(author="ops", reason="déménagement", at=self.office.now)
            requests.ask(connection, wanted, given)


@pytest.fixture
def workers(store: Store) -> Workers:
    found = Workers(store)
    found.office.put_accounts("a", "b")
    return found


def test_two_workers_do_each_period_once(workers: Workers) -> None:
    other = workers.start()
    done = [workers.tick(process) for _ in range(4 * 60 + 1) for process in (workers.one, other)]
    # Two hours and some seconds of periods of a quarter.
    assert sum(report is not None for report in done) == 9
    assert len(workers.office.rows("run")) == 9
    assert len(workers.periods(worker.RECONCILE_JOB)) == 1
    assert len(workers.periods("alert")) == 1


def test_a_crm_that_another_works_on_is_done_as_soon_as_it_is_free(workers: Workers) -> None:
    with lease.held(workers.office.app, VENDOR):
        assert workers.tick() is None
        assert workers.office.rows("run") == []
    report = workers.tick()
    assert report is not None
    assert report.failures == {}


def test_one_busy_crm_does_not_hold_back_the_other(workers: Workers) -> None:
    second = Crm(workers.office, "zoho")
    workers.office.furnish(second)
    workers.crms["zoho"] = second
    with workers.office.app.store.write() as connection:
        leases.acquire(connection, "crm:zoho", "elsewhere:1:0-a", now=workers.office.now)
    report = workers.tick()
    assert report is not None
    assert (list(report.pulled), report.busy) == ([VENDOR], ("zoho",))
    assert [row.scope for row in workers.office.rows("ledger")].count("zoho") == 0
    with workers.office.app.store.write() as connection:
        leases.release(connection, "crm:zoho", 1)
    report = workers.tick()
    assert report is not None
    assert list(report.pulled) == ["zoho"]
    assert workers.tick() is None


def test_a_period_of_a_worker_that_died_is_done_by_another(workers: Workers) -> None:
    workers.office.crm.dies_before_task = True
    with pytest.raises(Died):
        workers.tick()
    assert workers.periods() == []
    workers.office.crm.dies_before_task = False
    report = workers.tick(workers.start())
    assert report is not None
    assert report.failures == {}
    assert len(workers.office.crm.tasks) == 1


def test_a_killed_worker_is_replaced_within_the_lease_and_a_tick(workers: Workers) -> None:
    with workers.office.app.store.write() as connection:
        leases.acquire(connection, f"crm:{VENDOR}", "elsewhere:1:0-a", now=workers.office.now)
    begun = workers.stopwatch.seconds
    while workers.tick() is None:
        assert workers.stopwatch.seconds - begun < 120
    assert workers.stopwatch.seconds - begun <= 75


def test_takeovers_without_double_work(workers: Workers) -> None:
    """Each holder dies with its lease; of two rivals one takes its place, and works alone."""
    chance = random.Random(7)  # noqa: S311 - a course of events, not a secret
    office, start = workers.office, workers.office.now
    for number in range(TAKEOVERS):
        # The beginning of a period.
        office.now = start + number * 15 * MINUTE
        office.put_accounts("a", potential=str(chance.randrange(10**6)))
        with office.app.store.write() as connection:
            leases.acquire(
                connection, f"crm:{VENDOR}", f"elsewhere:{number}:0-a", now=office.now,
                instead_of=leases.find(connection, f"crm:{VENDOR}"),
            )  # fmt: skip
        rivals = [workers.start(), workers.start()]
        chance.shuffle(rivals)
        reports = [workers.tick(process) for _ in range(6) for process in rivals]
        assert sum(report is not None for report in reports) == 1
    assert len(office.rows("run")) == TAKEOVERS
    assert len(office.crm.tasks) == 1
    journal = [(row.account_id, row.field, row.version) for row in office.rows("push_journal")]
    assert len(journal) == len(set(journal))


def test_a_pause_begins_nothing_and_what_was_due_is_done_once_after_it(workers: Workers) -> None:
    workers.ask(Wanted.PAUSE)
    for _ in range(3):
        workers.office.now += DAY
        assert workers.tick() is None
    with workers.office.app.store.write() as connection:
        assert requests.withdraw(connection, Wanted.PAUSE)
        assert not requests.withdraw(connection, Wanted.PAUSE)
    assert workers.tick() is not None
    assert workers.tick() is None


def test_a_cycle_that_is_asked_for_is_done_once(workers: Workers) -> None:
    assert workers.tick() is not None
    assert workers.tick() is None
    workers.ask(Wanted.NOW)
    assert workers.tick() is not None
    assert workers.tick() is None


def test_nothing_is_written_in_quiet_hours(workers: Workers) -> None:
    # The office's clock is at seven in the morning.
    quiet = workers.start(quiet_hours="20:00-08:30")
    report = workers.tick(quiet)
    assert report is not None
    assert report.tagged.evaluated > 0
    assert (report.pushed, workers.office.crm.written) == ({}, [])
    workers.office.now += 2 * HOUR
    report = workers.tick(quiet)
    assert report is not None
    assert report.pushed[VENDOR].written > 0


# What is told.


def test_a_crm_that_fails_is_told_once_and_its_recovery_once(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(
        incidents.log, "warning", lambda _, subject, what: told.append((subject, what))
    )
    monkeypatch.setattr(
        incidents.log, "info", lambda _, subject, what: told.append((subject, f"no more: {what}"))
    )

    def tick() -> None:
        workers.office.now += 15 * MINUTE
        worker._tick_safely(workers.one, list(workers.crms))

    refusal = Fatal(Text("clé refusée", "key refused"))
    with monkeypatch.context() as patched:
        patched.setattr(workers.office.crm, "identify", _raising(refusal))
        for _ in range(3):
            tick()
    assert told == [("crm:hubspot", "key refused")]
    with workers.office.app.store.read() as connection:
        (open_one,) = stored.open_ones(connection)
    assert open_one.text.fr == "clé refusée"
    tick()
    tick()
    assert told == [("crm:hubspot", "key refused"), ("crm:hubspot", "no more: key refused")]
    assert workers.office.rows("incident") == []


def test_a_review_that_waits_for_hours_is_told(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = Fatal(Text("clé refusée", "key refused"))
    with monkeypatch.context() as patched:
        patched.setattr(workers.office.crm, "identify", _raising(refusal))
        for _ in range(10):
            workers.office.now += 15 * MINUTE
            worker._tick_safely(workers.one, list(workers.crms))
    assert {row.subject for row in workers.office.rows("incident")} == {
        "crm:hubspot", "schedule:look",
    }  # fmt: skip
    workers.office.now += 15 * MINUTE
    worker._tick_safely(workers.one, list(workers.crms))
    assert workers.office.rows("incident") == []


def _raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail
