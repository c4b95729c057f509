"""Agenda: what the worker does when, what it did last, and what is wrong. No CRM is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rules.language import Text
from rules.time import Instant, moment_of
from service import alert, digest, worker
from service.app import App
from service.schedule import Quiet
from service.store import incidents, leases, ledger, requests, rulebooks
from service.store.engine import Transaction
from service.store.incidents import Incident
from service.store.requests import Request, Wanted

# From how many periods without a cycle on the worker is late.
PERIODS = 3
# So many times the patience of a lease without a sign of life, and nobody is at work.
BEATS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The schedule as it stands. Instants are null for what was never done.

    `digests`: when those of the reps leave and how much later those of the managers, as the
    playbook in force says; null without one.
    `pause` is who paused it, when and why; `is_asked` says that a cycle was asked for now. `late`
    says what to do where the worker should have done a cycle long ago, and nobody is at work.
    """

    zone: str
    every_minutes: int
    weekly_look: str
    digests: str | None
    quiet_hours: str | None
    is_quiet: bool
    cycle_at: Instant | None
    reconcile_at: Instant | None
    look_at: Instant | None
    digest_at: Instant | None
    pause: Request | None
    is_asked: bool
    is_late: bool
    late: Text | None
    incidents: Sequence[Incident]


def run(app: App) -> Agenda:
    """Read the schedule in one transaction."""
    zone, settings = app.zone(), app.settings
    with app.store.read() as connection:
        since = _late_since(app, connection)
        return Agenda(
            zone=zone.key,
            every_minutes=settings.pull_every_minutes,
            weekly_look=settings.weekly_look,
            digests=_digests(connection),
            quiet_hours=settings.quiet_hours,
            is_quiet=_is_quiet(app, zone),
            cycle_at=ledger.last_done(connection, worker.JOB),
            reconcile_at=ledger.last_done(connection, worker.RECONCILE_JOB),
            look_at=ledger.last_done(connection, alert.JOB),
            digest_at=ledger.last_done(connection, digest.JOB),
            pause=requests.find(connection, Wanted.PAUSE),
            is_asked=requests.find(connection, Wanted.NOW) is not None,
            is_late=since is not None,
            late=None if since is None else _told_late(app, since, zone),
            incidents=incidents.open_ones(connection),
        )


def _digests(connection: Transaction) -> str | None:
    found = rulebooks.load(connection)
    if found is None:
        return None
    send = found.rulebook.alerts.send
    return f"{send.rep} + {send.manager} h"


def late(app: App) -> Text | None:
    """Why the worker is late and what to do; None when it is not. One small transaction."""
    with app.store.read() as connection:
        since = _late_since(app, connection)
    return None if since is None else _told_late(app, since, app.zone())


def _late_since(app: App, connection: Transaction) -> Instant | None:
    """The last cycle, where the worker should have done another one since, and nobody works."""
    last, now = ledger.last_done(connection, worker.JOB), app.clock()
    if last is None or now - last <= PERIODS * app.settings.pull_every_minutes * 60_000:
        return None
    if requests.find(connection, Wanted.PAUSE) is not None:
        return None
    beat = leases.last_beat(connection)
    is_at_work = beat is not None and now - beat <= BEATS * app.settings.lease_seconds * 1_000
    return None if is_at_work else last


def _told_late(app: App, last: Instant, zone: ZoneInfo) -> Text:
    at = f"{moment_of(last, zone):%Y-%m-%d %H:%M} ({zone.key})"
    every = app.settings.pull_every_minutes
    return Text(
        f"le worker est en retard : son dernier cycle est du {at}, et il en fait un toutes les "
        f"{every} min. Vérifiez qu'il tourne et ce que dit son journal, relancez « arpent "
        "worker » ; « arpent run » fait un cycle ici.",
        f"the worker is late: its last cycle was at {at}, and it does one every {every} min. "
        "Check that it runs and what its log says, start `arpent worker` again; `arpent run` "
        "does a cycle here.",
    )


def _is_quiet(app: App, zone: ZoneInfo) -> bool:
    hours = app.settings.quiet_hours
    return bool(hours) and Quiet.read(hours or "").holds(app.clock(), zone)
