"""Amounts in the team's currency. What can't be known stays unknown: never one for one."""

from bisect import bisect_right
from fractions import Fraction
from typing import NamedTuple

from rules.time import Day
from service.store.context import MirrorContext, Rates

_GREATEST = 2**63 - 1


class Valuation(NamedTuple):
    """What a team values amounts by: its currency, and the dated rates of the others."""

    currency: str
    rates: Rates


def in_team_currency(
    amount: int | None,
    currency: str,
    home_amount: int | None,
    on: Day | None,
    context: MirrorContext,
) -> int | None:
    """An amount in minor units of the team's currency; None when no rate tells.

    In order: the amount itself when it is in the team's currency, the CRM's own conversion when
    its home currency is the team's, else the rate that held on the given day.
    """
    if amount is None:
        return None
    if currency == context.team_currency:
        return amount
    if home_amount is not None and context.home_currency == context.team_currency:
        return home_amount
    return converted(amount, currency, on, Valuation(context.team_currency, context.rates))


def converted(
    amount: int | None, currency: str | None, on: Day | None, by: Valuation
) -> int | None:
    """An amount by the rate that held on a day; None when no rate tells, or there is no amount."""
    if amount is None or currency is None or currency == by.currency:
        return amount if currency == by.currency else None
    rate = rate_on(by.rates, currency, on)
    if rate is None:
        return None
    # The shortest decimal of the rate is what was written; a fraction rounds half to even.
    exact = round(amount * Fraction(str(rate)))
    return exact if abs(exact) <= _GREATEST else None


def rate_on(rates: Rates, currency: str, on: Day | None) -> float | None:
    """The rate of a currency that held on a day: team currency per unit."""
    dated = rates.get(currency)
    if not dated or on is None:
        return None
    place = bisect_right(dated, on, key=lambda each: each[0])
    return dated[place - 1][1] if place else None
