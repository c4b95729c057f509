"""One cycle, from the CRM and back to it. This is the page to read first.

1. **Pull** what has changed in each CRM into the store (`service.pull`).
2. **Listen** to what people say there: challenges and decisions about their tags
   (`service.listen`), and what became of the tasks of alerts (`service.answers_to_tasks`).
3. **Tag** the accounts that this concerns: tier, priority and why (`service.tag`).
4. **Measure** the KPIs of each rep against the plan (`service.measure`).
5. **Freeze**: once a week, the figures of the week that has ended (`service.freeze`), and what the
   year was likely to bring by then (`service.forecast_record`).
6. **Alert**: once a week, open, update or close episodes of deviation (`service.alert`).
7. **Owe** to each CRM the values that have changed (`service.owe`).
8. **Push** them, and the tasks of confirmed alerts (`service.push`).

Stages never call each other: they meet in the store. A CRM that fails stops alone: the others
go on, and what it is owed waits in the outbox. So does one on which another command works.
"""

from collections.abc import Mapping
from contextlib import ExitStack

from structlog.contextvars import bound_contextvars

from connectors.base import Connector, ConnectorError
from connectors.registry import named
from rules.language import Text
from service import (
    alert,
    answers_to_tasks,
    forecast_record,
    freeze,
    lease,
    listen,
    logs,
    measure,
    owe,
    pull,
    tag,
)
from service.alert import AlertReport
from service.answers_to_tasks import Listened
from service.app import App
from service.cycle_report import CycleReport
from service.freeze import FreezeReport
from service.lease import LeaseError, Leases, Renew
from service.pull import PullReport
from service.push import Push
from service.schedule import Weekly, due
from service.store import ledger, runs
from service.store.rulebooks import Published
from service.store.runs import RunState
from service.store.tags import Evaluation


def run(
    app: App,
    connectors: Mapping[str, Connector],
    *,
    leases: Leases | None = None,
    full: bool = False,
    pushes: bool = True,
    rep_key: str | None = None,
    actor: str | None = None,
) -> CycleReport:
    """Do one cycle over these CRMs, as a recorded run; their leases are taken unless given.

    `full` reads every stream from its beginning; `rep_key` narrows the push to one rep. Nothing
    is pushed without `pushes`, nor while nothing may be written (`App.unwritable`).
    """
    published = app.published()
    failures: dict[str, Text] = {}
    with ExitStack() as stack:
        if leases is None:
            leases = stack.enter_context(lease.held_each(app, connectors))
        failures |= leases.busy
        with app.store.write() as connection:
            run_id = runs.begin_run(connection, "run", app.clock(), actor=actor)
        stack.enter_context(bound_contextvars(run=run_id))
        try:
            renewals = leases.renewals
            pulled = _pull_each(app, connectors, renewals, failures, run_id, full=full)
            answered = _listen(app, connectors, published, renewals, failures, run_id=run_id)
            report = _decide(app, published, run_id, is_fresh=not failures)
            report.pulled, report.answered, report.failures = pulled, answered, failures
            report.busy = tuple(leases.busy)
            report.unwritten = app.unwritable()
            if pushes and report.unwritten is None:
                _push_each(app, connectors, published, renewals, report, rep_key=rep_key)
        except BaseException as error:
            said = logs.told(error).to(published.rulebook.team.language)
            _finish(app, run_id, RunState.FAILED, {}, said)
            raise
        held = RunState.HELD if report.newly_held else RunState.DONE
        state = RunState.FAILED if report.failures else held
        language = published.rulebook.team.language
        said = "; ".join(
            named(vendor, text).to(language) for vendor, text in report.failures.items()
        )
        _finish(app, run_id, state, report.counts(), said or None)
        return report


def _pull_each(
    app: App,
    connectors: Mapping[str, Connector],
    renewals: Mapping[str, Renew],
    failures: dict[str, Text],
    run_id: int,
    *,
    full: bool,
) -> dict[str, PullReport]:
    """Pull the CRMs that are ours to work on; adds to the failures those that can't be read."""
    pulled: dict[str, PullReport] = {}
    for vendor, renew in renewals.items():
        try:
            with app.heeding(vendor), bound_contextvars(crm=vendor):
                pulled[vendor] = _pull(app, connectors[vendor], run_id, renew, full=full)
        except (ConnectorError, LeaseError) as error:
            failures[vendor] = error.message
    return pulled


def _pull(app: App, connector: Connector, run_id: int, renew: Renew, *, full: bool) -> PullReport:
    crm = app.connect(connector)
    app.preflight(connector)
    return pull.run(
        app.store,
        connector,
        connection_id=crm.id,
        run_id=run_id,
        now=app.clock,
        full=full,
        progress=lambda _: renew(),
    )


