"""Which rules the tags are of: the ledger has a line for each publication that was evaluated."""

from sqlalchemy import Connection

from rules.rulebook import Rulebook
from rules.time import Instant
from service.store import ledger, overview, rulebooks

_JOB = "tag"


def enter(connection: Connection, publication_id: int, now: Instant) -> bool:
    """Note that every account is evaluated by a publication; False where that was done already.

    Call it in the transaction of the evaluation: both stand or fall together.
    """
    return ledger.enter(
        connection, _JOB, scope=ledger.WORKSPACE, period=str(publication_id), run_id=0, now=now
    )


def has_new_rules(connection: Connection, book: Rulebook) -> bool:
    """Whether the rules differ from those of the tags so far: then no tier is kept."""
    before = ledger.last_period(connection, _JOB, scope=ledger.WORKSPACE)
    return before is not None and (
        rulebooks.rules_hash_of(connection, int(before)) != book.rules_hash
    )


def behind(connection: Connection, publication_id: int | None) -> int:
    """How many accounts an evaluation by a publication would look at: all, or the dirty ones.

    What the passing of days changes is not counted: it is known only by evaluating.
    """
    if publication_id is not None and not ledger.is_done(
        connection, _JOB, scope=ledger.WORKSPACE, period=str(publication_id)
    ):
        return overview.live_accounts(connection)
    return overview.dirty_accounts(connection)
