"""The stages of a folder as those of a pipeline: their ids, and what the pipelines API shows."""

import unicodedata
from dataclasses import dataclass

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.csv_table import Table
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.state import stage, stage_slug
from connectors.sandbox.stages import read_stages


@dataclass(frozen=True, slots=True)
class StageTable:
    """The stages of a folder: label → id, in order, open ones first."""

    ids: dict[str, str]
    first_open: str
    stages: list[JsonObject]


def stages_of(table: Table, clock: PortalClock, at: str) -> StageTable:
    """Build the stages of a folder; MalformedFolderError."""
    found = read_stages(table, clock)
    ids: dict[str, str] = {}
    for one in found:
        ids[one.label] = _free_id(one.label, set(ids.values()))
    stages = [
        stage(ids[one.label], one.label, str(one.probability), order, at)
        for order, one in enumerate(found)
    ]
    opened = [one.label for one in found if one.kind == "open"]
    return StageTable(ids, opened[0] if opened else "", stages)


def _free_id(label: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    wanted = stage_slug(plain) or "stage"
    number, candidate = 2, wanted
    while candidate in taken:
        candidate, number = f"{wanted}{number}", number + 1
    return candidate
