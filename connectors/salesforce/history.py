"""What OpportunityHistory tells: the greatest amount, and the stages that were entered. Pure.

It has a row for each change of the amount, the probability, the stage or the close date, and is
always kept (Salesforce's Object Reference).
"""

from collections.abc import Iterable, Mapping

from connectors import past
from rules.records import StageEntry


def peak(amount: int | None, rows: Iterable[Mapping[str, object]]) -> int | None:
    """The greatest amount ever, in minor units."""
    return past.peak(amount, (row.get("Amount") for row in rows))


def entries(rows: Iterable[Mapping[str, object]]) -> tuple[StageEntry, ...]:
    """The stages entered, oldest first; a row of another change repeats the stage."""
    return past.entries(
        (row.get("CreatedDate"), str(row.get("Id") or ""), row.get("StageName")) for row in rows
    )
