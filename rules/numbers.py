"""Numbers, shares, durations and dates as people write them in Québec: `500 000`, `500k`, `25 %`.

Each `read_*` takes a text and raises `Misfit` with a sentence when it can't be read.
"""

import re
from datetime import date

from rules.located import Misfit
from rules.time import Day, day_number

_SPACES = str.maketrans("", "", " \u00a0\u202f'’")
_NUMBER = re.compile(r"^([+-]?)(\d+(?:[.,]\d+)?)([kKmM]?)\$?$")
_SCALE = {"": 1, "k": 1_000, "m": 1_000_000}
_DURATION = re.compile(r"^(\d+)\s*(d|j|w|sem|days?|jours?|weeks?|semaines?)$")


def read_number(text: str) -> float:
    """`500 000`, `500k`, `1,2M`, `-3.5` as a number."""
    found = _NUMBER.match(text.strip().translate(_SPACES))
    if not found:
        raise Misfit(
            f"« {text} » n'est pas un nombre (écrivez par exemple 500 000, 500k ou 12,5)",
            f"'{text}' is not a number (write for example 500 000, 500k or 12.5)",
        )
    sign, digits, scale = found.groups()
    value = float(digits.replace(",", ".")) * _SCALE[scale.lower()]
    return -value if sign == "-" else value


def read_money(text: str) -> int:
    """An amount in minor units: `10k` → 1 000 000."""
    return round(read_number(text) * 100)


def read_share(text: str) -> float:
    """`25 %` → 0.25; a bare number must be between 0 and 1."""
    stripped = text.strip()
    value = read_number(stripped.removesuffix("%")) / (100 if stripped.endswith("%") else 1)
    if not stripped.endswith("%") and not 0 <= value <= 1:
        raise Misfit(
            f"« {text} » : écrivez une part comme 25 %", f"'{text}': write a share as 25 %"
        )
    return value


def read_days(text: str) -> int:
    """`90 d`, `90 j`, `13 w` as a number of days."""
    found = _DURATION.match(text.strip().lower())
    if not found:
        raise Misfit(
            f"« {text} » n'est pas une durée (écrivez par exemple 90 d ou 13 w)",
            f"'{text}' is not a duration (write for example 90 d or 13 w)",
        )
    count, unit = found.groups()
    return int(count) * (7 if unit[0] in "ws" else 1)


def read_day(text: str) -> Day:
    """`2026-06-29` as a day."""
    try:
        return day_number(date.fromisoformat(text.strip()))
    except ValueError as error:
        raise Misfit(
            f"« {text} » n'est pas une date (écrivez AAAA-MM-JJ)",
            f"'{text}' is not a date (write YYYY-MM-DD)",
        ) from error
