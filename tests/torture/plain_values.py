"""How a mirror writes what a CRM holds: instants, days, cents, bound fields.

For the CRMs whose emulated state holds Python's own values; nothing here is shared with a connector
or the store.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(instant: datetime) -> int:
    """An instant as milliseconds since 1970."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def day(given: date) -> int:
    """A day as the number of days since 1970."""
    return (given - _EPOCH.date()).days


def cents(amount: float | None) -> int | None:
    """An amount of money in hundredths."""
    return None if amount is None else round(amount * 100)


def meaning(value: object, type_name: str, choices: Mapping[str, str]) -> object:
    """A bound field's value as rules see it; `choices` leads from the CRM's option to our word."""
    if value is None:
        return None
    match type_name:
        case "money":
            return round(float(str(value)) * 100)
        case "number":
            return float(str(value))
        case "choice":
            return choices.get(str(value)) if choices else str(value)
    return str(value)
