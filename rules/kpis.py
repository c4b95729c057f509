"""`kpis.yaml`: the four KPIs, their settings and their definitions.

A KPI is a value of a rep over a month, as of a day; `rules.kpi_queries` measures it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from hashlib import sha256
from json import dumps
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, WithJsonSchema

from rules import schema_shapes
from rules.language import Language, Text, money
from rules.located import Document, Misfit, nearest
from rules.models import model_of
from rules.numbers import read_days, read_money
from rules.team import Strict, Words

_DEFINITION_LENGTH = 12


class KpiName(StrEnum):
    """The KPIs, as `kpis.yaml`, plans and alerts call them."""

    OPPORTUNITIES_OPENED = "opportunities_opened"
    CONVERSION_RATE = "conversion_rate"
    ACTIVE_PIPELINE = "active_pipeline"
    PRIORITY_CONTACTED = "priority_contacted"


class Unit(StrEnum):
    """What a KPI's value counts: things, a ratio from 0 to 1, or minor units of money."""

    COUNT = "count"
    RATIO = "ratio"
    MONEY = "money"


def written(reader: Callable[[str], float], *, least: float) -> BeforeValidator:
    """A validator that reads a text as people write it and refuses less than `least`."""

    def read(given: object) -> float:
        if not isinstance(given, str):
            raise Misfit("il faut ici une valeur sur une ligne", "a value on one line is needed")
        value = reader(given)
        if value < least:
            raise Misfit(
                f"« {given} » est trop petit : il faut au moins {least}",
                f"'{given}' is too small: at least {least} is needed",
            )
        return value

    return BeforeValidator(read)


Money = Annotated[int, written(read_money, least=0), WithJsonSchema(schema_shapes.AMOUNT)]
Days = Annotated[int, written(read_days, least=1), WithJsonSchema(schema_shapes.DURATION)]


def _some(tiers: object) -> object:
    if tiers == []:
        raise Misfit("nommez au moins un niveau", "name at least one tier")
    return tiers


class _Kpi(Strict, ABC):
    """What every KPI has. `meaning` rises whenever the query comes to mean something else."""

    name: ClassVar[KpiName]
    unit: ClassVar[Unit]
    meaning: ClassVar[int] = 1
    words: ClassVar[Text]

    label: Words

    def explained(self, currency: str) -> Text:
        """The definition in words, to stand beside every figure."""
        return Text(
            self.words.fr.format(self._setting(currency, Language.FR)),
            self.words.en.format(self._setting(currency, Language.EN)),
        )

    @abstractmethod
    def _setting(self, currency: str, language: Language) -> str:
        """The setting that the words name."""

    def definition(self, cadence: Mapping[str, int]) -> str:
        """A short hash of what the KPI means: two figures with the same one can be compared."""
        settings = self.model_dump(mode="json", exclude={"label"})
        meaning = {"kpi": self.name, "meaning": self.meaning, **settings, **self._depends(cadence)}
        return sha256(dumps(meaning, sort_keys=True).encode()).hexdigest()[:_DEFINITION_LENGTH]

    def _depends(self, _cadence: Mapping[str, int]) -> dict[str, object]:
        """What the figures depend on besides the settings of `kpis.yaml`."""
        return {}


class OpportunitiesOpened(_Kpi):
    """Opportunities created in the month whose amount reached the minimum at some time: a flow."""

    name = KpiName.OPPORTUNITIES_OPENED
    unit = Unit.COUNT
    words = Text(
        "opportunités créées dans le mois, non archivées, dont le montant est ou a été d'au moins "
        "{}",
        "opportunities created in the month, not archived, whose amount is or was at least {}",
    )

    minimum: Money

    def _setting(self, currency: str, language: Language) -> str:
        return money(self.minimum, currency, language)


class ConversionRate(_Kpi):
    """Won ÷ (won + lost) among what closed in a trailing window: a rate of counts."""

    name = KpiName.CONVERSION_RATE
    unit = Unit.RATIO
    words = Text(
        "gagnées ÷ (gagnées + perdues), en nombre, parmi les opportunités non archivées fermées "
        "dans les {} derniers jours",
        "won ÷ (won + lost), by count, among the opportunities, not archived, that closed in the "
        "last {} days",
    )

    window: Days

    def _setting(self, _currency: str, _language: Language) -> str:
        return str(self.window)


class ActivePipeline(_Kpi):
    """The sum of the open opportunities that close within a horizon: a stock."""

    name = KpiName.ACTIVE_PIPELINE
    unit = Unit.MONEY
    words = Text(
        "somme des opportunités ouvertes, non archivées, dont la fermeture est prévue "
        "d'ici {} jours",
        "sum of the open opportunities, not archived, that are due to close from today to {} days "
        "from now",
    )

    horizon: Days

    def _setting(self, _currency: str, _language: Language) -> str:
        return str(self.horizon)


class PriorityContacted(_Kpi):
    """Accounts of some tiers due for a contact this month, and contacted: a rate of accounts."""

    name = KpiName.PRIORITY_CONTACTED
    unit = Unit.RATIO
    words = Text(
        "parmi les comptes des niveaux {} à contacter d'ici la fin du mois selon leur cadence, "
        "part de ceux qui ont un contact consigné dans le mois",
        "among the accounts of tiers {} due for a contact by the end of the month under their "
        "cadence, the share with a contact logged in the month",
    )

    tiers: Annotated[list[str], BeforeValidator(_some), WithJsonSchema(schema_shapes.TEXTS)]

    def _setting(self, _currency: str, _language: Language) -> str:
        return ", ".join(self.tiers)

    def _depends(self, cadence: Mapping[str, int]) -> dict[str, object]:
        return {"cadence": {tier: cadence.get(tier) for tier in self.tiers}}


Kpi = OpportunitiesOpened | ConversionRate | ActivePipeline | PriorityContacted


class Kpis(Strict):
    """The KPIs of a playbook; one that is left out is not measured."""

    opportunities_opened: OpportunitiesOpened | None = None
    conversion_rate: ConversionRate | None = None
    active_pipeline: ActivePipeline | None = None
    priority_contacted: PriorityContacted | None = None

    @property
    def measured(self) -> list[Kpi]:
        """The KPIs in use, in the order of `KpiName`."""
        every: list[Kpi | None] = [
            self.opportunities_opened,
            self.conversion_rate,
            self.active_pipeline,
            self.priority_contacted,
        ]
        return [kpi for kpi in every if kpi is not None]


def read_kpis(document: Document, tiers: Collection[str]) -> Kpis | None:
    """`kpis.yaml`, its tiers checked against those of `segments.yaml`."""
    kpis = model_of(document, Kpis)
    contacted = kpis.priority_contacted if kpis else None
    for position, tier in enumerate(contacted.tiers if contacted else []):
        if tier not in tiers:
            hint = nearest(tier, list(tiers))
            document.complain(
                (KpiName.PRIORITY_CONTACTED, "tiers", position),
                Text(
                    f"« {tier} » n'est pas un niveau de segments.yaml{hint.fr}",
                    f"'{tier}' is not a tier of segments.yaml{hint.en}",
                ),
            )
    return kpis
