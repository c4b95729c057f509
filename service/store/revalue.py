"""Amounts whose rate has come, or has been corrected, since they were pulled."""

from collections.abc import Collection

from sqlalchemy import BigInteger, Connection, and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.sql import ColumnElement

from rules.records import Kind
from rules.team import Team
from service.store import dirt, links
from service.store.context import MirrorContext, Rates, load_rates
from service.store.money import Valuation, converted
from service.store.tables import fx_rate, opportunity, team

_DEAL = opportunity.c
# Each amount in its own currency, and in the team's.
_AMOUNTS = ((_DEAL.amount, _DEAL.team_amount), (_DEAL.peak_amount, _DEAL.team_peak_amount))


def fill_unknown(connection: Connection, context: MirrorContext) -> int:
    """Convert the amounts that no rate told until now; returns how many opportunities that is.

    What the CRM converted itself stays as it is: only unknown amounts are looked at.
    """
    unknown = or_(*(and_(own.is_not(None), ours.is_(None)) for own, ours in _AMOUNTS))
    return _revalue(
        connection,
        [_DEAL.connection_id == context.connection_id, unknown],
        before=Valuation(context.team_currency, {}),
        after=Valuation(context.team_currency, context.rates),
        currencies=context.rates,
    )


def value_of(connection: Connection) -> Valuation | None:
    """What the team values amounts by now; None before the first publication."""
    currency = connection.execute(select(team.c.currency)).scalar_one_or_none()
    return None if currency is None else Valuation(currency, load_rates(connection))


def publish_rates(connection: Connection, us: Team, before: Valuation | None) -> int:
    """Make the rates of `team.yaml` those of the store, and value again what they change.

    `before` is what amounts were valued by so far. Returns how many opportunities have another
    amount in the team's currency.
    """
    rates: Rates = {currency: sorted(dated.items()) for currency, dated in us.rates.items()}
    after = Valuation(us.currency, rates)
    if before == after:
        return 0
    connection.execute(delete(fx_rate))
    rows = [
        {"currency": currency, "valid_from_on": since, "rate": rate}
        for currency, dated in rates.items()
        for since, rate in dated
    ]
    if rows:
        connection.execute(insert(fx_rate), rows)
    if before is None or before.currency != after.currency:
        return _revalue(connection, [], before=None, after=after, currencies=None)
    changed = {
        each
        for each in {*before.rates, *rates}
        if list(before.rates.get(each, ())) != list(rates.get(each, ()))
    }
    return _revalue(connection, [], before=before, after=after, currencies=changed)


def _revalue(
    connection: Connection,
    where: list[ColumnElement[bool]],
    *,
    before: Valuation | None,
    after: Valuation,
    currencies: Collection[str] | None,
) -> int:
    """Convert amounts in some currencies (None: in all); returns how many deals have changed.

    With `before`, an amount that is known and that these rates did not give is the CRM's own
    conversion, and stays.
    """
    if currencies is not None:
        where = [*where, _DEAL.currency.in_(list(currencies))]
    rows = connection.execute(
        select(
            _DEAL.id, _DEAL.currency, _DEAL.created_on, _DEAL.closes_on,
            *(each for pair in _AMOUNTS for each in pair),
        ).where(or_(*(own.is_not(None) for own, _ in _AMOUNTS)), *where)
    )  # fmt: skip
    changed = []
    for row in rows:
        on = row.created_on if row.closes_on is None else row.closes_on
        found = {}
        for own, ours in _AMOUNTS:
            amount, known = getattr(row, own.name), getattr(row, ours.name)
            is_of_crm = (
                before is not None
                and known is not None
                and known != converted(amount, row.currency, on, before)
            )
            found[ours.name] = known if is_of_crm else converted(amount, row.currency, on, after)
        if any(found[name] != getattr(row, name) for name in found):
            changed.append(
                {"deal_id": row.id, **{f"new_{key}": each for key, each in found.items()}}
            )
    if changed:
        statement = update(opportunity).where(_DEAL.id == bindparam("deal_id"))
        new = {ours.name: bindparam(f"new_{ours.name}", type_=BigInteger) for _, ours in _AMOUNTS}
        connection.execute(statement.values(new), changed)
    ids = [each["deal_id"] for each in changed]
    dirt.mark(connection, links.accounts_of(connection, Kind.OPPORTUNITY, ids))
    return len(changed)
