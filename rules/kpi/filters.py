"""Which lists of a CRM give the figure of a KPI again, and why some have none.

Only what a person can filter there: records by their own fields, on a day's state. Pure; the words
and the query of each list are the vendor's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from rules.calendar import quarter_of
from rules.crm_filter import (
    Among,
    AtLeast,
    Bound,
    Choice,
    Condition,
    Empty,
    Filter,
    NoFilter,
    Read,
    What,
    Within,
)
from rules.kpi.figures import TEAM, Figure
from rules.kpi.kpis import (
    ActivePipeline,
    Activities,
    ConversionRate,
    Coverage,
    Cut,
    Kpi,
    KpiName,
    Kpis,
    OpportunitiesOpened,
    RevenueWon,
)
from rules.language import Text
from rules.records import ActivityKind, Kind, StageKind
from rules.time import Instant


@dataclass(frozen=True, slots=True)
class StageChoice:
    """A stage of a CRM: what it means, its key and its label there."""

    kind: StageKind
    choice: Choice


@dataclass(frozen=True, slots=True)
class CutField:
    """The CRM's field of a cut; `options` are its keys there by value (else they are the same)."""

    bound: Bound
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What lists are made of in one CRM.

    `owners` are its users by rep; `currencies` those of its opportunities, `home` its own.
    `is_alone`: no other CRM has a part in the figures. `now` is the instant of the figures.
    """

    zone: ZoneInfo
    fiscal_start: int
    currency: str
    home: str
    currencies: frozenset[str]
    owners: Mapping[str, Sequence[Choice]]
    stages: Sequence[StageChoice]
    fields: Mapping[Cut, CutField]
    is_alone: bool
    now: Instant


Lists = Mapping[str, Filter]
"""Lists by what of a figure each gives: `value`, `numerator` or `denominator`."""


def filters_of(figure: Figure, kpis: Kpis, place: Place) -> Lists | NoFilter:
    """The lists that give a figure again in a CRM; `kpis` define it."""
    maker = _Maker(figure, place)
    kpi = kpis.kpi(figure.kpi)
    if kpi is None or figure.kpi not in _FILTERED:
        return NoFilter(_WHY.get(figure.kpi, _OTHERWISE))
    why = maker.obstacle()
    if why is not None:
        return NoFilter(why)
    if isinstance(kpi, Activities):
        named = kpis.activities[figure.member]
        return NoFilter(_WITH_ACCOUNTS) if named.when else {"value": maker.activities(named.of)}
    return _of_deals(kpi, maker, figure)


def _of_deals(kpi: Kpi, maker: "_Maker", figure: Figure) -> Lists | NoFilter:
    """The lists of opportunities that give a figure."""
    match kpi:
        case RevenueWon():
            won = maker.of([StageKind.WON], maker.closing(figure.first, figure.as_of))
            return {"value": maker.sum(won)}
        case OpportunitiesOpened(minimum=minimum):
            created = Within(What.CREATED, figure.first, figure.as_of)
            opened = [*maker.members(), created, AtLeast(minimum)]
            return {"value": maker.count(opened, _HIGHEST)}
        case ConversionRate():
            closing = maker.closing(figure.first, figure.as_of)
            return {
                "numerator": maker.count(maker.of([StageKind.WON], closing)),
                "denominator": maker.count(maker.of([StageKind.WON, StageKind.LOST], closing)),
            }
        case ActivePipeline(horizon=horizon, stale=stale):
            closing = maker.closing(figure.as_of, figure.as_of + horizon)
            young = [Within(What.CREATED, figure.as_of - stale + 1, figure.as_of)] if stale else []
            return {"value": maker.sum([*maker.of([StageKind.OPEN], closing), *young])}
        case Coverage():
            end = quarter_of(figure.as_of, maker.place.fiscal_start).last
            closing = maker.closing(figure.as_of, end)
            return {"numerator": maker.sum(maker.of([StageKind.OPEN], closing))}
        case _:
            return NoFilter(_OTHERWISE)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the lists of one figure."""

    figure: Figure
    place: Place

    def obstacle(self) -> Text | None:
        """Why no list of this CRM can give the figure, where that does not depend on the KPI."""
        cut = Cut(self.figure.cut)
        if cut not in _WITHOUT_FIELD and cut not in self.place.fields:
            return _NOT_A_FIELD
        if not self._owners():
            return _NOBODY
        return None

    def of(self, kinds: Sequence[StageKind], *conditions: Condition) -> list[Condition]:
        """The members in stages of some kinds, under some conditions."""
        label = self.figure.member if self.figure.cut == Cut.STAGE else None
        stages = [
            each.choice
            for each in self.place.stages
            if each.kind in kinds and label in {None, each.choice.label}
        ]
        return [*self.members(), Among(What.STAGE, stages), *conditions]

    def closing(self, first: int, last: int) -> Within:
        return Within(What.CLOSES, first, last)

    def members(self) -> list[Condition]:
        """Whose records, and of which member of the cut."""
        conditions: list[Condition] = [Among(What.OWNER, self._owners())]
        found = self.place.fields.get(Cut(self.figure.cut))
        if found is None:
            return conditions
        if not self.figure.member:
            return [*conditions, Empty(found.bound)]
        keys = found.options.get(self.figure.member, [self.figure.member])
        return [*conditions, Among(found.bound, [Choice(key, key) for key in keys])]

    def count(self, conditions: Sequence[Condition], *cautions: Text) -> Filter:
        """How many opportunities."""
        needs_money = any(isinstance(each, AtLeast) for each in conditions)
        return self._filter(
            conditions, Read.COUNT, [*cautions, *self._cautions(needs_money=needs_money)]
        )

    def sum(self, conditions: Sequence[Condition]) -> Filter:
        """The sum of the amounts of opportunities."""
        return self._filter(conditions, Read.AMOUNT, self._cautions(needs_money=True))

    def activities(self, of: ActivityKind) -> Filter:
        """How many activities of a kind; of those only contacts count, but every note does."""
        happened = Within(What.HAPPENED, self.figure.first, self.figure.as_of)
        return Filter(
            kind=Kind.ACTIVITY, activity=of, read=Read.COUNT, zone=self.place.zone,
            conditions=[Among(What.OWNER, self._owners()), happened], currency=self.place.home,
            until=self.place.now, cautions=self._cautions(needs_money=False),
        )  # fmt: skip

    def _filter(
        self, conditions: Sequence[Condition], read: Read, cautions: Sequence[Text]
    ) -> Filter:
        return Filter(
            kind=Kind.OPPORTUNITY, conditions=conditions, read=read, zone=self.place.zone,
            currency=self.place.home, until=self.place.now, cautions=cautions,
        )  # fmt: skip

    def _cautions(self, *, needs_money: bool) -> list[Text]:
        found = []
        if needs_money and self.place.currencies - {self.place.home}:
            found.append(_CURRENCIES)
        if needs_money and self.place.home != self.place.currency:
            found.append(_HOME)
        return found if self.place.is_alone else [*found, _PARTLY]

    def _owners(self) -> list[Choice]:
        subject, owners = self.figure.subject, self.place.owners
        reps = list(owners) if subject == TEAM else [subject]
        return [each for rep in reps for each in owners.get(rep, ())]


