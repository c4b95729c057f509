"""The KPIs of what was won where the plan aims: priority tiers, segments."""

from collections.abc import Sequence

from rules.kpi.base import (
    AMOUNTS,
    DAYS,
    DEALS,
    FLOW,
    GATE,
    MAIN_ACCOUNT,
    POISSON,
    SUM,
    BaseKpi,
    Part,
    TierKpi,
    hashed,
    joined,
)
from rules.kpi.names import BY_DEAL, KpiName, Unit
from rules.language import Language, Text


def _aimed(tiers: Sequence[str], segments: Sequence[str] = ()) -> str:
    """What the sums of such wins are called; KPIs that aim at the same ones share them."""
    return f"aimed_{hashed([sorted(tiers), sorted(segments)])}"


class PriorityRevenue(TierKpi):
    """The part of what was won in the period that comes from the priority tiers."""

    name = KpiName.PRIORITY_REVENUE
    unit = Unit.RATIO
    words = Text(
        "Somme des montants gagnés dans la période avec des comptes des niveaux {tiers} ÷ "
        "somme de tous les montants gagnés dans la période (étape gagnée, date de fermeture "
        "dans la période). Il n'y a pas de valeur quand cette somme n'est pas positive.",
        "Sum of the amounts won in the period with accounts of tiers {tiers} ÷ sum of all the "
        "amounts won in the period (stage won, close date in the period). There is no value "
        "when that sum is not positive.",
    )
    conventions = (FLOW, DEALS, MAIN_ACCOUNT, AMOUNTS, DAYS, GATE)

    aim: Part | None = None

    @property
    def aimed(self) -> str:
        """What the sums of its wins are called."""
        return _aimed(self.tiers)


class _OfPlan(BaseKpi):
    """What counts as a win of the plan: priority tiers, or segments that are named."""

    tiers: list[str] = []  # noqa: RUF012 - pydantic copies it for each model
    segments: list[str] = []  # noqa: RUF012 - the same

    @property
    def aimed(self) -> str:
        """What the sums of its wins are called."""
        return _aimed(self.tiers, self.segments)

    def _settings(self, _currency: str, _language: Language) -> dict[str, str]:
        return {
            "tiers": ", ".join(self.tiers) or "–",
            "segments": ", ".join(self.segments) or "–",
        }


_IN_PLAN = Text(
    "dont l'étape est gagnée, dont la date de fermeture est dans la période, et dont le compte est "
    "de l'un des niveaux ({tiers}) ou de l'un des segments ({segments}) que vise le plan.",
    "whose stage is won, whose close date is in the period, and whose account is of one of the "
    "tiers ({tiers}) or of one of the segments ({segments}) that the plan aims at.",
)


class PlanWins(_OfPlan):
    """How many wins the plan aimed at."""

    name = KpiName.PLAN_WINS
    unit = Unit.COUNT
    cuts = BY_DEAL
    words = joined(
        Text("Nombre d'opportunités", "Number of opportunities"),
        _IN_PLAN,
        Text("Dénominateur : toutes les gagnées.", "Denominator: all that were won."),
    )
    conventions = (FLOW, DEALS, MAIN_ACCOUNT, DAYS, POISSON)


class PlanRevenue(_OfPlan):
    """How much the wins are worth that the plan aimed at."""

    name = KpiName.PLAN_REVENUE
    unit = Unit.MONEY
    cuts = BY_DEAL
    words = joined(
        Text("Somme des montants des opportunités", "Sum of the amounts of the opportunities"),
        _IN_PLAN,
        Text(
            "Numérateur : celles dont le montant est connu ; dénominateur : toutes celles-là.",
            "Numerator: those whose amount is known; denominator: all of those.",
        ),
    )
    conventions = (FLOW, DEALS, MAIN_ACCOUNT, AMOUNTS, SUM, DAYS, GATE)
