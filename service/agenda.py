"""Agenda: what the worker does when, what it did last, and what is wrong. No CRM is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rules.time import Instant
from service import alert, worker
from service.app import App
from service.schedule import Quiet
from service.store import incidents, ledger, requests
from service.store.incidents import Incident
from service.store.requests import Request, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The schedule as it stands. Instants are null for what was never done.

    `pause` is who paused it, when and why; `is_asked` says that a cycle was asked for now.
    """

    zone: str
    every_minutes: int
    review: str
    quiet_hours: str | None
    is_quiet: bool
    cycle_at: Instant | None
    reconcile_at: Instant | None
    review_at: Instant | None
    pause: Request | None
    is_asked: bool
    incidents: Sequence[Incident]


def run(app: App) -> Agenda:
    """Read the schedule in one transaction."""
    zone, settings = app.zone(), app.settings
    with app.store.read() as connection:
        return Agenda(
            zone=zone.key,
            every_minutes=settings.pull_every_minutes,
            review=settings.review,
            quiet_hours=settings.quiet_hours,
            is_quiet=_is_quiet(app, zone),
            cycle_at=ledger.last_done(connection, worker.JOB),
            reconcile_at=ledger.last_done(connection, worker.RECONCILE_JOB),
            review_at=ledger.last_done(connection, alert.JOB),
            pause=requests.find(connection, Wanted.PAUSE),
            is_asked=requests.find(connection, Wanted.NOW) is not None,
            incidents=incidents.open_ones(connection),
        )


def _is_quiet(app: App, zone: ZoneInfo) -> bool:
    hours = app.settings.quiet_hours
    return bool(hours) and Quiet.read(hours or "").holds(app.clock(), zone)
