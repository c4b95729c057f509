"""`plans/*.yaml`: the territory plan of a rep, or of the team, for a fiscal year.

An objective and its splits, targets, activities, time, assumptions, reviews, agreements, and dated
revisions of all that. `rules.plan.reading` reads and checks a file, `rules.plan.quota` shares the
objective out over days.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

from pydantic import Field, PrivateAttr

from rules.calendar import Period, fiscal_year, weekdays
from rules.kpi.base import Money
from rules.kpi.names import KpiName
from rules.plan import quota
from rules.plan.revisions import Revision
from rules.plan.terms import (
    NOT_ALLOTTED,
    TEAM,
    Acceptance,
    Assumptions,
    Away,
    Count,
    Part,
    Quarter,
    Rate,
    Review,
    Rhythm,
    Source,
    Targets,
    Time,
    Year,
)
from rules.team import Currency, DayText, MonthName, Strict, Team
from rules.time import Day
from rules.working_days import WorkingDays, working_days

__all__ = ["NOT_ALLOTTED", "TEAM", "Plan", "Rate", "expected_to_date", "plan_on"]

_STOCKS = (KpiName.ACTIVE_PIPELINE, KpiName.WEIGHTED_PIPELINE)


class Plan(Strict):
    """A plan for a fiscal year, named after the calendar year in which it begins.

    Amounts are minor units of `currency`. `sources`, `quarters`, `segments` and `products` each
    add up to `objective`, what is left to share out under `not_allotted`. The terms are those in
    force before any revision; `on` gives those of a day.
    """

    owner: str
    period: Year
    currency: Currency
    objective: Money
    sourcing: dict[str, Source] = Field(default_factory=dict, alias="sources")
    quarters: dict[Quarter, Money] = Field(default_factory=dict)
    segments: dict[str, Money] = Field(default_factory=dict)
    products: dict[str, Money] = Field(default_factory=dict)
    seasonality: dict[MonthName, Part] = Field(default_factory=dict)
    accounts: dict[str, Count] = Field(default_factory=dict)
    assumptions: Assumptions = Assumptions()
    targets: Targets = Targets()
    activities: dict[str, Rhythm] = Field(default_factory=dict)
    time: Time | None = None
    away: list[Away] = Field(default_factory=list)
    review: Review | None = None
    agreed: dict[str, DayText] = Field(default_factory=dict)
    accept: list[Acceptance] = Field(default_factory=list)
    revisions: list[Revision] = Field(default_factory=list)

    # Of terms that a revision made: the day from which they hold, and the ones before.
    _since: Day | None = PrivateAttr(default=None)
    _before: "Plan | None" = PrivateAttr(default=None)
    # Of the team's currency, for one unit of the plan's.
    _rate: Fraction = PrivateAttr(default=Fraction(1))

    @property
    def sources(self) -> dict[str, int]:
        """The objective by source, sub-sources added up."""
        return {
            name: sum(amount.values()) if isinstance(amount, dict) else amount
            for name, amount in self.sourcing.items()
        }

    @property
    def sub_sources(self) -> dict[str, dict[str, int]]:
        """Of the sources that have sub-sources, the amount of each."""
        return {name: each for name, each in self.sourcing.items() if isinstance(each, dict)}

    @property
    def rate(self) -> Fraction:
        """The team's currency for one unit of the plan's; 1 where they are the same."""
        return self._rate

    @property
    def since(self) -> Day | None:
        """The first day of these terms; None for those that the plan begins with."""
        return self._since

    @property
    def before(self) -> "Plan | None":
        """The terms in force before these."""
        return self._before

    @property
    def initial(self) -> "Plan":
        """The plan without its revisions."""
        found = self
        while found._before is not None:
            found = found._before
        return found.model_copy(update={"revisions": []}) if found.revisions else found

    def at_rate(self, rate: Fraction) -> "Plan":
        """The same plan, whose money is worth so much in the team's currency."""
        copied = self.model_copy()
        copied._rate = rate  # noqa: SLF001 - a copy of its own kind
        return copied

    def days(self, fiscal_start: int) -> Period:
        """The days of the plan; `fiscal_start` is the month in which fiscal years begin."""
        return fiscal_year(self.period, fiscal_start)

    def work(self, team: Team) -> WorkingDays:
        """The calendar that the owner of the plan works by."""
        return working_days(team, self.owner, self.away)

    def on(self, day: Day) -> "Plan":
        """The plan as it stands on a day: the terms then in force, none of the revisions to come.

        It knows the terms before them, so that its quotas and targets of earlier days are those
        of earlier days.
        """
        if not self.revisions:
            return self
        found = self.initial
        for revision in sorted(self.revisions, key=lambda each: each.from_):
            if revision.from_ <= day:
                found = found._revised(revision)  # noqa: SLF001 - of its own kind
        return found

    @property
    def latest(self) -> "Plan":
        """The plan with all its revisions in force."""
        return self.on(max(each.from_ for each in self.revisions)) if self.revisions else self

    def versions(self, fiscal_start: int) -> Sequence[tuple[Period, "Plan"]]:
        """The terms of the plan in order, each with the days on which it holds."""
        year = self.days(fiscal_start)
        found: list[tuple[Period, Plan]] = []
        last = year.last
        terms: Plan | None = self.latest
        while terms is not None:
            first = year.first if terms.since is None else terms.since
            if first <= last:
                found.append((Period(year.key, max(first, year.first), last), terms))
                last = first - 1
            terms = terms.before
        return found[::-1]

    def quota(
        self,
        period: Period,
        work: WorkingDays,
        *,
        source: str | None = None,
        segment: str | None = None,
        product: str | None = None,
    ) -> int:
        """The objective's share of some days, in minor units of the team's currency.

        The quarters of a year add up to its objective to the cent, as do the parts of a split.
        At most one of `source` (or sub-source), `segment` and `product` narrows it; a name that
        the plan does not have has no share.
        """
        asked = {"sourcing": source, "segments": segment, "products": product}
        split, name = next(
            ((split, name) for split, name in asked.items() if name is not None), ("", None)
        )
        versions = self.versions(work.fiscal_start)
        return quota.quota(
            tuple(_version(held, terms, split) for held, terms in versions),
            self.days(work.fiscal_start), period, work, rate=self._rate,
            names=None if name is None else _leaves(versions, split, name),
        )  # fmt: skip

    def target(self, kpi: KpiName, period: Period, work: WorkingDays) -> float | None:
        """The target of a KPI for a week, month, quarter or year; None when there is none.

        In the KPI's own unit, money in the team's currency. What is counted is shared by business
        days, under the terms of each day; of what is a level, the last terms count.
        """
        year = self.days(work.fiscal_start)
        within = period.clipped(year.first, year.last)
        if within is None:
            return None
        terms = self.on(within.last)
        if kpi is KpiName.REVENUE_WON:
            return terms.quota(within, work)
        asked: Rate | float | None = getattr(terms.targets, kpi, None)
        if isinstance(asked, Rate):
            return _counted(terms, within, work, lambda each: getattr(each.targets, kpi))
        if kpi in _STOCKS and asked is not None:
            return round(asked * self._rate)
        return asked

    def activity_target(self, activity: str, period: Period, work: WorkingDays) -> float | None:
        """How often an activity is asked for over some days; None where the plan does not ask."""
        year = self.days(work.fiscal_start)
        within = period.clipped(year.first, year.last)
        if within is None:
            return None
        terms = self.on(within.last)
        return _counted(terms, within, work, lambda each: each.activities.get(activity))

    def in_team_currency(self, amount: int | None) -> int | None:
        """An amount of the plan in minor units of the team's currency."""
        return None if amount is None else round(amount * self._rate)

    def _revised(self, revision: Revision) -> "Plan":
        terms = {name: getattr(self, name) for name in type(self).model_fields}
        revised = self.model_copy(update=revision.terms(terms))
        revised._since, revised._before = revision.from_, self  # noqa: SLF001 - of its own kind
        return revised


