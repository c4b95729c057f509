"""What the sums of the queries make of each KPI: value, interval, and why it may not be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rules.calendar import Span
from rules.chance.intervals import Interval, wilson
from rules.kpi.base import BaseKpi
from rules.kpi.deal_queries import PROBABILITY_GRAIN
from rules.kpi.deals import (
    ActivePipeline,
    ConversionRate,
    Coverage,
    OpportunitiesOpened,
    Proposals,
    RevenueWon,
    StageConversion,
    WeightedPipeline,
)
from rules.kpi.effort import (
    CoverageBonus,
    PotentialCaptured,
    PriorityContacted,
    PriorityCovered,
    TierMoves,
)
from rules.kpi.intervals import compound, garwood, median_cycle
from rules.kpi.wins import PlanRevenue, PlanWins, PriorityRevenue
from rules.language import Language, Text, percent

NO_CASE = Text("non concluant : aucun cas", "not conclusive: no case")
_NO_PLAN = Text("sans objectif de plan", "no objective of a plan")
_NOTHING_ASKED = Text("aucun objectif ce trimestre", "no objective this quarter")
_REACHED = Text("l'objectif du trimestre est atteint", "the quarter's objective is reached")


class Tally(dict[str, float]):
    """Sums by name; what no row told is zero."""

    def __missing__(self, name: str) -> float:
        return 0.0

    def add(self, other: Mapping[str, float | None]) -> None:
        """Add the sums of another; of what ends in `_max`, keep the greater."""
        for name, value in other.items():
            if value is None:
                continue
            if name.endswith("_max"):
                self[name] = max(self.get(name, value), value)
            else:
                self[name] = self.get(name, 0.0) + value


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A KPI of a tally. `unknown` of `inputs` are empty."""

    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    interval: Interval | None = None
    unknown: float = 0
    inputs: float = 0
    doubt: Text | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no record at all counts."""
        return not self.value and not self.numerator and not self.denominator


def made(kpi: BaseKpi, tally: Tally, span: Span) -> Made:
    """What a KPI of opportunities or of accounts comes to."""
    match kpi:
        case OpportunitiesOpened():
            count = tally[f"opened_{span}"]
            found = Made(
                value=count, numerator=count, interval=garwood(int(count)),
                unknown=tally[f"created_unknown_{span}"], inputs=tally[f"created_{span}"],
            )  # fmt: skip
        case RevenueWon():
            total, squares = tally[f"won_amount_{span}"], tally[f"won_squares_{span}"]
            # Of nothing it would be 0 to 0, as if it were sure that nothing can be won.
            interval = compound(total, squares) if tally[f"won_known_{span}"] else None
            found = _summed(tally, "won", f"_{span}", interval=interval)
        case ConversionRate():
            found = _rate(tally["converted"], tally["closed"])
        case StageConversion():
            found = _rate(tally["stage_passed"], tally["stage_left"])
        case Proposals():
            count = tally[f"proposals_{span}"]
            found = Made(value=count, numerator=count, interval=garwood(int(count)))
        case ActivePipeline():
            found = _summed(tally, kpi.stock)
        case WeightedPipeline():
            found = _summed(tally, kpi.stock, total="weighted", scale=PROBABILITY_GRAIN)
        case _:
            found = _made_of_accounts(kpi, tally, span)
    return found


def _made_of_accounts(kpi: BaseKpi, tally: Tally, span: Span) -> Made:
    match kpi:
        case PriorityRevenue():
            found = _part_of_won(kpi, tally, span)
        case PlanWins():
            count = tally[f"{kpi.aimed}_{span}"]
            found = Made(value=count, numerator=count, denominator=tally[f"won_{span}"],
                        interval=garwood(int(count)))  # fmt: skip
        case PlanRevenue():
            found = _summed(tally, kpi.aimed, f"_{span}")
        case PriorityContacted():
            found = _rate(tally[f"contacted_{span}"], tally[f"due_{span}"])
        case PriorityCovered():
            found = _rate(tally["covered"], tally["covered_all"], is_sample=False)
        case CoverageBonus():
            found = _bonus(kpi, tally)
        case PotentialCaptured():
            whole = tally["potential"]
            found = Made(
                value=tally["captured"] / whole if whole else None,
                numerator=tally["captured"], denominator=whole,
                unknown=tally["potential_unknown"], inputs=tally["in_scope"],
            )  # fmt: skip
        case TierMoves():
            count = tally[f"moves_{span}"]
            found = Made(value=count, numerator=count)
        case _:
            raise ValueError(f"{kpi.name} is not made of a tally alone")
    return found


def _summed(
    tally: Tally,
    prefix: str,
    suffix: str = "",
    *,
    total: str = "amount",
    interval: Interval | None = None,
    scale: int = 1,
) -> Made:
    count, known = tally[f"{prefix}{suffix}"], tally[f"{prefix}_known{suffix}"]
    is_known = known or not count
    return Made(
        value=float(round(tally[f"{prefix}_{total}{suffix}"] / scale)) if is_known else None,
        numerator=known, denominator=count, interval=interval if is_known else None,
        unknown=count - known, inputs=count,
    )  # fmt: skip


def _rate(part: float, whole: float, *, is_sample: bool = True) -> Made:
    if not whole:
        return Made(value=None, numerator=part, denominator=whole, doubt=NO_CASE)
    interval = wilson(int(part), int(whole)) if is_sample else None
    return Made(value=part / whole, numerator=part, denominator=whole, interval=interval)


def _part_of_won(kpi: PriorityRevenue, tally: Tally, span: Span) -> Made:
    part, whole = tally[f"{kpi.aimed}_amount_{span}"], tally[f"won_amount_{span}"]
    count = tally[f"won_{span}"]
    is_positive = whole > 0
    return Made(
        value=part / whole if is_positive else None, numerator=part, denominator=whole,
        unknown=count - tally[f"won_known_{span}"], inputs=count,
        doubt=None if is_positive else NO_CASE,
    )  # fmt: skip


def _bonus(kpi: CoverageBonus, tally: Tally) -> Made:
    part, whole = tally["bonus"], tally["bonus_all"]
    if not whole:
        return Made(value=None, numerator=part, denominator=whole, doubt=NO_CASE)
    is_earned = part >= kpi.at_least * whole
    return Made(value=float(is_earned), numerator=part, denominator=whole)


def made_of_quota(kpi: Coverage, tally: Tally, quota: float | None) -> Made:
    """The coverage of what is left of a quarter's quota; None without a plan."""
    count, known = tally["to_go"], tally["to_go_known"]
    pipeline = tally["to_go_amount"]
    if quota is None:
        return Made(value=None, numerator=pipeline, doubt=_NO_PLAN)
    if quota <= 0:
        return Made(value=None, numerator=pipeline, doubt=_NOTHING_ASKED)
    left = quota - tally["done_amount"]
    if left <= 0:
        return Made(value=None, numerator=pipeline, denominator=left, doubt=_REACHED)
    exposure = tally["to_go_max"] / left
    doubt = None
    if exposure > kpi.exposure:
        doubt = Text(
            "non concluant : une seule opportunité fait "
            f"{percent(exposure, Language.FR)} de ce qui reste",
            f"not conclusive: one opportunity alone makes {percent(exposure, Language.EN)} of "
            "what is left",
        )
    is_known = known or not count
    return Made(
        value=pipeline / left if is_known else None, numerator=pipeline, denominator=left,
        unknown=count - known, inputs=count, doubt=doubt,
    )  # fmt: skip


def made_of_lengths(events: Mapping[tuple[int, str], int]) -> Made:
    """The sales cycle, of how many opportunities ended how (`unknown`: no date) after some days."""
    unknown = sum(count for (_, event), count in events.items() if event == "unknown")
    known = {key: count for key, count in events.items() if key[1] != "unknown"}
    won = sum(count for (_, event), count in known.items() if event == "won")
    closed = sum(count for (_, event), count in events.items() if event != "open")
    return Made(
        value=median_cycle(known), numerator=won, denominator=sum(known.values()),
        unknown=unknown, inputs=closed, doubt=None if won else NO_CASE,
    )  # fmt: skip


def doubt_of(kpi: BaseKpi, found: Made) -> Text | None:
    """Why a figure is not conclusive: its own reason, or too many inputs that are empty."""
    if found.inputs and found.unknown / found.inputs > kpi.doubt_over:
        return _too_empty(found.unknown / found.inputs, kpi.emptiness)
    return found.doubt


@lru_cache(maxsize=4096)
def _too_empty(share: float, of: Text) -> Text:
    fr, en = percent(share, Language.FR), percent(share, Language.EN)
    return Text(f"non concluant : {fr} {of.fr}", f"not conclusive: {en} {of.en}")
