"""Hear: learn from a CRM who edited a field of ours, and when, for the challenges that it opened.

A challenge is kept before the CRM is asked, so that an edit is never lost for want of its author.
"""

from connectors.base import Connector
from service.store import challenges
from service.store.challenges import Explanation
from service.store.engine import Store


def run(store: Store, connector: Connector, connection_id: int) -> int:
    """Ask about the open challenges that nobody asked about yet; returns how many.

    Where the CRM does not tell, the author stays unknown and the time is that of the pull.
    """
    with store.read() as connection:
        waiting = challenges.unexplained(connection, connection_id)
    if not waiting:
        return 0
    accounts = list(dict.fromkeys(each.external_id for each in waiting))
    fields = list(dict.fromkeys(each.field for each in waiting))
    told = {(each.external_id, each.field): each for each in connector.edits(accounts, fields)}
    explanations = []
    for each in waiting:
        edit = told.get((each.external_id, each.field))
        # Another edit since has another author.
        is_same = edit is not None and edit.value == each.value
        explanations.append(
            Explanation(
                id=each.id,
                author=edit.author if edit and is_same else None,
                edited_at=(edit.at if edit and is_same else None) or each.pulled_at,
            )
        )
    with store.write() as connection:
        challenges.explain(connection, explanations)
    return len(explanations)
