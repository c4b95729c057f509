"""The objective of a plan shared out over days, exactly.

1. A quarter that the plan names carries its amount; the others share what is left of the year by
   the weight of their business days, where a month of `seasonality` weighs its share of the year
   and the other months share the rest by business days.
2. Within a quarter, the days on which the rep is there carry the amount by the same weights: an
   absence moves revenue to the other days of its quarter, and a quarter without any working day
   leaves its amount to the other quarters. Days after the rep's end keep their share, which nobody
   carries.
3. A revision leaves the days before it as they were; the days from it on carry what is left.

Shares are fractions, added up from the beginning of the year and rounded once for each day, so that
quotas of a partition of the year add up to its objective to the cent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from rules.calendar import Period, Span, month_of, periods_over
from rules.team import MONTHS
from rules.time import Day, date_of
from rules.working_days import WorkingDays

Parts = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What the quotas of some terms depend on; `since` is their first day.

    `seasonality` are shares of the year by month name; `parts` the leaves of one split.
    """

    since: Day
    objective: int
    quarters: Parts
    seasonality: tuple[tuple[str, float], ...]
    parts: Parts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Some days of a month that carry an amount alike, and how much of it is each part's."""

    first: Day
    last: Day
    amount: Fraction
    parts: Mapping[str, Fraction]
    work: WorkingDays

    def share(self, day: Day) -> Fraction:
        """How much of it the days up to one carry, from 0 to 1."""
        if day >= self.last:
            return Fraction(1)
        if day < self.first:
            return Fraction(0)
        whole = self.work.count(self.first, self.last)
        return Fraction(self.work.count(self.first, day), whole) if whole else Fraction(0)

    def until(self, day: Day) -> "_Piece":
        """What is left of it when it ends on a day within it."""
        share = self.share(day)
        parts = {name: amount * share for name, amount in self.parts.items()}
        return replace(self, last=day, amount=self.amount * share, parts=parts)


def quota(
    versions: tuple[Version, ...],
    year: Period,
    period: Period,
    work: WorkingDays,
    *,
    names: Sequence[str] | None = None,
    rate: Fraction = Fraction(1),
) -> int:
    """What some days carry of the objective, or of some parts of a split, times a rate.

    `versions` are in order, of the same `year`. Days outside of it, and after the rep's end, carry
    nothing.
    """
    end = year.last if work.end is None else min(year.last, work.end)
    last, before = min(period.last, end), min(period.first - 1, end)
    calendar = replace(work, end=None)
    until = [_carried_until(versions, year, calendar, day) for day in (before, last)]
    if names is None:
        return round(rate * until[1].amount) - round(rate * until[0].amount)
    order = _order(versions)
    return sum(
        _of_part(until[1], order, name, rate) - _of_part(until[0], order, name, rate)
        for name in names
        if name in order
    )


@dataclass(frozen=True, slots=True)
class _Carried:
    """What the days since the beginning of the year carry, not rounded; `parts` of a split."""

    amount: Fraction
    parts: Mapping[str, Fraction]


@lru_cache(maxsize=4096)
def _carried_until(
    versions: tuple[Version, ...], year: Period, work: WorkingDays, day: Day
) -> _Carried:
    shares = [(piece, piece.share(day)) for piece in _pieces(versions, year, work)]
    return _Carried(
        sum((piece.amount * share for piece, share in shares), Fraction(0)),
        {
            name: sum((piece.parts.get(name, 0) * share for piece, share in shares), Fraction(0))
            for name in _order(versions)
        },
    )


def _of_part(carried: _Carried, order: Sequence[str], name: str, rate: Fraction) -> int:
    """A part as the difference of two rounded sums, so that the parts make the whole."""
    before = sum((carried.parts[each] for each in order[: order.index(name)]), Fraction(0))
    return round(rate * (before + carried.parts[name])) - round(rate * before)


def _order(versions: Sequence[Version]) -> list[str]:
    """The parts of all versions, those of the first one first: the same whatever comes later."""
    return list(dict.fromkeys(name for each in versions for name, _ in each.parts))


@lru_cache(maxsize=1024)
def _pieces(versions: tuple[Version, ...], year: Period, work: WorkingDays) -> tuple[_Piece, ...]:
    """The year as pieces that follow one another and add up to the last objective."""
    pieces: list[_Piece] = []
    for version in versions:
        since = max(version.since, year.first)
        pieces = [
            piece.until(min(piece.last, since - 1)) for piece in pieces if piece.first < since
        ]
        pieces += _allotted(version, Period(year.key, since, year.last), year, pieces, work)
    return tuple(pieces)


