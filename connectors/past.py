"""What the past of an opportunity tells: its greatest amount, and the stages that it entered. Pure.

Past values that can't be read count for nothing, and are not quarantined: nobody can correct the
past.
"""

from collections.abc import Callable, Iterable
from operator import itemgetter

from connectors import values
from rules.records import StageEntry
from rules.time import Instant


def peak(amount: int | None, past: Iterable[object]) -> int | None:
    """The greatest amount ever, in minor units; `past` are the amounts as the CRM has them."""
    greatest = amount
    for written in past:
        try:
            before = values.money(written)
        except values.Unreadable:
            continue
        if before is not None and (greatest is None or before > greatest):
            greatest = before
    return greatest


def entries(
    past: Iterable[tuple[object, int | str, object]], name: Callable[[str], str] = str
) -> tuple[StageEntry, ...]:
    """The stages entered, oldest first; the same stage twice in a row is one entry.

    `past` has when, what orders the rows of one instant, and the stage, as the CRM has them; `name`
    gives the id of a stage that is called otherwise there.
    """
    dated: list[tuple[Instant, int | str, str]] = []
    for at, order, written in past:
        try:
            stage = values.key(written)
            entered_at = values.business_instant(at)
        except values.Unreadable:
            continue
        if entered_at is not None and stage is not None:
            dated.append((entered_at, order, name(stage)))
    dated.sort(key=itemgetter(0, 1))
    found: list[StageEntry] = []
    for entered_at, _, stage in dated:
        if not found or found[-1].stage_id != stage:
            found.append(StageEntry(stage_id=stage, entered_at=entered_at))
    return tuple(found)