def _listen(
    app: App,
    connectors: Mapping[str, Connector],
    published: Published,
    renewals: Mapping[str, Renew],
    failures: dict[str, Text],
    *,
    run_id: int,
) -> dict[str, Listened]:
    """What people have said in the CRMs that were read; adds to the failures where one stops."""
    book, answered = published.rulebook, dict[str, Listened]()
    is_before_look = _is_look_ahead(app, published)
    for vendor, renew in renewals.items():
        if vendor in failures:
            continue
        crm = app.connection(vendor)
        try:
            with app.heeding(vendor), bound_contextvars(crm=vendor):
                renew()
                listen.run(app.store, connectors[vendor], book, crm.id, app.clock())
                answered[vendor] = answers_to_tasks.run_when_due(
                    app.store, connectors[vendor], book, crm, now=app.clock(), run_id=run_id,
                    is_before_look=is_before_look,
                )  # fmt: skip
        except (ConnectorError, LeaseError) as error:
            failures[vendor] = error.message
    # Of the whole workspace, whichever CRMs are ours: each row is taken before it is settled.
    listen.settle(app.store, published, app.clock())
    return answered


def _is_look_ahead(app: App, published: Published) -> bool:
    """Whether this cycle is to do the weekly look."""
    week = _week_to_look_at(app, published)
    if week is None:
        return False
    with app.store.read() as connection:
        return not ledger.is_done(connection, alert.JOB, scope=ledger.WORKSPACE, period=week)


def _week_to_look_at(app: App, published: Published) -> str | None:
    """The week of the weekly look, once its time has come; None before."""
    zone = published.rulebook.team.zone
    return due(app.clock(), zone, Weekly.read(app.settings.weekly_look))


def _tag(app: App, published: Published, *, is_fresh: bool) -> Evaluation:
    """Nothing is evaluated on fields that were never read; the CRM that failed is told anyway."""
    try:
        return tag.run(app.store, published, app.clock())
    except tag.UnreadFieldsError:
        if is_fresh:
            raise
        return Evaluation(evaluated=0, changed=0, moved=0)


def _decide(app: App, published: Published, run_id: int, *, is_fresh: bool) -> CycleReport:
    """The stages that only look at the store.

    The weekly look waits for a cycle that has read every CRM: figures that stopped days ago would
    look like a rep below plan.
    """
    book, now = published.rulebook, app.clock()
    return CycleReport(
        run_id=run_id,
        tagged=_tag(app, published, is_fresh=is_fresh),
        measured=measure.run(app.store, book, now=now),
        frozen=_freeze(app, published, run_id) if is_fresh else None,
        alerted=_alert(app, published, run_id) if is_fresh else None,
    )


def _freeze(app: App, published: Published, run_id: int) -> FreezeReport | None:
    """The week that has ended, once the time of the weekly look has come; None before."""
    book, now = published.rulebook, app.clock()
    if _week_to_look_at(app, published) is None:
        return None
    forecast_record.record(app.store, book, now=now, run_id=run_id)
    return freeze.freeze(app.store, book, now=now, run_id=run_id)


def _alert(app: App, published: Published, run_id: int) -> AlertReport | None:
    """The weekly look, once its time has come; None before."""
    if _week_to_look_at(app, published) is None:
        return None
    return alert.run_published(app.store, published, now=app.clock(), run_id=run_id)


def _push_each(
    app: App,
    connectors: Mapping[str, Connector],
    published: Published,
    renewals: Mapping[str, Renew],
    report: CycleReport,
    *,
    rep_key: str | None,
) -> None:
    """Owe and push to the CRMs that went well so far; adds to the report's failures."""
    for vendor, renew in renewals.items():
        if vendor not in report.failures:
            _push(app, connectors[vendor], published, report, renew, rep_key=rep_key)


def _push(
    app: App,
    connector: Connector,
    published: Published,
    report: CycleReport,
    renew: Renew,
    *,
    rep_key: str | None,
) -> None:
    crm = app.connection(connector.vendor)
    book = published.rulebook
    owe.run(app.store, book, crm.id)
    if rep_key is None:
        zone = book.team.zone
        owe.retry_weekly(app.store, crm, now=app.clock(), zone=zone, run_id=report.run_id)
    push = Push(
        app.store,
        connector,
        published.rulebook,
        crm.id,
        app.clock,
        thresholds=app.settings.thresholds,
    )
    try:
        with bound_contextvars(crm=crm.vendor):
            pushed = push.run(report.run_id, rep_key=rep_key, renew=renew)
    except (ConnectorError, LeaseError) as error:
        report.failures[crm.vendor] = error.message
        return
    report.pushed[crm.vendor] = pushed
    if pushed.stopped:
        report.failures[crm.vendor] = pushed.stopped


def _finish(
    app: App, run_id: int, state: RunState, counts: Mapping[str, int], error: str | None
) -> None:
    with app.store.write() as connection:
        runs.finish_run(connection, run_id, state, counts=counts, error=error, now=app.clock())
