"""What the history of a deal tells: its greatest amount, and the stages that it entered. Pure.

DealHistory has a row for each stay in a stage: its Modified_Time is when the deal entered it.
"""

from collections.abc import Callable, Iterable, Mapping

from connectors import values
from connectors.zoho.objects import MODIFIED
from rules.records import StageEntry
from rules.time import Instant


def peak(amount: int | None, past: Iterable[Mapping[str, object]]) -> int | None:
    """The greatest amount ever, in minor units; past values that can't be read count for nothing.

    They are not quarantined: nobody can correct the past.
    """
    greatest = amount
    for entry in past:
        try:
            before = values.money(entry.get("Amount"))
        except values.Unreadable:
            continue
        if before is not None and (greatest is None or before > greatest):
            greatest = before
    return greatest


def entries(
    past: Iterable[Mapping[str, object]], display: Callable[[str], str]
) -> tuple[StageEntry, ...]:
    """The stages entered, oldest first: the same stage saved twice in a row is one entry."""
    dated: list[tuple[Instant, int, str]] = []
    for entry in past:
        try:
            stage = values.key(entry.get("Stage"))
            entered_at = values.business_instant(entry.get(MODIFIED))
        except values.Unreadable:
            continue
        if entered_at is not None and stage is not None:
            number = str(entry.get("id") or "")
            dated.append((entered_at, int(number) if number.isdecimal() else 0, display(stage)))
    dated.sort()
    found: list[StageEntry] = []
    for entered_at, _, stage in dated:
        if not found or found[-1].stage_id != stage:
            found.append(StageEntry(stage_id=stage, entered_at=entered_at))
    return tuple(found)
