"""Worker: the schedule. APScheduler is only the alarm clock; `due` and the ledger decide.

Any number of ticks, of any number of workers, do each period once: a line of the ledger is
entered before a cycle starts. A cycle that fails is recorded, and the next period tries again.
Once a week a cycle reads the CRMs whole.
"""

import signal
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from threading import Event, Thread
from types import FrameType
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from connectors.base import ConnectorError
from service import alert, cycle
from service.app import App
from service.cycle import CycleReport
from service.schedule import Every, Weekly, due
from service.store import ledger
from service.store.engine import StoreError

JOB = "cycle"
TICK_SECONDS = 15
# Less than the ten seconds that a container is given to end.
GRACE_SECONDS = 7.0
RECONCILE_JOB = "reconcile"
# Before the review of Monday morning, which then judges on what the CRM really holds.
RECONCILE = Weekly.read("monday 03:00")

log = structlog.get_logger()


def tick(app: App, vendors: list[str]) -> CycleReport | None:
    """Do the cycle of this period unless it was done; None when there was nothing to do."""
    zone = app.published().rulebook.team.zone
    if not _is_turn(app, zone):
        return None
    week = _week_to_reconcile(app, zone)
    with ExitStack() as stack:
        connectors = {vendor: stack.enter_context(app.connector(vendor)) for vendor in vendors}
        report = cycle.run(app, connectors, full=week is not None)
    # A push that failed is tried again at each period; the reading is done.
    if week is not None and set(report.pulled) == set(vendors):
        with app.store.write() as connection:
            ledger.enter(
                connection, RECONCILE_JOB, scope="workspace", period=week, run_id=report.run_id,
                now=app.clock(),
            )  # fmt: skip
    return report


def _is_turn(app: App, zone: ZoneInfo) -> bool:
    """Whether a period begins, or the hour of a review that no cycle of this week has done.

    The review does not wait for the next period, which may belong to the week after.
    """
    now, scope = app.clock(), "workspace"
    period = due(now, zone, Every(app.settings.pull_every_minutes))
    week = due(now, zone, Weekly.read(app.settings.review))
    with app.store.write() as connection:
        if period and ledger.enter(connection, JOB, scope=scope, period=period, run_id=0, now=now):
            return True
        if week is None or ledger.is_done(connection, alert.JOB, scope=scope, period=week):
            return False
        return ledger.enter(
            connection, JOB, scope=scope, period=f"review {week}", run_id=0, now=now
        )


def _week_to_reconcile(app: App, zone: ZoneInfo) -> str | None:
    """The week whose whole reading is still to be done; None before its time, or once done.

    What changed does not tell all: a record that was restored, or destroyed, shows only there.
    """
    week = due(app.clock(), zone, RECONCILE)
    if week is None:
        return None
    with app.store.read() as connection:
        is_done = ledger.is_done(connection, RECONCILE_JOB, scope="workspace", period=week)
    return None if is_done else week


def run(
    app: App, vendors: list[str], *, wait: Callable[[], None], tick_seconds: float = TICK_SECONDS
) -> bool:
    """Tick until `wait` returns, at once for the first time.

    The cycle that is under way is given a few seconds to finish; False when it has not: then the
    process is to be left, its thread still waits for a CRM. The next worker goes on from there.
    """
    scheduler = BackgroundScheduler(timezone="UTC")

    def safely() -> None:
        try:
            report = tick(app, vendors)
        except (ConnectorError, StoreError) as error:
            log.warning("cycle stopped", error=error.message.en)
        except Exception:  # a job must not end the worker: the next period tries again
            log.exception("cycle failed")
        else:
            if report is not None:
                _log_cycle(report)

    scheduler.add_job(
        safely, "interval", seconds=tick_seconds, next_run_time=datetime.now(UTC), coalesce=True,
        max_instances=1, misfire_grace_time=None, id=JOB,
    )  # fmt: skip
    scheduler.start()
    try:
        wait()
    finally:
        ending = Thread(target=scheduler.shutdown, daemon=True)
        ending.start()
        ending.join(GRACE_SECONDS)
    if ending.is_alive():
        log.warning("cycle left unfinished", seconds=GRACE_SECONDS)
    return not ending.is_alive()


def _log_cycle(report: CycleReport) -> None:
    for vendor, text in report.failures.items():
        log.warning("crm failed", run=report.run_id, crm=vendor, error=text.en)
    log.info("cycle done", run=report.run_id, failures=len(report.failures))


def until_signal() -> Callable[[], None]:
    """A wait that ends with SIGTERM or Ctrl-C; call it from the main thread."""
    ended = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)

    def wait() -> None:
        ended.wait()

    return wait
