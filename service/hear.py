"""Hear: learn from a CRM who edited a field of ours, and when, for the challenges that it opened.

A challenge is kept before the CRM is asked, so that an edit is never lost for want of its author.
What the CRM answers is what it holds: a challenge that an old page had told is taken back.
"""

from connectors.base import Connector, Edit
from service.store import challenges, objections
from service.store.challenges import Attribution, Unattributed
from service.store.engine import Store, Transaction
from service.store.objections import Told


def run(store: Store, connector: Connector, connection_id: int) -> int:
    """Ask about the open challenges that nobody asked about yet; returns how many.

    Where the CRM does not tell, the author stays unknown and the time is that of the pull.
    """
    with store.read() as connection:
        waiting = challenges.unattributed(connection, connection_id)
    if not waiting:
        return 0
    accounts = list(dict.fromkeys(each.external_id for each in waiting))
    fields = list(dict.fromkeys(each.field for each in waiting))
    told = {(each.external_id, each.field): each for each in connector.edits(accounts, fields)}
    attributions = []
    for each in waiting:
        edit = told.get((each.external_id, each.field))
        # Another edit since has another author.
        is_same = edit is not None and edit.value == each.value
        attributions.append(
            Attribution(
                id=each.id,
                author=edit.author if edit and is_same else None,
                edited_at=(edit.at if edit and is_same else None) or each.pulled_at,
            )
        )
    with store.write() as connection:
        challenges.attribute(connection, attributions)
        for each in waiting:
            edit = told.get((each.external_id, each.field))
            if each.field == objections.FIELD and edit is not None:
                _verify(connection, connection_id, each, edit)
    return len(attributions)


def _verify(connection: Transaction, connection_id: int, heard: Unattributed, edit: Edit) -> None:
    """Keep a challenge only where the CRM holds it now, and where it was not answered already."""
    told = Told(external_id=heard.external_id, value=edit.value, edited_at=edit.at)
    if edit.value != heard.value:
        objections.observe(connection, connection_id, [told])
        objections.take_back(connection, heard.id, None)
    elif (echoed := objections.is_echo(connection, heard.id, told)) is not None:
        objections.take_back(connection, heard.id, echoed)
