"""Days and instants as Salesforce reads and prints them: UTC, to the second in system stamps."""

import re
from datetime import UTC, date, datetime

_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d{1,6})?(Z|[+-]\d{2}:?\d{2})?", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def to_the_second(instant: datetime) -> datetime:
    """Cut an instant to its second, in UTC: system stamps know no smaller unit."""
    return instant.astimezone(UTC).replace(microsecond=0)


def printed(instant: datetime) -> str:
    """Print an instant as the REST API does: `2026-11-22T10:00:00.000+0000`."""
    instant = instant.astimezone(UTC)
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}+0000"


def read_instant(text: str) -> datetime | None:
    """Read an instant of a JSON body or a SOQL literal; None when it is none."""
    found = _INSTANT.fullmatch(text)
    if not found:
        return None
    day, clock, fraction, zone = found.groups()
    try:
        return datetime.fromisoformat(f"{day}T{clock}{fraction or ''}{zone or 'Z'}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_day(text: str) -> date | None:
    """Read a day written `YYYY-MM-DD`; None when it is none."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