_FILTERED = frozenset(
    {
        *(KpiName.REVENUE_WON, KpiName.OPPORTUNITIES_OPENED, KpiName.CONVERSION_RATE),
        *(KpiName.ACTIVE_PIPELINE, KpiName.COVERAGE, KpiName.ACTIVITIES),
    }
)
_WITHOUT_FIELD = frozenset({Cut.WHOLE, Cut.STAGE, Cut.ACTIVITY})
_WITH_ACCOUNTS = Text(
    "Ces activités ne comptent qu'avec des comptes qui remplissent une condition du playbook : la "
    "liste des activités du CRM ne peut en être filtrée.",
    "These activities only count with accounts that meet a condition of the playbook: the CRM's "
    "list of activities can't be filtered by it.",
)
_HIGHEST = Text(
    "Une opportunité qui n'a plus ce montant, mais l'a eu, compte dans Arpent et manque ici.",
    "An opportunity that had this amount but has it no longer counts in Arpent and is missing "
    "here.",
)
_CURRENCIES = Text(
    "Les montants d'une autre monnaie sont convertis par Arpent au taux de team.yaml, par le CRM "
    "au sien : la somme peut différer.",
    "Amounts in another currency are converted by Arpent at the rate of team.yaml, by the CRM at "
    "its own: the sum may differ.",
)
_HOME = Text(
    "Le CRM compte dans une autre monnaie que l'équipe : convertissez.",
    "The CRM counts in another currency than the team: convert.",
)
_PARTLY = Text(
    "Plusieurs CRM sont liés : additionnez ce que donne chacun.",
    "Several CRMs are connected: add up what each gives.",
)
_NOT_A_FIELD = Text(
    "Ce découpage vient des règles du playbook, ou d'un champ du compte : la liste des "
    "opportunités du CRM ne peut en être filtrée.",
    "This cut comes from the rules of the playbook, or from a field of the account: the CRM's list "
    "of opportunities can't be filtered by it.",
)
_NOBODY = Text(
    "Personne, dans ce CRM, n'est reconnu pour cette personne de team.yaml (par son adresse).",
    "Nobody in this CRM is recognised as this person of team.yaml (by the address).",
)
_OTHERWISE = Text(
    "Ce chiffre croise plusieurs listes du CRM, ou des états passés : aucun filtre ne le donne.",
    "This figure crosses several lists of the CRM, or past states: no filter gives it.",
)
_BY_TIER = Text(
    "Ce chiffre compare des contacts à la cadence du niveau de chaque compte : aucun filtre du CRM "
    "ne les croise.",
    "This figure compares contacts with the cadence of each account's tier: no filter of the CRM "
    "crosses them.",
)
_BY_HISTORY = Text(
    "Ce chiffre se lit dans l'historique des étapes, qu'aucune liste du CRM ne filtre.",
    "This figure is read in the history of stages, which no list of the CRM filters.",
)
_WHY: Mapping[KpiName, Text] = {
    KpiName.PRIORITY_CONTACTED: _BY_TIER,
    KpiName.PRIORITY_COVERED: _BY_TIER,
    KpiName.PROPOSALS: _BY_HISTORY,
    KpiName.STAGE_CONVERSION: _BY_HISTORY,
    KpiName.SALES_CYCLE: Text(
        "Une durée avec des opportunités encore ouvertes ne se lit pas dans une liste.",
        "A duration with opportunities still open can't be read off a list.",
    ),
    KpiName.WEIGHTED_PIPELINE: Text(
        "Le CRM pondère par la probabilité écrite sur chaque opportunité, Arpent par celle de "
        "l'étape : les sommes diffèrent.",
        "The CRM weighs by the probability written on each opportunity, Arpent by that of its "
        "stage: the sums differ.",
    ),
}
