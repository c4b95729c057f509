"""The stages of the sales pipeline, as the opportunities of a folder show them."""

import unicodedata
from dataclasses import dataclass
from statistics import mean
from typing import Literal

from connectors.sandbox.clock import PortalClock, stamp
from connectors.sandbox.csv_table import Row, Table, read_moment
from connectors.sandbox.moments import instant_of

# Words of stage names in the order in which sales usually go.
_USUAL_ORDER = (
    ("lead", "piste", "prospect", "nouveau", "new"),
    ("appointment", "rendez", "contact"),
    ("qualif",),
    ("discover", "decouverte", "besoin", "needs", "analys"),
    ("demo", "presentation", "engag"),
    ("propos", "soumission", "quote", "devis"),
    ("decision",),
    ("negoc", "negot"),
    ("contrat", "contract", "verbal", "commit"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of an opportunity into a stage."""

    label: str
    at: str


@dataclass(frozen=True, slots=True)
class FoundStage:
    """A stage of a folder: open, won or lost; the chance of winning there, from 0 to 1."""

    label: str
    kind: Literal["open", "won", "lost"]
    probability: float


def read_history(row: Row, clock: PortalClock) -> list[Step]:
    """Read `stage_history`, written `stage@date;stage@date`; empty when the cell is."""
    steps = []
    for part in row.text("stage_history").split(";"):
        if not part.strip():
            continue
        label, mark, written = part.strip().rpartition("@")
        moment = read_moment(written.strip())
        if not mark or moment is None:
            raise row.wrong(
                "stage_history",
                f"'{part.strip()}' is not a stage and its date; write Proposal@2026-03-31.",
            )
        steps.append(Step(label.strip(), stamp(instant_of(moment, clock))))
    return steps


def read_stages(table: Table, clock: PortalClock) -> list[FoundStage]:
    """Find the stages: open ones by usual progress, evenly spaced, then won, then lost."""
    kinds: dict[str, tuple[str, Row]] = {}
    places: dict[str, list[float]] = {}
    for row in table.rows:
        label, kind = row.required("stage"), _kind(row)
        known = kinds.setdefault(label, (kind, row))
        if known[0] != kind:
            raise row.wrong(
                "stage",
                f"'{label}' is {kind} here and {known[0]} on line {known[1].line}; "
                "a stage is open, won or lost.",
            )
        steps = read_history(row, clock)
        for order, step in enumerate(steps):
            places.setdefault(step.label, []).append(order / max(1, len(steps) - 1))
    for label in places:
        kinds.setdefault(label, ("open", table.rows[0]))
    opened = _ordered([label for label, known in kinds.items() if known[0] == "open"], places)
    return [
        *(
            FoundStage(label, "open", round((order + 1) / (len(opened) + 1), 2))
            for order, label in enumerate(opened)
        ),
        *(FoundStage(label, "won", 1.0) for label, known in kinds.items() if known[0] == "won"),
        *(FoundStage(label, "lost", 0.0) for label, known in kinds.items() if known[0] == "lost"),
    ]


def _kind(row: Row) -> str:
    is_closed, is_won = row.flag("is_closed"), row.flag("is_won")
    if is_won and not is_closed:
        raise row.wrong("is_won", "an opportunity that is won must be closed too.")
    if is_won:
        return "won"
    return "lost" if is_closed else "open"


def _ordered(labels: list[str], places: dict[str, list[float]]) -> list[str]:
    if all(label in places for label in labels):
        return sorted(labels, key=lambda label: mean(places[label]))
    return sorted(labels, key=_usual_place)


def _usual_place(label: str) -> int:
    plain = unicodedata.normalize("NFKD", label.lower()).encode("ascii", "ignore").decode()
    for place, words in enumerate(_USUAL_ORDER):
        if any(word in plain for word in words):
            return place
    return len(_USUAL_ORDER)
