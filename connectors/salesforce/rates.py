"""The currencies of an org: its home currency, and how others are turned into it. Pure.

A rate says how much of a currency one unit of the home currency is worth: home = amount / rate
(Salesforce's documentation of CurrencyType). With advanced currency management, opportunities go by
the rate of their close date; everything else by the rate in force.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from connectors import values
from rules.time import Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A rate from a day up to another, which is not in it."""

    start: Day
    end: Day
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The rates of an org; `current` is empty where it has one currency only."""

    home: str
    current: Mapping[str, Decimal] = field(default_factory=dict)
    dated: Mapping[str, tuple[Period, ...]] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """What tells these rates from others; empty where there is one currency."""
        if not self.current:
            return ""
        told = repr((self.home, sorted(self.current.items()), sorted(self.dated.items())))
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def to_home(self, amount: int | None, currency: str, day: Day | None = None) -> int | None:
        """An amount in the home currency, both in minor units; None where no rate is known.

        A `day` asks for the rate of that day, where the org keeps such rates.
        """
        if amount is None or currency == self.home:
            return amount
        rate = self._rate(currency, day)
        if rate is None:
            return None
        return int((Decimal(amount) / rate).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))

    def _rate(self, currency: str, day: Day | None) -> Decimal | None:
        for period in self.dated.get(currency, ()) if day is not None else ():
            if day is not None and period.start <= day < period.end:
                return period.rate
        return self.current.get(currency)


def rates_of(
    home: str, current: Iterable[Mapping[str, object]], dated: Iterable[Mapping[str, object]]
) -> Rates:
    """The rates of rows of CurrencyType and DatedConversionRate; unreadable rows are left out."""
    now: dict[str, Decimal] = {}
    for row in current:
        if (rate := _rate_of(row)) is not None:
            now[str(row.get("IsoCode"))] = rate
    periods: dict[str, list[Period]] = {}
    for row in dated:
        try:
            start, end = values.day(row.get("StartDate")), _end(row.get("NextStartDate"))
        except values.Unreadable:
            continue
        if (rate := _rate_of(row)) is not None and start is not None:
            found = Period(start=start, end=end, rate=rate)
            periods.setdefault(str(row.get("IsoCode")), []).append(found)
    return Rates(
        home=home, current=now, dated={code: tuple(found) for code, found in periods.items()}
    )


def corporate(current: Iterable[Mapping[str, object]]) -> str | None:
    """The home currency, among rows of CurrencyType."""
    for row in current:
        if row.get("IsCorporate") is True:
            return str(row.get("IsoCode"))
    return None


def _rate_of(row: Mapping[str, object]) -> Decimal | None:
    try:
        rate = Decimal(str(row.get("ConversionRate")))
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and rate > 0 else None


def _end(raw: object) -> Day:
    """The end of a period; the last one ends in a far year, beyond business dates."""
    try:
        found = values.day(raw)
    except values.Unreadable:
        found = None
    return values.LAST_DAY + 1 if found is None else found
