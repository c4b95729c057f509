"""The stages that the opportunities of a folder show, and how each deal went through them."""

from dataclasses import dataclass
from datetime import datetime

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.csv_table import Row, Table
from connectors.sandbox.moments import instant_of
from connectors.sandbox.salesforce.moments import read_instant, to_the_second
from connectors.sandbox.salesforce.org import Values
from connectors.sandbox.stages import FoundStage, read_history, read_stages

_CATEGORIES = {"open": "Pipeline", "won": "Closed", "lost": "Omitted"}


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a deal into a stage."""

    label: str
    at: datetime


def stages_of(table: Table, clock: PortalClock) -> list[Values]:
    """Return the stages in order, as OpportunityStage rows; MalformedFolderError."""
    return [_stage(found) for found in read_stages(table, clock)]


def _stage(found: FoundStage) -> Values:
    return {
        "ApiName": found.label,
        "MasterLabel": found.label,
        "DefaultProbability": round(found.probability * 100, 0),
        "ForecastCategoryName": _CATEGORIES[found.kind],
        "IsClosed": found.kind != "open",
        "IsWon": found.kind == "won",
    }


def steps_of(row: Row, clock: PortalClock, now: datetime) -> list[Step]:
    """Return the stages of a deal, the last one being where it is."""
    read = [Step(step.label, read_instant(step.at) or now) for step in read_history(row, clock)]
    label = row.text("stage")
    if read and read[-1].label == label:
        return read
    created = row.moment("created")
    start = to_the_second(instant_of(created, clock)) if created else now
    if not row.flag("is_closed"):
        return [*read, Step(label, read[-1].at if read else start)]
    closes = row.moment("close_date")
    end = max(to_the_second(instant_of(closes, clock)), start) if closes else start
    return [*read, Step(label, end)]
