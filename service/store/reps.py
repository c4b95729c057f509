"""Which owner of a CRM is which rep of the team: by e-mail address, in whatever case."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, select, update

from service.store import dirt
from service.store.tables import account, owner, rep


def load(connection: Connection) -> dict[str, str]:
    """The keys of the reps by the form of their e-mail address that is compared."""
    return by_address((row.key, row.email) for row in connection.execute(select(rep)))


def by_address(reps: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """The keys of reps, given with their addresses, by the form of these that is compared."""
    return {_compared(email): key for key, email in reps if email is not None}


def rep_of(reps: Mapping[str, str], email: str | None) -> str | None:
    """The rep with an e-mail address; `reps` as `load` gives them."""
    return reps.get(_compared(email)) if email else None


def match_owners(
    connection: Connection, reps: Mapping[str, str], connection_id: int | None = None
) -> int:
    """Tie owners to reps again, of one CRM or of all; returns how many accounts that dirtied."""
    query = select(owner.c.id, owner.c.email, owner.c.rep_key)
    if connection_id is not None:
        query = query.where(owner.c.connection_id == connection_id)
    moved = [
        {"moved": row.id, "to": key}
        for row in connection.execute(query)
        if (key := rep_of(reps, row.email)) != row.rep_key
    ]
    if not moved:
        return 0
    connection.execute(_TIE, moved)
    return dirt.mark(
        connection, dirt.accounts_owned_by(connection, [row["moved"] for row in moved])
    )


_TIE = update(owner).where(owner.c.id == bindparam("moved")).values(rep_key=bindparam("to"))


def of_account(connection: Connection, account_id: int) -> str | None:
    """The rep whose account it is; None where it is nobody's of the team."""
    return connection.execute(
        select(owner.c.rep_key)
        .join(account, account.c.owner_id == owner.c.id)
        .where(account.c.id == account_id)
    ).scalar_one_or_none()


def _compared(email: str) -> str:
    return email.strip().casefold()
