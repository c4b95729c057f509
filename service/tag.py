"""Tag: run the published rules over the accounts that have changed, in the database.

Everything is evaluated again when the rulebook is not the one of the last evaluation; otherwise
only what is dirty, and what the passing of days may have changed.
"""

from rules.language import Text
from rules.time import Instant, day_of
from service.store import connections, evaluations
from service.store.bindings import waiting
from service.store.engine import Store, StoreError, Transaction
from service.store.facts import fact_slots
from service.store.rulebooks import Published
from service.store.tags import Evaluation, Moment, evaluate


class UnreadFieldsError(StoreError):
    """A field that rules may use was never read from its CRM."""


def run(store: Store, published: Published, now: Instant, *, full: bool = False) -> Evaluation:
    """Evaluate in one transaction; `full` forces every account.

    Raises `UnreadFieldsError` while a field that rules may use was never read: its facts would
    all be unknown, and every account unrated.
    """
    rulebook = published.rulebook
    moment = Moment(instant=now, today=day_of(now, rulebook.team.zone))
    with store.write() as connection:
        _check_fields_are_read(connection)
        has_new_rules = evaluations.has_new_rules(connection, rulebook)
        is_first = evaluations.enter(connection, published.id, now)
        return evaluate(
            connection,
            rulebook.tagging,
            fact_slots(published.slots),
            published.id,
            moment,
            is_full=full or is_first,
            is_new=is_first and has_new_rules,
        )


def behind(store: Store, published: Published) -> int:
    """How many accounts a tagging would evaluate now, for what they hold or for new rules."""
    with store.read() as connection:
        return evaluations.behind(connection, published.id)


def _check_fields_are_read(connection: Transaction) -> None:
    unread = [
        binding.name
        for crm in connections.find_all(connection)
        for binding in waiting(connection, crm.vendor)
    ]
    if unread:
        names = ", ".join(dict.fromkeys(unread))
        raise UnreadFieldsError(
            Text(
                f"Ces champs du playbook n'ont pas encore été lus dans le CRM : {names}. Lancez "
                "« arpent pull », puis recommencez.",
                f"These fields of the playbook were not read from the CRM yet: {names}. Run "
                "`arpent pull`, then try again.",
            )
        )
