"""Figures of the product set against figures that were worked out."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from tests.kpi_truth.records import Shown
from tests.kpi_truth.worked_out import Key

_PARTS = ("value", "numerator", "denominator", "low", "high")

# 1.96 stands for the same as its further decimals, in cents too.
_BOUNDS = 5e-5


class Measured(Protocol):
    """What a figure shows, whoever made it."""

    @property
    def value(self) -> float | None: ...
    @property
    def numerator(self) -> float | None: ...
    @property
    def denominator(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


def differences(worked_out: Mapping[Key, Shown], found: Mapping[Key, Measured]) -> list[str]:
    """A line for each figure that is not as worked out, or that only one of the two has.

    A member without any record may be told, as nothing, or not be told.
    """
    return [*missing(worked_out, found), *_untold(worked_out, found)]


def close(one: float | None, other: float | None, slack: float = 1e-6) -> bool:
    """Whether two figures are the same, but for the last of their digits."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= slack + 1e-9 * abs(one)


def _slack(wanted: Shown, part: str) -> float:
    if part in {"low", "high"}:
        return 1e-6 + _BOUNDS * (abs(wanted.low or 0) + abs(wanted.high or 0))
    return wanted.slack if part == "value" else 1e-6


def missing(worked_out: Mapping[Key, Shown], found: Mapping[Key, Measured]) -> Iterator[str]:
    """A line for each figure that was worked out and is not found as it was."""
    for key, wanted in worked_out.items():
        there = found.get(key)
        if there is None:
            if wanted.value:
                yield f"{_named(key)}: nothing is told, {wanted.value} is wanted"
            continue
        for part in _PARTS:
            mine, theirs = getattr(wanted, part), getattr(there, part)
            is_told = part == "value" or mine is not None
            slack = _slack(wanted, part)
            if is_told and not close(mine, theirs, slack):
                yield f"{_named(key)}: {part} is {theirs}, {mine} is wanted"


def _untold(worked_out: Mapping[Key, Shown], found: Mapping[Key, Measured]) -> Iterator[str]:
    known = {key[1:3] for key in worked_out}
    for key, there in found.items():
        if key[1:3] in known and key not in worked_out and there.value:
            yield f"{_named(key)}: {there.value} is told, nothing is wanted"


def _named(key: Iterable[str]) -> str:
    return " ".join(each or "–" for each in key)
