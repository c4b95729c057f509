"""What DealHistory tells: the greatest amount, and the stages that were entered. Pure.

It has a row for each stay in a stage: its Modified_Time is when the deal entered it.
"""

from collections.abc import Callable, Iterable, Mapping

from connectors import past
from connectors.zoho.objects import MODIFIED
from rules.records import StageEntry


def peak(amount: int | None, rows: Iterable[Mapping[str, object]]) -> int | None:
    """The greatest amount ever, in minor units."""
    return past.peak(amount, (row.get("Amount") for row in rows))


def entries(
    rows: Iterable[Mapping[str, object]], display: Callable[[str], str]
) -> tuple[StageEntry, ...]:
    """The stages entered, oldest first, by the names that people see."""
    return past.entries(
        ((row.get(MODIFIED), _number(row), row.get("Stage")) for row in rows), display
    )


def _number(row: Mapping[str, object]) -> int:
    """The id of a row: ids are numbers that only grow."""
    written = str(row.get("id") or "")
    return int(written) if written.isdecimal() else 0
