"""Amounts that were unknown for want of a rate, once the rate is there."""

from sqlalchemy import Connection, select, update

from rules.records import Kind
from service.store import dirt, links
from service.store.context import MirrorContext
from service.store.money import in_team_currency
from service.store.tables import opportunity


def fill_unknown(connection: Connection, context: MirrorContext) -> int:
    """Convert the amounts that no rate told until now; returns how many opportunities that is.

    What the CRM converted itself stays as it is: only unknown amounts are looked at.
    """
    deal = opportunity.c
    rows = connection.execute(
        select(deal.id, deal.amount, deal.currency, deal.created_on, deal.closes_on).where(
            deal.connection_id == context.connection_id,
            deal.amount.is_not(None),
            deal.team_amount.is_(None),
            deal.currency.in_(list(context.rates)),
        )
    )
    known = {}
    for row in rows:
        on = row.created_on if row.closes_on is None else row.closes_on
        amount = in_team_currency(row.amount, row.currency, None, on, context)
        if amount is not None:
            known[row.id] = amount
    for deal_id, amount in known.items():
        connection.execute(update(opportunity).where(deal.id == deal_id).values(team_amount=amount))
    dirt.mark(connection, links.accounts_of(connection, Kind.OPPORTUNITY, known))
    return len(known)
