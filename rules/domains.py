"""What a fact can be, cut where cells cut it: a few examples that stand for all its values.

Between two limits that cells name, every value is judged alike, so one stands for them all; the
limits themselves are examples too. What comes first is what people would think of first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, inf
from typing import Any

from rules.cells import Limit
from rules.language import Language, Text, money, number
from rules.records import FieldType
from rules.terms import Name
from rules.time import Day, date_of

# Arpent computes these, so they are never unknown, and counts are whole and never negative.
COUNTS = ("open_opportunities", "decision_makers", "influencers")
ALWAYS_KNOWN = (*COUNTS, "open_amount")
# Days that are never after today.
PAST = ("created", "last_logged_contact")

UNKNOWN = Text("inconnu", "unknown")
_YES, _NO = Text("oui", "yes"), Text("non", "no")
_GREATEST, _DIGITS = 14, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The examples of one name; a day is given as a day, an amount in minor units."""

    name: Name
    examples: Sequence[Any]
    is_by_age: bool = False

    def spoken(self, value: Any, language: Language, currency: str, today: Day) -> str:  # noqa: ANN401 - of any fact
        """A value in the words of the playbook."""
        if value is None:
            return UNKNOWN.to(language)
        match self.name.type:
            case FieldType.YES_NO:
                word = _YES if value else _NO
            case FieldType.MONEY:
                word = Text(*(money(value, currency, each) for each in Language))
            case FieldType.NUMBER:
                word = Text(*(number(value, each, digits=3) for each in Language))
            case FieldType.DATE if self.is_by_age:
                word = _age(today - value)
            case FieldType.DATE:
                word = Text(*[date_of(value).isoformat()] * 2)
            case _:
                word = self.name.choices.get(value, Text(value, value))
        return word.to(language)


def domain_of(name: Name, limits: Iterable[Limit], today: Day) -> Domain:
    """The examples of a name that its limits tell apart."""
    cuts = {
        (today - bound if name.type is FieldType.DATE and not limit.is_age else bound)
        for limit in limits
        for bound in (limit.low, limit.high)
        if bound is not None
    }
    examples = _known(name, cuts)
    if name.type is FieldType.DATE:
        examples = [today - age for age in examples]
    if name.name not in ALWAYS_KNOWN and not name.is_known:
        examples = [*examples, None]
    is_by_age = any(limit.is_age for limit in limits)
    return Domain(name=name, examples=examples, is_by_age=is_by_age)


def _known(name: Name, cuts: set[Any]) -> list[Any]:
    if name.type is FieldType.YES_NO:
        return [True, False]
    if name.choices:
        return list(name.choices)
    if name.type in {FieldType.TEXT, FieldType.CHOICE}:
        other = "autre"
        while other in cuts:
            other += "…"
        return [*sorted(cuts), other]
    is_count = name.is_count or name.name in COUNTS
    is_whole = name.type is not FieldType.NUMBER or is_count
    least = 0 if is_count or name.is_past or name.name in PAST else -inf
    found = [
        each
        for each in _measures(sorted(cuts), is_whole=is_whole)
        if each >= least and (each == floor(each) or not is_whole)
    ]
    # A person thinks of a whole number over zero before a fraction or a negative one.
    return sorted(found, key=lambda each: (each < 0, each != floor(each), each in cuts, each))


def _measures(cuts: Sequence[float], *, is_whole: bool) -> list[float]:
    """The limits, and a round number between each two, before the first and after the last."""
    if not cuts:
        return [1 if is_whole else 1.0]
    first, last = cuts[0], max(cuts[-1], 0)
    pairs = [*pairwise(cuts), (last, 10 * last + 10)]
    between = [_roundest(low, high, is_whole=is_whole) for low, high in pairs]
    found = [*cuts, _before(first, is_whole=is_whole), *between, *([] if cuts[-1] >= 0 else [0])]
    return list(dict.fromkeys(each for each in found if each is not None))


def _before(first: float, *, is_whole: bool) -> float:
    """A round number under the first limit, over zero where that is possible."""
    if first > 0:
        return _roundest(0, first, is_whole=is_whole) or 0
    under = _roundest(-first, 10 * -first + 10, is_whole=is_whole)
    return first - 1 if under is None else -under


def _roundest(low: float, high: float, *, is_whole: bool) -> float | None:
    """The roundest number strictly between two; None when there is none."""
    for power in range(_GREATEST, -1, -1):
        step = int(10**power)
        found = (floor(low / step) + 1) * step
        if low < found < high:
            return found
    for digits in range(1, 1 if is_whole else _DIGITS):
        fraction = round((floor(low * int(10**digits)) + 1) / int(10**digits), digits)
        if low < fraction < high:
            return fraction
    middle = (low + high) / 2
    return middle if low < middle < high and not is_whole else None


def _age(days: int) -> Text:
    if days < 0:
        return Text(f"dans {-days} j", f"in {-days} d")
    return Text(f"il y a {days} j", f"{days} d ago")
