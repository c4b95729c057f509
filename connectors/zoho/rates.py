"""The currencies of an organization: how an amount is turned into its home currency. Pure.

A rate says how much of a currency one unit of the home currency is worth: home = amount / rate
(Zoho's help on multiple currencies). Each record keeps the rate at which it was last saved; failing
that, the rate of the organization counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The rates of an organization; `current` is empty where it has one currency only."""

    home: str
    current: Mapping[str, Decimal] = field(default_factory=dict)

    def to_home(self, amount: int | None, currency: str, own_rate: object = None) -> int | None:
        """An amount in the home currency, both in minor units; None where no rate is known."""
        if amount is None or currency == self.home:
            return amount
        rate = _rate(own_rate) or self.current.get(currency)
        if rate is None:
            return None
        return int((Decimal(amount) / rate).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def rates_of(home: str, currencies: Iterable[Mapping[str, object]]) -> Rates:
    """The rates of an organization's list of currencies; unreadable ones are left out."""
    return Rates(
        home=home,
        current={
            str(one.get("iso_code")): rate
            for one in currencies
            if (rate := _rate(one.get("exchange_rate"))) is not None
        },
    )


def _rate(raw: object) -> Decimal | None:
    if raw is None or isinstance(raw, bool):
        return None
    try:
        rate = Decimal(str(raw))
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and rate > 0 else None
