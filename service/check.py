"""Check the playbook in a folder: what can't be read, what is wrong, what is proved."""

from pathlib import Path

from rules.checking import Checked, check
from rules.time import Instant
from service.playbook_folder import read_folder


def run(folder: Path, now: Instant) -> Checked:
    """All there is to say of a playbook; dates and ages are compared as of `now`."""
    files, unread = read_folder(folder)
    if not files:
        return Checked(errors=unread, warnings=[], notes=[], rulebook=None, proof=None)
    return check(files, now, unread)
