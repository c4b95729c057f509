"""What an editor says of each key of `kpis.yaml`, French first; `Model.field` names a key."""

from collections.abc import Mapping

from rules.language import Text

_KPIS: Mapping[str, Text] = {
    "cuts": Text("d'où viennent les découpages", "where the cuts come from"),
    "activities": Text("activités que les plans nomment", "activities that plans name"),
    "time": Text("heures par activité, et groupes du temps", "hours an activity, groups of time"),
    "revenue_won": Text("ventes gagnées", "revenue won"),
    "stage_conversion": Text("passage des étapes", "stage conversion"),
    "proposals": Text("propositions faites", "proposals made"),
    "weighted_pipeline": Text("pipeline pondéré", "weighted pipeline"),
    "coverage": Text("pipeline ÷ reste du trimestre", "pipeline ÷ what is left of the quarter"),
    "sales_cycle": Text("durée médiane d'une vente", "median length of a sale"),
    "priority_covered": Text("comptes prioritaires couverts", "priority accounts covered"),
    "priority_time": Text("part du temps aux comptes prioritaires", "time on priority accounts"),
    "priority_revenue": Text("part des ventes des mêmes", "their share of revenue"),
    "tier_moves": Text("changements de niveau", "changes of tier"),
    "potential_captured": Text("ventes ÷ potentiel", "sales ÷ potential"),
    "plan_wins": Text("victoires que visait le plan", "wins that the plan aimed at"),
    "plan_revenue": Text("leur montant", "what they are worth"),
    "coverage_bonus": Text("prime de couverture, un indicateur", "coverage bonus, an indicator"),
}
_SETTINGS: Mapping[str, Text] = {
    "label": Text("[français, anglais]", "[French, English]"),
    "doubt_over": Text(
        "non concluant si plus de données que cela manquent, 20 %",
        "not conclusive when more of the data is missing, 20 %",
    ),
    "window": Text("jours regardés, 90 d", "days looked at, 90 d"),
    "horizon": Text("jours à venir, 180 d", "days ahead, 180 d"),
    "stale": Text("trop vieille après, 365 d", "too old after, 365 d"),
    "stages": Text("noms d'étapes du CRM", "names of stages of the CRM"),
    "tiers": Text("niveaux comptés", "tiers that count"),
    "segments": Text("segments comptés", "segments that count"),
    "aim": Text("cible, si le plan n'en a pas, 80 %", "target, when the plan has none, 80 %"),
    "at_least": Text("part à atteindre, 90 %", "share to reach, 90 %"),
    "exposure": Text("part d'une seule opportunité, 40 %", "share of one opportunity, 40 %"),
    "potential": Text("champ du potentiel", "field of the potential"),
}
_MODELS = (
    "ActivePipeline", "ConversionRate", "Coverage", "CoverageBonus", "OpportunitiesOpened",
    "PlanRevenue", "PlanWins", "PotentialCaptured", "PriorityContacted", "PriorityCovered",
    "PriorityRevenue", "PriorityTime", "Proposals", "RevenueWon", "SalesCycle", "StageConversion",
    "TierMoves", "WeightedPipeline",
)  # fmt: skip

KPI_KEYS: Mapping[str, Text] = {
    **{f"Kpis.{key}": text for key, text in _KPIS.items()},
    **{f"{model}.{key}": text for model in _MODELS for key, text in _SETTINGS.items()},
    "ActivityName.label": Text("[français, anglais]", "[French, English]"),
    "ActivityName.of": Text("sorte d'activité", "kind of activity"),
    "ActivityName.when": Text("condition sur le compte", "condition on the account"),
    "Cuts.segment": Text("règle ou champ des comptes", "rule or field of accounts"),
    "Cuts.source": Text("champ des opportunités", "field of opportunities"),
    "Cuts.channel": Text("champ des opportunités", "field of opportunities"),
    "Cuts.product": Text("champ des opportunités", "field of opportunities"),
    "Time.hours": Text("heures par sorte d'activité, call: 0.5 h", "hours by kind, call: 0.5 h"),
    "Time.groups": Text("groupes de comptes, par leur nom", "groups of accounts, by name"),
    "Group.label": Text("[français, anglais]", "[French, English]"),
    "Group.when": Text("condition sur le compte", "condition on the account"),
}
