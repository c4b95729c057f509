"""Worker: the schedule. APScheduler is only the alarm clock; `due` and the ledger decide.

Any number of ticks, of any number of workers, do each period once: a line of the ledger is
entered before a cycle starts. A cycle that fails is recorded, and the next period tries again.
"""

import signal
from collections.abc import Callable
from contextlib import ExitStack
from threading import Event
from types import FrameType

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from connectors.base import ConnectorError
from service import cycle
from service.app import App
from service.cycle import CycleReport
from service.schedule import Every, due
from service.store import ledger
from service.store.engine import StoreError

JOB = "cycle"
TICK_SECONDS = 15

log = structlog.get_logger()


def tick(app: App, vendors: list[str]) -> CycleReport | None:
    """Do the cycle of this period unless it was done; None when there was nothing to do."""
    published = app.published()
    spec = Every(app.settings.pull_every_minutes)
    period = due(app.clock(), published.rulebook.team.zone, spec)
    with app.store.write() as connection:
        is_ours = period is not None and ledger.enter(
            connection, JOB, scope="workspace", period=period, run_id=0, now=app.clock()
        )
    if not is_ours:
        return None
    with ExitStack() as stack:
        connectors = {vendor: stack.enter_context(app.connector(vendor)) for vendor in vendors}
        return cycle.run(app, connectors)


def run(
    app: App, vendors: list[str], *, wait: Callable[[], None], tick_seconds: float = TICK_SECONDS
) -> None:
    """Tick until `wait` returns; the cycle that is under way is finished."""
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
        safely, "interval", seconds=tick_seconds, next_run_time=None, coalesce=True,
        max_instances=1, misfire_grace_time=None, id=JOB,
    )  # fmt: skip
    scheduler.start()
    safely()
    scheduler.resume_job(JOB)
    try:
        wait()
    finally:
        scheduler.shutdown(wait=True)


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
