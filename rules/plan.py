"""`plans/*.yaml`: the territory plan of a rep for a year: an objective, its split, its targets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from rules import schema_shapes
from rules.calendar import Period, Span, fiscal_year, periods_over, weekdays
from rules.kpis import KpiName, Kpis, Money, written
from rules.language import Language, Text, money, number
from rules.loads import read_capacity
from rules.located import Document, Misfit, nearest
from rules.models import model_of
from rules.numbers import read_number, read_share
from rules.team import Currency, Strict, Team
from rules.time import Day

NOT_ALLOTTED = "not_allotted"
_YEAR = re.compile(r"20\d\d")
_RATE = re.compile(r"^(.+?)(?:\s+per\s+|\s+par\s+|\s*/\s*)(\w+)$")
_SPANS = {
    "week": Span.WEEK,
    "semaine": Span.WEEK,
    "month": Span.MONTH,
    "mois": Span.MONTH,
    "quarter": Span.QUARTER,
    "trimestre": Span.QUARTER,
    "year": Span.YEAR,
    "an": Span.YEAR,
    "année": Span.YEAR,
}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many things per week, month, fiscal quarter or fiscal year."""

    count: float
    per: Span

    def expected(self, first: Day, last: Day, fiscal_start: int) -> float:
        """How many are expected between two days (included), spread over weekdays.

        Each period's count is shared equally by its own weekdays, so 12 per month makes 12 in
        every whole month, whatever its length. `fiscal_start` is a month, 1 to 12.
        """
        total = 0.0
        for period in periods_over(self.per, first, last, fiscal_start):
            worked = weekdays(max(first, period.first), min(last, period.last))
            total += self.count * worked / weekdays(period.first, period.last)
        return total


def _rate(given: object) -> Rate:
    found = _RATE.match(given.strip().lower()) if isinstance(given, str) else None
    span = _SPANS.get(found.group(2)) if found else None
    if found is None or span is None:
        raise Misfit(
            f"« {given} » n'est pas un rythme (écrivez par exemple 12 per month, 3 per week)",
            f"'{given}' is not a rate (write for example 12 per month, 3 per week)",
        )
    count = read_number(found.group(1))
    if count <= 0:
        raise Misfit(
            f"« {given} » : un rythme doit dépasser zéro", f"'{given}': a rate must be over zero"
        )
    return Rate(count, span)


def _year(given: object) -> int:
    if not isinstance(given, str) or not _YEAR.fullmatch(given):
        raise Misfit(
            f"« {given} » n'est pas une année (écrivez par exemple 2026)",
            f"'{given}' is not a year (write for example 2026)",
        )
    return int(given)


def _share(text: str) -> float:
    value = read_share(text)
    if not 0 < value <= 1:
        raise Misfit(
            f"« {text} » : écrivez une part de plus de 0 % et d'au plus 100 %",
            f"'{text}': write a share over 0 % and up to 100 %",
        )
    return value


def _time_share(given: object) -> float:
    value = read_share(given)
    if not 0 <= value <= 1:
        raise Misfit(
            f"« {given} » : écrivez une part de 0 % à 100 %",
            f"'{given}': write a share from 0 % to 100 %",
        )
    return value


Rhythm = Annotated[Rate, BeforeValidator(_rate), WithJsonSchema(schema_shapes.RATE)]
Year = Annotated[int, BeforeValidator(_year), WithJsonSchema(schema_shapes.YEAR)]
Share = Annotated[float, written(_share, least=0), WithJsonSchema(schema_shapes.SHARE)]
Capacity = Annotated[float, BeforeValidator(read_capacity), WithJsonSchema(schema_shapes.RATE)]
TimeShare = Annotated[float, BeforeValidator(_time_share), WithJsonSchema(schema_shapes.SHARE)]
Quarter = Literal["q1", "q2", "q3", "q4", "not_allotted"]


class Targets(Strict):
    """What a plan asks of each KPI; one that is left out has no target."""

    opportunities_opened: Rhythm | None = None
    conversion_rate: Share | None = None
    active_pipeline: Money | None = None
    priority_contacted: Share | None = None


class Time(Strict):
    """The hours a week that a rep has for accounts, and how the plan shares them out.

    `shares` go by names of the plan's own (prospects, existing …), from 0 to 1, and make 1.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, TimeShare]

    capacity: Capacity

    @property
    def shares(self) -> Mapping[str, float]:
        """The shares as written, in their order."""
        return self.__pydantic_extra__


class Plan(Strict):
    """A rep's plan for a fiscal year, named after the calendar year in which it begins.

    Amounts are minor units of `currency`. `sources` and `quarters` each add up to `objective`,
    what is left to share out under `not_allotted`.
    """

    owner: str
    period: Year
    currency: Currency
    objective: Money
    sources: dict[str, Money] = Field(default_factory=dict)
    quarters: dict[Quarter, Money] = Field(default_factory=dict)
    targets: Targets = Targets()
    time: Time | None = None

    def days(self, fiscal_start: int) -> Period:
        """The days of the plan; `fiscal_start` is the month in which fiscal years begin."""
        return fiscal_year(self.period, fiscal_start)

    def target(self, kpi: KpiName, month: Period, fiscal_start: int) -> float | None:
        """The target of a KPI for a month, in the KPI's own unit; None when there is none."""
        if month.first not in self.days(fiscal_start):
            return None
        rate = self.targets.opportunities_opened
        match kpi:
            case KpiName.OPPORTUNITIES_OPENED:
                return rate.expected(month.first, month.last, fiscal_start) if rate else None
            case KpiName.CONVERSION_RATE:
                return self.targets.conversion_rate
            case KpiName.ACTIVE_PIPELINE:
                return self.targets.active_pipeline
            case KpiName.PRIORITY_CONTACTED:
                return self.targets.priority_contacted


