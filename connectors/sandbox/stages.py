"""The stages of the sales pipeline, as the opportunities of a folder show them."""

import unicodedata
from dataclasses import dataclass
from statistics import mean

from connectors.sandbox.clock import PortalClock, stamp
from connectors.sandbox.csv_table import Row, Table, read_moment
from connectors.sandbox.moments import instant_of
from connectors.sandbox.state import stage, stage_slug
from connectors.sandbox.wire import JsonObject

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
class StageTable:
    """The stages of a folder: label → id, in order, open ones first."""

    ids: dict[str, str]
    first_open: str
    stages: list[JsonObject]


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


def read_stages(table: Table, clock: PortalClock, at: str) -> StageTable:
    """Build the stages: open ones by usual progress, evenly spaced, then won, then lost."""
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
    labels = _ordered([label for label, known in kinds.items() if known[0] == "open"], places)
    open_count = len(labels)
    probabilities = [str(round((order + 1) / (open_count + 1), 2)) for order in range(open_count)]
    for kind, probability in (("won", "1.0"), ("lost", "0.0")):
        closed = [label for label, known in kinds.items() if known[0] == kind]
        labels += closed
        probabilities += [probability] * len(closed)
    ids: dict[str, str] = {}
    for label in labels:
        ids[label] = _free_id(label, set(ids.values()))
    stages = [
        stage(ids[label], label, probability, order, at)
        for order, (label, probability) in enumerate(zip(labels, probabilities, strict=True))
    ]
    return StageTable(ids, labels[0] if open_count else "", stages)


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


def _free_id(label: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    wanted = stage_slug(plain) or "stage"
    number, candidate = 2, wanted
    while candidate in taken:
        candidate, number = f"{wanted}{number}", number + 1
    return candidate
