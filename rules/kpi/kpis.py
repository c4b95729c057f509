"""`kpis.yaml`: the KPIs, their settings and their definitions, checked against the playbook.

Each KPI tells its own definition in words (`explained`); `rules.kpi.queries` and its neighbours
measure it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from pydantic import Field

from rules.conditions import compile_condition
from rules.kpi.base import DOUBT_LIMIT, BaseKpi, Days, Money, hashed, joined, written
from rules.kpi.deals import (
    ActivePipeline,
    ConversionRate,
    Coverage,
    OpportunitiesOpened,
    Proposals,
    RevenueWon,
    SalesCycle,
    StageConversion,
    WeightedPipeline,
)
from rules.kpi.dimensions import ActivityName, Cuts, Key, Time
from rules.kpi.effort import (
    Activities,
    CoverageBonus,
    PotentialCaptured,
    PriorityContacted,
    PriorityCovered,
    PriorityTime,
    TierMoves,
    TimeShare,
)
from rules.kpi.names import Cut, KpiName, Unit
from rules.kpi.wins import PlanRevenue, PlanWins, PriorityRevenue
from rules.language import Text
from rules.located import Document, Path, nearest
from rules.models import model_of
from rules.records import FieldType
from rules.syntax import ConditionError
from rules.team import Strict
from rules.terms import Name

__all__ = [
    "DOUBT_LIMIT", "ActivePipeline", "Activities", "BaseKpi", "ConversionRate", "Coverage",
    "CoverageBonus", "Cut", "Days", "Kpi", "KpiName", "Kpis", "Money", "OpportunitiesOpened",
    "PlanRevenue", "PlanWins", "PotentialCaptured", "PriorityContacted", "PriorityCovered",
    "PriorityRevenue", "PriorityTime", "Proposals", "RevenueWon", "SalesCycle", "StageConversion",
    "TierMoves", "TimeShare", "Unit", "WeightedPipeline", "read_kpis", "written",
]  # fmt: skip

Kpi = BaseKpi


class Kpis(Strict):
    """The KPIs of a playbook; one that is left out is not measured.

    `activities` and `time` are KPIs as well: what they name is counted.
    """

    cuts: Cuts = Cuts()
    activities: dict[Key, ActivityName] = Field(default_factory=dict)
    time: Time | None = None

    opportunities_opened: OpportunitiesOpened | None = None
    conversion_rate: ConversionRate | None = None
    active_pipeline: ActivePipeline | None = None
    priority_contacted: PriorityContacted | None = None
    revenue_won: RevenueWon | None = None
    stage_conversion: StageConversion | None = None
    proposals: Proposals | None = None
    weighted_pipeline: WeightedPipeline | None = None
    coverage: Coverage | None = None
    sales_cycle: SalesCycle | None = None
    priority_covered: PriorityCovered | None = None
    priority_time: PriorityTime | None = None
    priority_revenue: PriorityRevenue | None = None
    tier_moves: TierMoves | None = None
    potential_captured: PotentialCaptured | None = None
    plan_wins: PlanWins | None = None
    plan_revenue: PlanRevenue | None = None
    coverage_bonus: CoverageBonus | None = None

    @property
    def measured(self) -> list[Kpi]:
        """The KPIs in use, in the order of `KpiName`."""
        return [kpi for name in KpiName if (kpi := self.kpi(name)) is not None]

    def kpi(self, name: KpiName) -> Kpi | None:
        """A KPI by its name; None when it is not in use."""
        match name:
            case KpiName.ACTIVITIES:
                return _activities(self.activities)
            case KpiName.TIME_SHARE:
                return _time_share(self.time)
            case KpiName.PRIORITY_TIME:
                if self.priority_time is None or self.time is None:
                    return None
                return self.priority_time.with_hours(self.time.hours)
            case _:
                found: Kpi | None = getattr(self, name.value)
                return found

    def cuts_of(self, kpi: Kpi) -> list[Cut]:
        """The cuts of a KPI that this playbook can make, the whole first."""
        known = {*self.cuts.of_deals, Cut.TIER, Cut.STAGE, Cut.ACTIVITY, Cut.GROUP, Cut.MOVE}
        if self.cuts.segment is not None:
            known.add(Cut.SEGMENT)
        cuts = [cut for cut in kpi.cuts if cut in known]
        return cuts if kpi.always is not Cut.WHOLE else [Cut.WHOLE, *cuts]

    def explained(
        self, kpi: Kpi, cut: Cut, currency: str, cadence: Mapping[str, int] | None = None
    ) -> Text:
        """The definition of a KPI in words, and where the members of a cut come from."""
        told = self.cuts.told(cut)
        whole = kpi.explained(currency, cadence)
        return whole if told is None else joined(whole, told)

    def definition(self, kpi: Kpi, cut: Cut, cadence: Mapping[str, int]) -> str:
        """The short hash of what a KPI means along a cut."""
        name = getattr(self.cuts, cut.value, None) if cut is not Cut.WHOLE else None
        whole = kpi.definition(cadence)
        return whole if name is None else hashed([whole, cut.value, name])


def _activities(names: dict[str, ActivityName]) -> Activities | None:
    label = Text("Activités", "Activities")
    return Activities.model_construct(label=label, names=names) if names else None


def _time_share(time: Time | None) -> TimeShare | None:
    label = Text("Partage du temps", "Share of time")
    return TimeShare.model_construct(label=label, time=time) if time and time.groups else None


def read_kpis(
    document: Document,
    tiers: Collection[str],
    names: Mapping[str, Name] | None = None,
    deal_fields: Collection[str] | None = None,
) -> Kpis | None:
    """`kpis.yaml`, checked against the rest of the playbook as far as that is known.

    Args:
        document: the file; what is wrong is complained about there.
        tiers: those of `segments.yaml`.
        names: the facts and the rules that conditions can name; None when they are not known.
        deal_fields: the bound fields of opportunities; None when they are not known.
    """
    kpis = model_of(document, Kpis)
    if kpis is None:
        return None
    for path, tier in _tiers_named(kpis):
        if tier not in tiers:
            hint = nearest(tier, list(tiers))
            document.complain(
                path,
                Text(
                    f"« {tier} » n'est pas un niveau de segments.yaml{hint.fr}",
                    f"'{tier}' is not a tier of segments.yaml{hint.en}",
                ),
            )
    if kpis.priority_time is not None and kpis.time is None:
        document.complain(
            (KpiName.PRIORITY_TIME,),
            Text(
                "il faut savoir ce que dure une activité : ajoutez « time: {hours: …} »",
                "it must be known how long an activity takes: add 'time: {hours: …}'",
            ),
            at_key=True,
        )
    if names is not None:
        _check_conditions(document, kpis, names)
        _check_account_names(document, kpis, names)
    if deal_fields is not None:
        for cut, field in kpis.cuts.of_deals.items():
            _check_known(document, ("cuts", cut.value), field, sorted(deal_fields))
    return kpis


def _tiers_named(kpis: Kpis) -> Iterator[tuple[Path, str]]:
    for name in KpiName:
        if name in (KpiName.ACTIVITIES, KpiName.TIME_SHARE):
            continue
        for position, tier in enumerate(getattr(getattr(kpis, name.value), "tiers", [])):
            yield (name, "tiers", position), tier


def _check_conditions(document: Document, kpis: Kpis, names: Mapping[str, Name]) -> None:
    groups = kpis.time.groups if kpis.time else {}
    conditions: list[tuple[Path, str | None]] = [
        *((("activities", key, "when"), each.when) for key, each in kpis.activities.items()),
        *((("time", "groups", key, "when"), each.when) for key, each in groups.items()),
    ]
    for path, text in conditions:
        if text is None:
            continue
        try:
            compile_condition(text, names)
        except ConditionError as error:
            document.complain(path, error.text, offset=error.offset)


def _check_account_names(document: Document, kpis: Kpis, names: Mapping[str, Name]) -> None:
    if kpis.cuts.segment is not None:
        texts = [
            name.name
            for name in names.values()
            if name.type in (FieldType.CHOICE, FieldType.TEXT) and name.name != "name"
        ]
        _check_known(document, ("cuts", "segment"), kpis.cuts.segment, texts)
    if kpis.potential_captured is not None:
        amounts = [name.name for name in names.values() if name.type is FieldType.MONEY]
        path = (KpiName.POTENTIAL_CAPTURED, "potential")
        _check_known(document, path, kpis.potential_captured.potential, amounts)


def _check_known(document: Document, path: Path, name: str, known: Sequence[str]) -> None:
    if name not in known:
        hint = nearest(name, known)
        document.complain(
            path,
            Text(
                f"« {name} » ne convient pas ici{hint.fr} (conviennent : {', '.join(known)})",
                f"'{name}' does not fit here{hint.en} (what fits: {', '.join(known)})",
            ),
        )
