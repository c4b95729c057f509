"""The terms of a plan: what each of its keys may hold, and how people write it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, TypeAdapter, WithJsonSchema

from rules import schema_shapes
from rules.calendar import Span, periods_over
from rules.kpi.base import Days, Money, written
from rules.loads import read_capacity
from rules.located import Misfit
from rules.numbers import read_day_range, read_days, read_number, read_share
from rules.team import RESERVED, DayText, Strict
from rules.time import Day
from rules.working_days import DayRange, WorkingDays

TEAM = RESERVED
"""The owner of a plan of the whole team."""
NOT_ALLOTTED = "not_allotted"
WEEK_DAYS = 7
COUNT_LIMIT = 1_000_000
_TIMES_LIMIT = 1_000
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

    def expected(
        self, first: Day, last: Day, fiscal_start: int, days: WorkingDays | None = None
    ) -> float:
        """How many are expected between two days (included).

        Each period's count is shared equally by its own business days, so 12 per month makes 12
        in every whole month, whatever its length; a day off, away, before the start or after the
        end of the rep expects nothing. `fiscal_start` is a month, 1 to 12; without `days`, every
        weekday is worked.
        """
        work = days or WorkingDays(fiscal_start=fiscal_start)
        total = 0.0
        for period in periods_over(self.per, first, last, fiscal_start):
            worked = work.count(max(first, period.first), min(last, period.last))
            if worked:
                total += self.count * worked / work.business(period.first, period.last)
        return total


class FindingName(StrEnum):
    """What `plan check` may find, and a plan may accept."""

    REVENUE_OUT_OF_REACH = "revenue_out_of_reach"
    TOO_FEW_ACCOUNTS = "too_few_accounts"
    PIPELINE_BELOW_INFLOW = "pipeline_below_inflow"
    PIPELINE_ABOVE_INFLOW = "pipeline_above_inflow"
    ACTIVITIES_OVER_CAPACITY = "activities_over_capacity"
    SUMS_DISAGREE_WITH_TEAM = "sums_disagree_with_team"
    GEOGRAPHY_ONLY = "geography_only"
    ARBITRARY_SPLIT = "arbitrary_split"
    PAST_RESULTS_ONLY = "past_results_only"
    FROZEN_PLAN = "frozen_plan"
    REPS_NOT_INVOLVED = "reps_not_involved"
    OBJECTIVE_NOT_CARRIED = "objective_not_carried"


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


def _part(given: object) -> float:
    value = read_share(given)
    if not 0 <= value <= 1:
        raise Misfit(
            f"« {given} » : écrivez une part de 0 % à 100 %",
            f"'{given}': write a share from 0 % to 100 %",
        )
    return value


def _count(given: object) -> int:
    value = read_number(given)
    if value != int(value) or not 0 <= value <= COUNT_LIMIT:
        raise Misfit(
            f"« {given} » n'est pas un nombre de comptes (écrivez par exemple 35)",
            f"'{given}' is not a number of accounts (write for example 35)",
        )
    return int(value)


def _times(given: object) -> float:
    value = read_number(given)
    if not 0 < value <= _TIMES_LIMIT:
        raise Misfit(
            f"« {given} » : écrivez combien de fois ce qui reste, par exemple 3",
            f"'{given}': write how many times what is left, for example 3",
        )
    return value


def _cadence(given: object) -> int:
    days = read_days(given)
    if days < WEEK_DAYS:
        raise Misfit(
            f"« {given} » : une revue revient au plus chaque semaine (écrivez par exemple 6 weeks)",
            f"'{given}': a review comes back once a week at most (write for example 6 weeks)",
        )
    return days


def _reason(given: object) -> str:
    if not isinstance(given, str) or not given.strip():
        raise Misfit("dites pourquoi, en quelques mots", "say why, in a few words")
    return given.strip()


Rhythm = Annotated[Rate, BeforeValidator(_rate), WithJsonSchema(schema_shapes.RATE)]
Year = Annotated[int, BeforeValidator(_year), WithJsonSchema(schema_shapes.YEAR)]
Share = Annotated[float, written(_share, least=0), WithJsonSchema(schema_shapes.SHARE)]
Capacity = Annotated[float, BeforeValidator(read_capacity), WithJsonSchema(schema_shapes.RATE)]
Part = Annotated[float, BeforeValidator(_part), WithJsonSchema(schema_shapes.SHARE)]
Count = Annotated[int, BeforeValidator(_count), WithJsonSchema(schema_shapes.AMOUNT)]
Times = Annotated[float, BeforeValidator(_times), WithJsonSchema(schema_shapes.AMOUNT)]
Cadence = Annotated[int, BeforeValidator(_cadence), WithJsonSchema(schema_shapes.DURATION)]
Reason = Annotated[str, BeforeValidator(_reason), WithJsonSchema(schema_shapes.TEXT)]
Away = Annotated[DayRange, PlainValidator(read_day_range), WithJsonSchema(schema_shapes.DAY_RANGE)]
Quarter = Literal["q1", "q2", "q3", "q4", "not_allotted"]

_AMOUNT: TypeAdapter[int] = TypeAdapter(Money)
_AMOUNTS: TypeAdapter[dict[str, int]] = TypeAdapter(dict[str, Money])
_AMOUNT_OR_PARTS = {
    "anyOf": [
        schema_shapes.AMOUNT,
        {"type": "object", "minProperties": 1, "additionalProperties": schema_shapes.AMOUNT},
    ]
}


def _source(given: object) -> int | dict[str, int]:
    """Each shape is read by itself: of a union, pydantic would tell what is wrong with both."""
    if given == {}:
        raise Misfit(
            "écrivez un montant, ou au moins une sous-source",
            "write an amount, or at least one sub-source",
        )
    if isinstance(given, dict):
        return _AMOUNTS.validate_python(given)
    return _AMOUNT.validate_python(given)


Source = Annotated[int | dict[str, int], PlainValidator(_source), WithJsonSchema(_AMOUNT_OR_PARTS)]


class Targets(Strict):
    """What a plan asks of each KPI; one that is left out has no target.

    A rate is of what is counted, money of a stock; the rest are levels. `sales_cycle` is the
    longest that a sale should take, the others the least that is asked for.
    """

    opportunities_opened: Rhythm | None = None
    conversion_rate: Share | None = None
    active_pipeline: Money | None = None
    priority_contacted: Share | None = None
    proposals: Rhythm | None = None
    weighted_pipeline: Money | None = None
    coverage: Times | None = None
    sales_cycle: Days | None = None
    priority_covered: Share | None = None
    priority_time: Share | None = None
    priority_revenue: Share | None = None
    potential_captured: Share | None = None
    plan_wins: Rhythm | None = None


class Assumptions(Strict):
    """What a plan supposes: minor units of its currency, days, opportunities of an account."""

    average_won_deal: Money | None = None
    cycle: Days | None = None
    opportunities_per_account: Share | None = None


class Time(Strict):
    """The hours a week that a rep has for accounts, and how the plan shares them out.

    `shares` go by names of the plan's own (prospects, existing …), from 0 to 1, and make 1.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Part]

    capacity: Capacity

    @property
    def shares(self) -> Mapping[str, float]:
        """The shares as written, in their order."""
        return self.__pydantic_extra__


class Review(Strict):
    """How often a plan is looked at again, in days, and with whom: a key of `team.yaml`."""

    every: Cadence
    with_: str | None = Field(default=None, alias="with")


class Acceptance(Strict):
    """A finding of `plan check` that somebody accepts, that day included."""

    finding: FindingName
    until: DayText
    why: Reason
