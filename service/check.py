"""Check the playbook in a folder: what can't be read, what is wrong, what is proved."""

from pathlib import Path

from rules.alert.false_alarms import FalseAlarms, expected_false_alarms
from rules.alert.watched_series import watched_series
from rules.checking import Checked, check
from rules.time import Instant, day_of
from service.playbook_folder import read_folder


def run(folder: Path, now: Instant) -> Checked:
    """All there is to say of a playbook; dates and ages are compared as of `now`."""
    files, unread = read_folder(folder)
    if not files:
        return Checked(errors=unread, warnings=[], notes=[], rulebook=None, proof=None)
    return check(files, now, unread)


def false_alarms(found: Checked, now: Instant) -> FalseAlarms | None:
    """What chance alone gives a year to the team of a playbook; None when nothing is watched."""
    book = found.rulebook
    if book is None or found.errors:
        return None
    series = watched_series(book.alerts, book.plans, book.team, day_of(now, book.team.zone))
    return expected_false_alarms(series, book.alerts.sensitivity) if series else None