def read_plan(document: Document, team: Team) -> Plan | None:
    """A file of `plans/`, checked against the team; what is wrong is in the document's issues."""
    plan = model_of(document, Plan)
    if plan is None:
        return None
    if plan.owner not in team.reps:
        hint = nearest(plan.owner, list(team.reps))
        document.complain(
            ("owner",),
            Text(
                f"« {plan.owner} » n'est pas dans reps de team.yaml{hint.fr}",
                f"'{plan.owner}' is not in reps of team.yaml{hint.en}",
            ),
        )
    if plan.currency != team.currency:
        document.complain(
            ("currency",),
            Text(
                f"le plan est en {plan.currency} et l'équipe en {team.currency} : pour l'instant, "
                f"un plan est dans la monnaie de l'équipe, écrivez {team.currency}",
                f"the plan is in {plan.currency} and the team in {team.currency}: for now, a plan "
                f"is in the team's currency, write {team.currency}",
            ),
        )
    _check_split(document, plan, "sources", plan.sources)
    _check_split(document, plan, "quarters", plan.quarters)
    if plan.time is not None:
        _check_shares(document, plan.time.shares)
    return plan


def check_plans(plans: Sequence[tuple[Document, Plan]], kpis: Kpis) -> None:
    """Check plans together: one for each rep and period, targets only for measured KPIs."""
    taken: dict[tuple[str, int], str] = {}
    measured = {kpi.name for kpi in kpis.measured}
    for document, plan in plans:
        key = (plan.owner, plan.period)
        other = taken.get(key)
        if other is None:
            taken[key] = document.file
        else:
            document.complain(
                ("owner",),
                Text(
                    f"{plan.owner} a déjà un plan pour {plan.period}, dans {other} : gardez-en un",
                    f"{plan.owner} already has a plan for {plan.period}, in {other}: keep one",
                ),
            )
        for name in Targets.model_fields:
            if getattr(plan.targets, name) is not None and name not in measured:
                document.complain(
                    ("targets", name),
                    Text(
                        f"« {name} » n'est pas dans kpis.yaml : ajoutez-le là, ou retirez la cible",
                        f"'{name}' is not in kpis.yaml: add it there, or remove the target",
                    ),
                    at_key=True,
                )


def plan_on(plans: Sequence[Plan], owner: str, day: Day, fiscal_start: int) -> Plan | None:
    """The plan of a rep in force on a day."""
    return next(
        (plan for plan in plans if plan.owner == owner and day in plan.days(fiscal_start)), None
    )


def expected_to_date(target: float, worked: Period, month: Period, as_of: Day) -> float:
    """What a month's target comes to before a day: its share of the weekdays gone by.

    `worked` is the part of the month in which the rep is there: from the arrival of somebody who
    joins on the 15th, only the days after count.
    """
    gone = weekdays(worked.first, min(worked.last, as_of - 1))
    return target * gone / weekdays(month.first, month.last)


def _check_split(document: Document, plan: Plan, key: str, parts: Mapping[Any, int]) -> None:
    """Complain when the parts of a split don't add up to the objective, to the cent."""
    difference = plan.objective - sum(parts.values())
    if not parts or difference == 0:
        return
    fr = money(abs(difference), plan.currency, Language.FR)
    en = money(abs(difference), plan.currency, Language.EN)
    if difference > 0:
        text = Text(
            f"il manque {fr} pour arriver à l'objectif : corrigez une ligne, ou ajoutez "
            f"« {NOT_ALLOTTED}: » avec ce montant",
            f"{en} is missing to make the objective: correct a line, or add "
            f"'{NOT_ALLOTTED}:' with this amount",
        )
    else:
        text = Text(
            f"le total dépasse l'objectif de {fr} : corrigez une ligne ou l'objectif",
            f"the total is {en} over the objective: correct a line or the objective",
        )
    document.complain((key,), text, at_key=True)


def _check_shares(document: Document, shares: Mapping[str, float]) -> None:
    """Complain of shares of time that have no name of their own, or don't make the whole."""
    for name in shares:
        if not name.isidentifier():
            document.complain(
                ("time", name),
                Text(
                    f"« {name} » : le nom d'une part s'écrit en lettres, chiffres et _",
                    f"'{name}': the name of a share is written in letters, digits and _",
                ),
                at_key=True,
            )
    total = sum(Decimal(str(share)) for share in shares.values())
    if shares and total != 1:
        percents = float(total * 100)
        document.complain(
            ("time",),
            Text(
                f"les parts du temps font {number(percents, Language.FR, digits=2)} %, et il faut "
                "100 % : corrigez une part, ou ajoutez celle qui manque",
                f"the shares of time make {number(percents, Language.EN, digits=2)} %, and 100 % "
                "is needed: correct a share, or add the one that is missing",
            ),
            at_key=True,
        )
