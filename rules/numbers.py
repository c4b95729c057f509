"""Numbers, shares, durations and dates as people write them in Québec: `500 000`, `500k`, `25 %`.

Each `read_*` takes a text and raises `Misfit` with a sentence when it can't be read, be it because
it is a list or nothing at all. Limits keep every value where both databases compute exactly.
"""

import re
from datetime import date
from decimal import Decimal

from rules.located import Misfit
from rules.time import Day, day_number

DAYS_LIMIT = 36_500
NUMBER_LIMIT = 1e12

_SPACES = str.maketrans("", "", " \u00a0\u202f\u2009'’")
_NUMBER = re.compile(r"([+-]?)(\d+(?:[.,]\d+)?)([kKmM]?)\$?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?\$?", re.ASCII)
_SCALE = {"": 1, "k": 1_000, "m": 1_000_000}
_DURATION = re.compile(r"(\d+)\s*(d|j|w|sem|days?|jours?|weeks?|semaines?)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _text(given: object) -> str:
    if isinstance(given, str):
        return given.strip()
    raise Misfit("il faut ici une valeur sur une ligne", "a value on one line is needed here")


def _read(given: object) -> Decimal:
    """In decimals as written: in floating point, 64.4 × 1,000 is not 64,400."""
    text = _text(given)
    compact = text.translate(_SPACES)
    if _THOUSANDS.fullmatch(compact):
        plain = compact.replace(",", "")
        raise Misfit(
            f"« {text} » : la virgule sépare les décimales ; pour un millier, écrivez {plain}",
            f"'{text}': the comma is for decimals; for thousands, write {plain}",
        )
    found = _NUMBER.fullmatch(compact)
    if not found:
        raise Misfit(
            f"« {text} » n'est pas un nombre (écrivez par exemple 500 000, 500k ou 12,5)",
            f"'{text}' is not a number (write for example 500 000, 500k or 12.5)",
        )
    sign, digits, scale = found.groups()
    value = Decimal(digits.replace(",", ".")) * _SCALE[scale.lower()]
    if value > int(NUMBER_LIMIT):
        raise Misfit(f"« {text} » est trop grand", f"'{text}' is too large")
    return -value if sign == "-" else value


def read_number(given: object) -> float:
    """`500 000`, `500k`, `1,2M`, `-3.5` as a number."""
    return float(_read(given))


def read_money(given: object) -> int:
    """An amount in minor units: `10k` → 1 000 000."""
    return round(_read(given) * 100)


def read_share(given: object) -> float:
    """`25 %` → 0.25; a bare number must be between 0 and 1."""
    text = _text(given)
    value = _read(text.removesuffix("%"))
    if text.endswith("%"):
        return float(value / 100)
    if not 0 <= value <= 1:
        raise Misfit(
            f"« {text} » : écrivez une part comme 25 %", f"'{text}': write a share as 25 %"
        )
    return float(value)


def read_days(given: object) -> int:
    """`90 d`, `90 j`, `13 w` as a number of days."""
    text = _text(given)
    found = _DURATION.fullmatch(text.lower())
    if not found:
        raise Misfit(
            f"« {text} » n'est pas une durée (écrivez par exemple 90 d ou 13 w)",
            f"'{text}' is not a duration (write for example 90 d or 13 w)",
        )
    count, unit = found.groups()
    # Python refuses to read numbers of thousands of digits.
    days = int(count.lstrip("0")[:9] or 0) * (7 if unit[0] in "ws" else 1)
    if days > DAYS_LIMIT:
        raise Misfit(
            f"« {text} » est trop long : au plus {DAYS_LIMIT} jours",
            f"'{text}' is too long: at most {DAYS_LIMIT} days",
        )
    return days


def read_day(given: object) -> Day:
    """`2026-06-29` as a day."""
    text = _text(given)
    try:
        if _DAY.fullmatch(text):
            return day_number(date.fromisoformat(text))
    except ValueError:
        pass
    raise Misfit(
        f"« {text} » n'est pas une date (écrivez AAAA-MM-JJ)",
        f"'{text}' is not a date (write YYYY-MM-DD)",
    )


def read_day_range(given: object) -> tuple[Day, Day]:
    """`2026-07-20..2026-07-31`, or one day: the first and the last, both included."""
    text = _text(given)
    first, dots, last = text.partition("..")
    days = read_day(first), read_day(last if dots else first)
    if days[1] < days[0]:
        raise Misfit(
            f"« {text} » : la fin précède le début ; écrivez par exemple 2026-07-20..2026-07-31",
            f"'{text}': the end is before the start; write for example 2026-07-20..2026-07-31",
        )
    return days
