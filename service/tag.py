"""Tag: run the published rules over the accounts that have changed, in the database.

Everything is evaluated again when the rulebook is not the one of the last evaluation; otherwise
only what is dirty, and what the passing of days may have changed.
"""

from rules.records import Kind
from rules.time import Instant, day_of
from service.store import ledger
from service.store.engine import Store
from service.store.rulebooks import Published
from service.store.tags import Evaluation, Moment, evaluate

JOB = "tag"


def run(store: Store, published: Published, now: Instant, *, full: bool = False) -> Evaluation:
    """Evaluate in one transaction; `full` forces every account."""
    rulebook = published.rulebook
    moment = Moment(instant=now, today=day_of(now, rulebook.team.zone))
    with store.write() as connection:
        is_new = ledger.enter(
            connection, JOB, scope="workspace", period=str(published.id), run_id=0, now=now
        )
        return evaluate(
            connection,
            rulebook.tagging,
            published.slots.get(Kind.ACCOUNT, {}),
            published.id,
            moment,
            is_full=full or is_new,
        )
