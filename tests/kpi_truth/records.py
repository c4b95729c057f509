"""What a territory holds, in plain values: the records that the printed definitions speak of.

Nothing here or in the calculators comes from the product: days are dates, money is whole cents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of a pipeline; `kind` is open, won or lost."""

    name: str
    kind: str
    place: int = 0
    probability: Decimal = Decimal("0.5")
    pipeline: str = "sales"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """An opportunity: amounts are cents of `currency`, `entries` the days it entered stages."""

    key: str
    owner: str | None
    step: Step
    amount: int | None = None
    highest: int | None = None
    currency: str = "CAD"
    created: date | None = None
    closes: date | None = None
    account: str | None = None
    members: Mapping[str, str | None] = field(default_factory=dict)
    entries: Sequence[tuple[Step, date]] = ()
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account with its tier of today; `facts` are what conditions are asked of."""

    key: str
    owner: str | None
    tier: str | None = None
    segment: str | None = None
    potential: int | None = None
    facts: Mapping[str, str | None] = field(default_factory=dict)
    is_in_scope: bool = True
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A logged activity; `is_done`: done, outbound or two-way."""

    key: str
    kind: str
    owner: str | None
    day: date | None
    is_done: bool = True
    accounts: Sequence[str] = ()
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """A change of the tier of an account."""

    account: str
    day: date
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All the records, and the people of the team."""

    reps: Sequence[str]
    deals: Sequence[Deal] = ()
    accounts: Sequence[Account] = ()
    deeds: Sequence[Deed] = ()
    moves: Sequence[Move] = ()
    currency: str = "CAD"
    rates: Mapping[str, Sequence[tuple[date, Decimal]]] = field(default_factory=dict)

    def account(self, key: str | None) -> Account | None:
        """An account that is not archived."""
        found = (each for each in self.accounts if each.key == key and not each.is_archived)
        return next(found, None)

    def cents(self, deal: Deal, amount: int | None) -> int | None:
        """An amount of a deal in the team's currency; None when it is empty or has no rate."""
        if amount is None or deal.currency == self.currency:
            return amount
        day = deal.closes or deal.created
        dated = [(since, rate) for since, rate in self.rates.get(deal.currency, ())]
        known = [(since, rate) for since, rate in dated if day is not None and since <= day]
        if not known:
            return None
        _, rate = max(known)
        return int((amount * rate).quantize(Decimal(1), ROUND_HALF_EVEN))


@dataclass(frozen=True, slots=True)
class Look:
    """A whole period, and the day of the measure within it."""

    first: date
    last: date
    as_of: date


@dataclass(frozen=True, slots=True)
class Shown:
    """What a definition gives; None where it says that there is no value, or says nothing."""

    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    low: float | None = None
    high: float | None = None
    # How much cents may differ by where the definition leaves the rounding open.
    slack: float = 1e-6


# (subject, member) → what is shown.
Table = dict[tuple[str, str], Shown]
TEAM = "team"
