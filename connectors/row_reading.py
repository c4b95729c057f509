"""Reading the values of one record after the other: what can't be read is quarantined. Pure.

What every vendor's `Mapper` starts from. A value that does not mean what its field should hold
becomes unknown, its raw text and the reason are kept, and the record stays.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from connectors import values
from rules.owned import DAYS
from rules.records import Kind, Quarantine
from rules.time import Instant, date_of

T = TypeVar("T")


class RowReading:
    """The values of records of a kind, and what of them was quarantined so far."""

    def __init__(self, kind: Kind) -> None:
        self.quarantined: list[Quarantine] = []
        self._kind = kind

    def drain(self) -> list[Quarantine]:
        """What was quarantined since the last time."""
        drained, self.quarantined = self.quarantined, []
        return drained

    def _read(self, key: str, name: str, raw: Any, parse: Callable[[Any], T]) -> T | None:  # noqa: ANN401 - as it came
        """A value of the record `key`, None where it is empty or unreadable."""
        if raw is None or raw == "":
            return None
        try:
            return parse(raw)
        except values.Unreadable as error:
            self._quarantine(key, name, raw, str(error))
            return None

    def _changed_at(self, key: str, *written: object) -> Instant:
        """When a record changed: the first that can be read, else the epoch."""
        for raw in written:
            found = self._read(key, "modified_at", raw, values.business_instant)
            if found is not None:
                return found
        return 0

    def _quarantine(self, key: str, name: str, raw: object, reason: str) -> None:
        self.quarantined.append(values.quarantined(self._kind, key, name, raw, reason))

    def _set_aside(self, key: object, raw: object, reason: str) -> None:
        """Quarantine a whole record."""
        self.quarantined.append(values.unusable(self._kind, key, raw, reason))


def observing(own_field: str) -> Callable[[object], str | None]:
    """How what a field of ours holds is read: a day as `YYYY-MM-DD`, what is no day as it stands.

    None where it holds nothing, or what is no text at all.
    """
    return _day_or_text if own_field in DAYS else _text_or_none


def _text_or_none(raw: object) -> str | None:
    try:
        return values.text(raw)
    except values.Unreadable:
        return None


def _day_or_text(raw: object) -> str | None:
    try:
        found = values.day(raw)
    except values.Unreadable:
        return _text_or_none(raw)
    return None if found is None else date_of(found).isoformat()


def home_amount(found: int | None, currency: str) -> int:
    """A bound amount in the home currency; raises `values.Unreadable` where no rate told it."""
    if found is None:
        raise values.Unreadable(f"no rate of exchange is known for {currency}")
    return found
