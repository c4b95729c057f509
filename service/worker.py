"""Worker: the schedule. APScheduler is only the alarm clock; `due`, leases and the ledger decide.

Any number of ticks, of any number of workers, do each period of each CRM once: whoever holds the
lease of the CRM works, and enters the period in the ledger at the end. A worker that dies leaves
both: another one waits for as long as a lease lasts, and does the period from there. A cycle that
fails is recorded, and the next period tries again. Once a week a cycle reads the CRMs whole.

What is wrong is told once when it begins and once when it ends (`service.incidents`).
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from threading import Thread

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from structlog.contextvars import bound_contextvars

from connectors.base import ConnectorError
from rules.language import Text
from service import alert, cycle, digest, incidents, lease, logs
from service.app import App
from service.cycle_report import CycleReport
from service.lease import Leases, StoppedError
from service.push_report import PushReport, told_of_held
from service.schedule import Every, Quiet, Weekly, due
from service.store import ledger, requests, schema
from service.store.engine import StoreError
from service.store.requests import Wanted

JOB = "cycle"
TICK_SECONDS = 15
# Less than the ten seconds that a container is given to end.
GRACE_SECONDS = 8.0
RECONCILE_JOB = "reconcile"
# How long the weekly look may wait for a CRM before somebody is told.
LATE_MS = 2 * 3_600_000
# Before the look of Monday morning, which then judges on what the CRM really holds.
RECONCILE = Weekly.read("monday 03:00")

log = structlog.get_logger()


def tick(app: App, vendors: Collection[str]) -> CycleReport | None:
    """Do what is due on the CRMs that nobody else works on; None when there was nothing to do."""
    with app.store.read() as connection:
        if requests.find(connection, Wanted.PAUSE):
            return None
    turn = Turn(app)
    waiting = [vendor for vendor in vendors if turn.is_due(vendor)]
    if not waiting:
        return None
    with lease.held_each(app, waiting) as leases:
        # Whoever worked on a CRM until now has perhaps done what is due.
        done = [vendor for vendor in leases.renewals if not turn.is_due(vendor)]
        for vendor in done:
            del leases.renewals[vendor]
        return _work(app, turn, leases) if leases.renewals else None


def _work(app: App, turn: "Turn", leases: Leases) -> CycleReport:
    vendors = list(leases.renewals)
    is_full = any(turn.reconciles(vendor) for vendor in vendors)
    report: CycleReport | None = None
    try:
        with ExitStack() as stack:
            connectors = {vendor: stack.enter_context(app.connector(vendor)) for vendor in vendors}
            report = cycle.run(
                app, connectors, leases=leases, full=is_full, pushes=not turn.is_quiet
            )
    except StoreError:
        raise  # nothing is entered: the next tick tries again
    except Exception:
        turn.enter(vendors, run_id=0)
        raise
    turn.enter(vendors, run_id=report.run_id, read=report.pulled if is_full else ())
    return report


class Turn:
    """What is due at an instant, by the team's zone."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._now = app.clock()
        zone = app.published().rulebook.team.zone
        settings = app.settings
        self._period = due(self._now, zone, Every(settings.pull_every_minutes))
        self._look = due(self._now, zone, Weekly.read(settings.weekly_look))
        self._reconcile = due(self._now, zone, RECONCILE)
        hours = settings.quiet_hours
        self.is_quiet = bool(hours) and Quiet.read(hours or "").holds(self._now, zone)

    def is_due(self, vendor: str) -> bool:
        """Whether a period of a CRM is to do, or the weekly look, or somebody asked for it.

        The look does not wait for the next period, which may belong to the week after; out of
        its period it is tried once.
        """
        with self._app.store.read() as connection:
            if requests.find(connection, Wanted.NOW):
                return True
            if not ledger.is_done(connection, JOB, scope=vendor, period=self._period or ""):
                return True
            week = self._look
            if week is None or ledger.is_done(
                connection, alert.JOB, scope=ledger.WORKSPACE, period=week
            ):
                return False
            return not ledger.is_done(connection, JOB, scope=vendor, period=f"look {week}")

    def reconciles(self, vendor: str) -> bool:
        """Whether a CRM is to be read whole: what changed does not tell all.

        A record that was restored, or destroyed, shows only there.
        """
        week = self._reconcile
        if week is None:
            return False
        with self._app.store.read() as connection:
            return not ledger.is_done(connection, RECONCILE_JOB, scope=vendor, period=week)

    def enter(self, vendors: Collection[str], *, run_id: int, read: Collection[str] = ()) -> None:
        """Record what was done; `read` are the CRMs that were read whole."""
        lines = [(JOB, vendor, self._period or "") for vendor in vendors]
        if self._look is not None:
            lines += [(JOB, vendor, f"look {self._look}") for vendor in vendors]
        if self._reconcile is not None:
            lines += [(RECONCILE_JOB, vendor, self._reconcile) for vendor in read]
        with self._app.store.write() as connection:
            for job, scope, period in lines:
                ledger.enter(
                    connection, job, scope=scope, period=period, run_id=run_id,
                    now=self._app.clock(),
                )  # fmt: skip
            requests.withdraw(connection, Wanted.NOW, until=self._now)


