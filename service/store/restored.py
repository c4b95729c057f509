"""What a restored store takes on trust: that the CRM holds what it was seen to hold."""

from sqlalchemy import Connection, case, exists, literal, select, update

from rules.diff import Debt
from rules.time import Instant
from service.store.outbox import OBSERVED
from service.store.tables import account, outbox

# A field in drift or held waits for a person, restored or not.
_JUDGED = (Debt.OWED.value, Debt.SETTLED.value, Debt.REJECTED.value)


def adopt_observed(connection: Connection, connection_id: int, now: Instant) -> int:
    """Take what the CRM was seen to hold as what it acknowledged; returns how many values differ.

    The journal since the backup is lost: without this, each value that was written since would
    look like a person's edit.
    """
    mine = select(account.c.id).where(
        account.c.id == outbox.c.account_id,
        account.c.connection_id == connection_id,
        account.c.archived_at.is_(None),
        OBSERVED.is_distinct_from(outbox.c.confirmed),
    )
    observed = select(OBSERVED).where(account.c.id == outbox.c.account_id).scalar_subquery()
    is_settled = outbox.c.desired.is_not_distinct_from(observed)
    version = outbox.c.version + 1
    return connection.execute(
        update(outbox)
        .where(outbox.c.state.in_(_JUDGED), exists(mine))
        .values(
            confirmed=observed,
            version=version,
            confirmed_version=case((is_settled, version), else_=outbox.c.version),
            confirmed_at=literal(now),
            state=case((is_settled, Debt.SETTLED.value), else_=Debt.OWED.value),
            reason=None,
            attempts=0,
            not_before_at=None,
        )
    ).rowcount
