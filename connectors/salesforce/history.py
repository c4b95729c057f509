"""What the history of an opportunity tells: its greatest amount, and the stages that it entered.

OpportunityHistory has a row for each change of the amount, the probability, the stage or the close
date, and is always kept (Salesforce's Object Reference).
"""

from collections.abc import Iterable, Mapping

from connectors import values
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


def entries(past: Iterable[Mapping[str, object]]) -> tuple[StageEntry, ...]:
    """The stages entered, oldest first: a row whose stage is that of the row before is none.

    Rows are written for changes of amount, probability and close date too.
    """
    dated: list[tuple[Instant, str, str]] = []
    for entry in past:
        try:
            stage = values.key(entry.get("StageName"))
            entered_at = values.business_instant(entry.get("CreatedDate"))
        except values.Unreadable:
            continue
        if entered_at is not None and stage is not None:
            dated.append((entered_at, str(entry.get("Id") or ""), stage))
    dated.sort()
    found: list[StageEntry] = []
    for entered_at, _, stage in dated:
        if not found or found[-1].stage_id != stage:
            found.append(StageEntry(stage_id=stage, entered_at=entered_at))
    return tuple(found)