def _allotted(
    version: Version,
    days: Period,
    year: Period,
    earlier: Sequence[_Piece],
    work: WorkingDays,
) -> list[_Piece]:
    """The pieces of the days from a version on, given those before it."""
    weights = _Weights(dict(version.seasonality), year, work)
    amounts = _amounts(version, days, weights, earlier)
    held = {quarter: work.count(quarter.first, quarter.last) for quarter in amounts}
    if any(held.values()):
        amounts = _moved(amounts, held, weights)
    else:
        weights = replace(weights, work=replace(work, away=(), start=None))
    left = version.objective - sum(piece.amount for piece in earlier)
    parts = {name: Fraction(amount) for name, amount in version.parts}
    for name in {name for piece in earlier for name in piece.parts}:
        done = sum(piece.parts.get(name, Fraction(0)) for piece in earlier)
        parts[name] = parts.get(name, Fraction(0)) - done
    return [
        _Piece(
            first=month.first, last=month.last, amount=amount, work=weights.work,
            parts={name: each * share for name, each in parts.items()},
        )
        for quarter, whole in amounts.items()
        for month, portion in weights.months(quarter)
        for amount in [whole * portion]
        for share in [amount / left if left else Fraction(_length(month), _length(days))]
    ]  # fmt: skip


def _amounts(
    version: Version, days: Period, weights: "_Weights", earlier: Sequence[_Piece]
) -> dict[Period, Fraction]:
    """What each quarter that is not over carries from now on."""
    named = dict(version.quarters)
    quarters = [
        (f"q{place}", part)
        for place, quarter in enumerate(_quarters(weights.year), 1)
        if (part := quarter.clipped(days.first, days.last))
    ]
    fixed = {
        part: named[name] - _carried(earlier, quarter)
        for name, part in quarters
        if name in named
        for quarter in [_quarters(weights.year)[int(name[1]) - 1]]
    }
    left = version.objective - sum(piece.amount for piece in earlier) - sum(fixed.values())
    free = [part for _, part in quarters if part not in fixed] or [part for _, part in quarters]
    asked = {part: weights.business(part) for part in free}
    whole = sum(asked.values())
    found = {part: Fraction(fixed.get(part, 0)) for _, part in quarters}
    for part, weight in asked.items():
        found[part] += left * (weight / whole if whole else Fraction(1, len(free)))
    return found


def _carried(pieces: Sequence[_Piece], quarter: Period) -> Fraction:
    return sum((piece.amount for piece in pieces if piece.first in quarter), Fraction(0))


def _moved(
    amounts: Mapping[Period, Fraction], held: Mapping[Period, int], weights: "_Weights"
) -> dict[Period, Fraction]:
    """The amounts of quarters without a working day, on the others."""
    homeless = sum(amount for quarter, amount in amounts.items() if not held[quarter])
    worked = {quarter: weights.worked(quarter) for quarter in amounts if held[quarter]}
    if not any(worked.values()):
        worked = {quarter: Fraction(held[quarter]) for quarter in worked}
    whole = sum(worked.values())
    return {
        quarter: amounts[quarter] + homeless * weight / whole for quarter, weight in worked.items()
    } | {quarter: Fraction(0) for quarter in amounts if not held[quarter]}


@dataclass(frozen=True, slots=True)
class _Weights:
    """How much the days of a fiscal year weigh under a seasonality, `work` having no end."""

    seasonality: Mapping[str, float]
    year: Period
    work: WorkingDays

    def business(self, days: Period) -> Fraction:
        """The weight of the business days."""
        return sum(
            (
                self._daily(each) * self.work.business(each.first, each.last)
                for each in _months(days)
            ),
            Fraction(0),
        )

    def worked(self, days: Period) -> Fraction:
        """The weight of the working days."""
        return sum(
            (self._daily(each) * self.work.count(each.first, each.last) for each in _months(days)),
            Fraction(0),
        )

    def months(self, days: Period) -> list[tuple[Period, Fraction]]:
        """The months of some days, each with its share of them; shares make 1."""
        months = _months(days)
        asked = [self._daily(each) * self.work.count(each.first, each.last) for each in months]
        if not any(asked):
            asked = [Fraction(self.work.count(each.first, each.last)) for each in months]
        if not any(asked):
            asked = [Fraction(_length(each)) for each in months]
        whole = sum(asked)
        return [(each, weight / whole) for each, weight in zip(months, asked, strict=True)]

    def _daily(self, month: Period) -> Fraction:
        """The weight of one business day of a month."""
        if not self.seasonality:
            return Fraction(1)
        name = _name(month)
        if name in self.seasonality:
            whole = month_of(month.first)
            share = Fraction(str(self.seasonality[name]))
            return share / max(1, self.work.business(whole.first, whole.last))
        named = sum((Fraction(str(share)) for share in self.seasonality.values()), Fraction(0))
        rest = sum(
            self.work.business(each.first, each.last)
            for each in _months(self.year)
            if _name(each) not in self.seasonality
        )
        return (1 - named) / max(1, rest)


def _name(month: Period) -> str:
    return MONTHS[date_of(month.first).month - 1]


def _months(days: Period) -> list[Period]:
    """The parts of the months that some days are made of."""
    months = periods_over(Span.MONTH, days.first, days.last, 1)
    return [part for each in months if (part := each.clipped(days.first, days.last))]


def _quarters(year: Period) -> list[Period]:
    """The quarters of a fiscal year."""
    return list(periods_over(Span.QUARTER, year.first, year.last, date_of(year.first).month))


def _length(days: Period) -> int:
    return days.last - days.first + 1