def run(
    app: App,
    vendors: list[str],
    *,
    wait: Callable[[], None],
    tick_seconds: float = TICK_SECONDS,
) -> bool:
    """Tick until `wait` returns, at once for the first time.

    The cycle under way ends at its next step: what was sent is recorded first. False when it has
    not ended within some seconds: then the process is to be left, its thread still waits for a
    CRM. The next worker goes on from there.
    """
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        lambda: _tick_safely(app, vendors), "interval", seconds=tick_seconds,
        next_run_time=datetime.now(UTC), coalesce=True, max_instances=1, misfire_grace_time=None,
        id=JOB,
    )  # fmt: skip
    scheduler.start()
    try:
        wait()
    finally:
        app.stopping.set()
        ending = Thread(target=scheduler.shutdown, daemon=True)
        ending.start()
        ending.join(GRACE_SECONDS)
    if ending.is_alive():
        log.warning("cycle left unfinished", seconds=GRACE_SECONDS)
    return not ending.is_alive()


def _tick_safely(app: App, vendors: list[str]) -> None:
    """One tick, whatever happens in it: a job must not end the worker."""
    try:
        # A program of another version may have changed the tables meanwhile: nothing is touched.
        schema.check(app.store)
        with _told(app):
            report = tick(app, vendors)
            if report is not None:
                with bound_contextvars(run=report.run_id):
                    _tell(app, report)
            digest.run(app)
    except StoppedError:
        log.info("cycle stopped", why="asked to end")
    except StoreError as error:
        # Nothing can be noted where the store itself is away.
        log.warning("store failed", error=error.message.en)
    except Exception:
        log.exception("tick failed")


@contextmanager
def _told(app: App) -> Iterator[None]:
    """What stops a whole tick is an incident of the schedule, until a tick comes to its end."""
    problem: Text | None = None
    try:
        yield
    except StoppedError:
        raise
    except (ConnectorError, StoreError) as error:
        problem = error.message
    except Exception as error:
        log.exception("cycle failed")
        kind = type(error).__name__
        problem = Text(
            f"défaut du programme ({kind}) : le journal en dit plus",
            f"a defect of the program ({kind}): the log says more",
        )
    incidents.follow(app, incidents.SCHEDULE, {"cycle": problem, "look": _late_look(app)})
    incidents.send_mail(app, app.settings.language)


def _late_look(app: App) -> Text | None:
    """Why the look of this week, due for hours, was not done; None when it was, or may wait."""
    zone = app.published().rulebook.team.zone
    week = due(app.clock() - LATE_MS, zone, Weekly.read(app.settings.weekly_look))
    if week is None or week != due(app.clock(), zone, Weekly.read(app.settings.weekly_look)):
        return None
    with app.store.read() as connection:
        if ledger.is_done(connection, alert.JOB, scope=ledger.WORKSPACE, period=week):
            return None
        if requests.find(connection, Wanted.PAUSE):
            return None
    return Text(
        f"le bilan de la semaine {week} n'est pas fait : il attend un cycle qui lise chaque "
        "CRM en entier, voyez « arpent status »",
        f"the look of week {week} is not done: it waits for a cycle that reads every CRM, see "
        "`arpent status`",
    )


def _tell(app: App, report: CycleReport) -> None:
    worked = {vendor: report.failures.get(vendor) for vendor in (*report.pulled, *report.failures)}
    incidents.follow(
        app, "crm", {vendor: text for vendor, text in worked.items() if vendor not in report.busy}
    )
    incidents.follow(app, "held", {crm: _held(pushed) for crm, pushed in report.pushed.items()})
    for vendor, pushed in report.pushed.items():
        if pushed.rejections:
            first = pushed.rejections[0]
            why = logs.impersonal(first.reason, first.account, first.external_id)
            log.warning("rejected", crm=vendor, count=pushed.rejected, first=why)
    log.info("cycle done", failures=len(report.failures), **report.counts())


def _held(pushed: PushReport) -> Text | None:
    """What of a CRM waits for a person to release it; None when nothing does."""
    told = list(told_of_held(pushed.held))
    return Text(*(" ".join(words) for words in zip(*told, strict=True))) if told else None
