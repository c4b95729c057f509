"""Is it well? An exit code for a container, and a worker that keeps off what it does not know."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

import migrations
from service import ending, worker
from service.app import App, system_clock
from service.settings import Settings
from service.store import ledger
from service.store.engine import Store, open_store
from tests.acceptance.shell import Shell
from tests.integration.office import VENDOR, Office

ROOT = Path(__file__).parents[2]
DONE, FAILED = 0, 1
MINUTE = 60_000


def store_of(shell: Shell) -> Store:
    return open_store(f"sqlite:///{shell.folder / '.arpent' / 'arpent.sqlite3'}")


def set_revision(store: Store, revision: str) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})


def test_a_late_worker_is_not_well(published: Shell) -> None:
    assert published.say("status", "--health").code == DONE
    store = store_of(published)
    with store.write() as connection:
        ledger.enter(
            connection, worker.JOB, scope=VENDOR, period="1", run_id=1,
            now=system_clock() - 46 * MINUTE,
        )  # fmt: skip
    store.close()
    said = published.run("status", "--health")
    assert (said.code, said.err) == (FAILED, "")
    assert "le worker est en retard" in said.out
    told = published.say("status", "--health", "--json", language="en")
    assert (told.code, told.json["is_late"]) == (FAILED, True)
    assert published.say("status", "--json").json["is_late"] is True
    assert published.say("status", "--health", pull_every_minutes="60").code == DONE


def test_the_container_looks_at_its_health() -> None:
    written = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert 'CMD ["arpent", "status", "--health"]' in written


@pytest.mark.parametrize("revision", ["r0000", "r9999"])
def test_a_worker_refuses_a_store_at_another_revision(published: Shell, revision: str) -> None:
    store = store_of(published)
    set_revision(store, revision)
    store.close()
    said = published.say("worker")
    assert said.code == FAILED
    assert f"à la révision {revision}, et ce programme a besoin de {migrations.HEAD}" in said.err
    assert "arpent db upgrade" in said.err


def test_a_worker_touches_nothing_once_the_store_has_moved_on(store: Store) -> None:
    office = Office(store)
    before = office.rows("ledger")
    set_revision(store, "r9999")

    class Untouched(App):
        def connector(self, vendor: str) -> object:  # type: ignore[override]  # never reached
            raise AssertionError(vendor)

    app = Untouched(Settings(database_url="sqlite://"), store, lambda: office.now)
    try:
        worker.run(app, [VENDOR], wait=lambda: time.sleep(0.3), tick_seconds=0.05)
        assert office.rows("ledger") == before
        assert [row for table in ("run", "incident") for row in office.rows(table)] == []
    finally:
        set_revision(store, migrations.HEAD)


def test_a_signal_that_comes_early_ends_the_wait() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with ending.until_signal() as wait:
        os.kill(os.getpid(), signal.SIGTERM)
        wait()
    assert signal.getsignal(signal.SIGTERM) is before


# A process of its own, for whoever loses the order waits for ever.
AT_EVERY_PLACE = """
import os, signal, sys
from service import ending

def waited(place):
    seen = 0
    def trace(_frame, _event, _argument):
        nonlocal seen
        seen += 1
        if seen == place:
            os.kill(os.getpid(), signal.SIGTERM)
        return trace
    with ending.until_signal() as wait:
        # Where the way into the wait is shorter than that, the order comes later.
        signal.signal(signal.SIGALRM, signal.getsignal(signal.SIGTERM))
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        sys.settrace(trace)
        wait()
        sys.settrace(None)
        signal.setitimer(signal.ITIMER_REAL, 0)

for place in range(1, 40):
    waited(place)
print("ended")
"""


def test_a_signal_that_comes_at_any_place_of_the_way_into_the_wait_ends_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_EVERY_PLACE], cwd=ROOT, text=True, capture_output=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("ended\n", "")