def _counted(
    plan: Plan, days: Period, work: WorkingDays, rate_of: Callable[[Plan], Rate | None]
) -> float | None:
    """What the rates of each day come to over some days."""
    found = [
        rate.expected(part.first, part.last, work.fiscal_start, work)
        for held, terms in plan.versions(work.fiscal_start)
        if (part := days.clipped(held.first, held.last)) and (rate := rate_of(terms))
    ]
    return sum(found) if found else None


def _version(held: Period, terms: Plan, split: str) -> quota.Version:
    return quota.Version(
        since=held.first,
        objective=terms.objective,
        quarters=tuple(terms.quarters.items()),
        seasonality=tuple(terms.seasonality.items()),
        parts=tuple(
            (leaf, amount)
            for parts in _split(terms, split).values()
            for leaf, amount in parts.items()
        ),
    )


def _split(terms: Plan, split: str) -> dict[str, dict[str, int]]:
    """The parts of a split, each with its own parts; one that has none is its own."""
    parts: dict[str, int | dict[str, int]] = getattr(terms, split) if split else {}
    return {
        name: dict(each) if isinstance(each, dict) else {name: each} for name, each in parts.items()
    }


def _leaves(versions: Sequence[tuple[Period, Plan]], split: str, name: str) -> list[str]:
    """What a part of a split is made of, under any of the terms; a sub-source is its own."""
    found = [
        leaf
        for _, terms in versions
        for part, leaves in _split(terms, split).items()
        for leaf in leaves
        if name in {part, leaf}
    ]
    return list(dict.fromkeys(found))


def plan_on(plans: Sequence[Plan], owner: str, day: Day, fiscal_start: int) -> Plan | None:
    """The plan of a rep, or of the team, with the terms in force on a day."""
    return next(
        (plan.on(day) for plan in plans if plan.owner == owner and day in plan.days(fiscal_start)),
        None,
    )


def expected_to_date(target: float, worked: Period, month: Period, as_of: Day) -> float:
    """What a month's target comes to before a day: its share of the weekdays gone by.

    `worked` is the part of the month in which the rep is there: from the arrival of somebody who
    joins on the 15th, only the days after count.
    """
    gone = weekdays(worked.first, min(worked.last, as_of - 1))
    return target * gone / weekdays(month.first, month.last)
