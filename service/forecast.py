"""Forecast: how likely each rep, and the team, is to reach the target of the year or the quarter.

What was won is certain; open opportunities and those to come are weighed by what became of earlier
ones (`rules.forecast.chances`), and added up exactly (`rules.forecast.attainment`). Nothing is
drawn at random: the same records give the same figures. `service.forecast_record` keeps them by
week.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rules.calendar import MONTHS_PER_YEAR, Period, Span, period_of
from rules.forecast.attainment import OpenDeal, Prospect, chance_of, gains, outlook, wins_needed
from rules.forecast.chances import Chances
from rules.forecast.forecasts import CHANCE_WANTED, Adds, Forecast, Pace
from rules.kpi.base import DOUBT_LIMIT
from rules.kpi.figures import TEAM
from rules.kpi.moment import Moment
from rules.kpi.names import Cut
from rules.kpi.targets import Targets
from rules.language import Language, Text, percent
from rules.plan.plan import Plan, plan_on
from rules.plan_check.values import DEFAULT_CYCLE
from rules.rulebook import Rulebook
from rules.time import Day
from rules.working_days import WorkingDays, working_days
from service.store import forecast_inputs
from service.store.engine import Store, Transaction
from service.store.forecast_inputs import Asked, OpenOpportunity, Past, WonSum

WINDOW = 730
"""So many days back outcomes and amounts count."""
PACE_DAYS = 13 * 7
LEAST_WINS = 12
"""With fewer wins of their own, a rep's amounts are filled with the team's."""
RANKED = 5
_DAYS_PER_MONTH = 365.25 / MONTHS_PER_YEAR
# More amounts than these say nothing more of what a deal may bring.
_MANY = 2_000
# Ranking takes a distribution for each of the largest; of a whole team nobody reads it.
_MANY_DEALS = 400


def forecasts(
    store: Store,
    book: Rulebook,
    *,
    as_of: Day,
    spans: Sequence[Span] = (Span.YEAR,),
    subjects: Sequence[str] | None = None,
    with_ranks: bool = True,
) -> list[Forecast]:
    """The forecasts of those who have a plan in force, reps as in team.yaml, then the team.

    `as_of` is the last day of which the records tell. `subjects` narrows; `with_ranks` also looks
    for what adds most and what is needed, which takes longer.
    """
    with store.read() as connection:
        return forecasts_in(
            connection, book, as_of=as_of, spans=spans, subjects=subjects, with_ranks=with_ranks
        )


def forecasts_in(
    connection: Transaction,
    book: Rulebook,
    *,
    as_of: Day,
    spans: Sequence[Span] = (Span.YEAR,),
    subjects: Sequence[str] | None = None,
    with_ranks: bool = True,
) -> list[Forecast]:
    """The same, in a transaction."""
    opened = book.kpis.opportunities_opened
    asked = Asked(
        as_of=as_of, window=WINDOW, since=as_of - PACE_DAYS + 1,
        minimum=opened.minimum if opened else 0,
    )  # fmt: skip
    past = forecast_inputs.past(connection, asked)
    found: list[Forecast] = []
    for span in spans:
        period = period_of(span, as_of, book.team.fiscal_year)
        won = forecast_inputs.won_in(connection, period, as_of)
        making = _Making(book, past, won, span, period, as_of, with_ranks=with_ranks)
        for subject in (*book.team.reps, TEAM):
            if subjects is None or subject in subjects:
                found += making.of(subject)
    return found


@dataclass(frozen=True, slots=True)
class _Flow:
    """Opportunities to come of a rep over what is left: at a pace, and their chance to be won."""

    measured: float | None
    planned: float | None
    chance: float


@dataclass(frozen=True)
class _Making:
    """What is made of the past for one period."""

    book: Rulebook
    past: Past
    won: Mapping[str, WonSum]
    span: Span
    period: Period
    as_of: Day
    with_ranks: bool = True

    @property
    def left(self) -> int:
        """How many days are left after this one."""
        return self.period.last - self.as_of

    @cached_property
    def targets(self) -> Targets:
        """What the plans ask for."""
        moment = Moment(
            as_of=self.as_of, spans=(self.span,), fiscal_start=self.book.team.fiscal_year,
            is_over=True,
        )  # fmt: skip
        return Targets(self.book.plans, self.book.team, moment)

    @cached_property
    def _stages(self) -> Mapping[str, Chances]:
        """The chances from each stage."""
        return {place: Chances(cases) for place, cases in self.past.by_stage.items()}

    @cached_property
    def _created(self) -> Chances:
        """The chances from the creation."""
        return Chances(self.past.created)

    def of(self, subject: str) -> Iterator[Forecast]:
        """The forecast of a subject; nothing without a plan."""
        target = self.targets.quota(subject, self.period)
        if target is None:
            return
        reps = list(self.book.team.reps) if subject == TEAM else [subject]
        opened = [deal for deal in self.past.open_ones if deal.rep in reps]
        in_time = [deal for deal in opened if self._is_in_time(deal)]
        deals = [self._deal(deal) for deal in in_time if deal.amount is not None]
        wins = [self.won[rep] for rep in reps if rep in self.won]
        flow = self._flow(subject, reps)
        often = flow.measured if flow.measured is not None else flow.planned or 0.0
        prospect = Prospect(
            won=sum(each.total for each in wins), deals=deals, wins=often * flow.chance,
            amounts=self._amounts(subject),
        )  # fmt: skip
        found = self._forecast(subject, round(target), prospect, flow)
        unknown = sum(deal.amount is None for deal in in_time)
        yield replace(
            found, adds=self._ranked(prospect, found.target, in_time), open_count=len(in_time),
            later=len(opened) - len(in_time), unknown=unknown,
            doubt=_doubt(prospect, unknown, len(in_time), wins),
        )  # fmt: skip

    def _forecast(self, subject: str, target: int, prospect: Prospect, flow: _Flow) -> Forecast:
        found = outlook(prospect)
        return Forecast(
            subject=subject, span=self.span, period=self.period, as_of=self.as_of,
            currency=self.book.team.currency, target=target, won=prospect.won,
            probability=chance_of(prospect, target), p10=found.quantile(0.1),
            p50=found.quantile(0.5), p90=found.quantile(0.9), open_count=0,
            open_mean=round(sum(deal.amount * deal.probability for deal in prospect.deals)),
            later=0, unknown=0, cases=self._created.cases(None if subject == TEAM else subject),
            measured=self._pace(flow.measured, flow, prospect, target),
            planned=self._pace(flow.planned, flow, prospect, target),
            needed=self._needed(flow, prospect, target),
        )  # fmt: skip

    def _ranked(
        self, prospect: Prospect, target: int, in_time: Sequence[OpenOpportunity]
    ) -> list[Adds]:
        """The open opportunities that add the most, the first first."""
        if not self.with_ranks or len(prospect.deals) > _MANY_DEALS:
            return []
        names = {deal.id: deal.name for deal in in_time}
        return [
            Adds(
                id=each.deal.key, name=names[each.deal.key], amount=each.deal.amount,
                probability=each.deal.probability, gain=each.gain,
            )
            for each in gains(prospect, target, RANKED)
        ]  # fmt: skip

    def _is_in_time(self, deal: OpenOpportunity) -> bool:
        """Whether somebody means it to close before the period's end, or does not say."""
        return deal.closes_on is None or deal.closes_on <= self.period.last

    def _deal(self, deal: OpenOpportunity) -> OpenDeal:
        age = 0 if deal.since is None else max(0, self.as_of - deal.since)
        chances = self._stages.get(deal.stage, _NONE)
        prior = deal.likely * chances.timely(age, self.left)
        likely = chances.won(deal.rep, age=age, days=self.left, prior=prior)
        return OpenDeal(deal.amount or 0, min(1.0, max(0.0, likely)), deal.id)

    def _flow(self, subject: str, reps: Sequence[str]) -> _Flow:
        """The opportunities to come; a team's are its reps' own, or those of the team's plan."""
        own = self._plan(TEAM) if subject == TEAM else None
        each = [self._flow_of(rep) for rep in reps if self._plan(rep) or own]
        measured = [flow.measured for flow in each if flow.measured is not None]
        asked = self._asked(subject)
        weights = [flow.measured or flow.planned or 0.0 for flow in each]
        whole = sum(weights)
        chance = (
            sum(flow.chance * weight for flow, weight in zip(each, weights, strict=True)) / whole
            if whole
            else sum(flow.chance for flow in each) / len(each) if each else 0.0
        )  # fmt: skip
        if not measured:
            return _Flow(None, asked, chance)
        # Who has no pace yet is counted with that of the plan.
        often = (flow.planned or 0.0 if flow.measured is None else flow.measured for flow in each)
        return _Flow(sum(often), asked, chance)

    def _flow_of(self, rep: str) -> _Flow:
        work, rest = self._work(rep), self._rest
        ahead = [day for day in range(rest.first, rest.last + 1) if day in work]
        chances = [self._in_time(rep, self.period.last - day) for day in ahead]
        chance = sum(chances) / len(chances) if chances else 0.0
        since = self.as_of - PACE_DAYS + 1
        worked = work.count(since, self.as_of)
        is_known = self.past.first is not None and self.past.first <= since and worked > 0
        opened = self.past.opened.get(rep, 0)
        measured = opened / worked * len(ahead) if is_known else None
        return _Flow(measured, self._asked(rep), chance)

    def _in_time(self, rep: str, days: int) -> float:
        """The chance that an opportunity made so many days before the end is won by then."""
        plan = self._plan(rep) or self._plan(TEAM)
        rate = plan.targets.conversion_rate if plan else None
        cycle = (plan.assumptions.cycle if plan else None) or DEFAULT_CYCLE
        prior = (rate or 0.0) if days >= cycle else 0.0
        return self._created.won(rep, age=0, days=days, prior=prior)

    @property
    def _rest(self) -> Period:
        """The days that are left."""
        return Period(self.period.key, self.as_of + 1, self.period.last)

    def _asked(self, subject: str) -> float | None:
        """How many opportunities the plan asks of what is left."""
        kpi = self.book.kpis.opportunities_opened
        if kpi is None:
            return None
        if self.left <= 0:
            return 0.0
        return self.targets.target(subject, kpi, Cut.WHOLE, "", self._rest)

    def _plan(self, owner: str) -> Plan | None:
        return plan_on(self.book.plans, owner, self.as_of, self.book.team.fiscal_year)

    def _work(self, rep: str) -> WorkingDays:
        plan = self._plan(rep)
        return plan.work(self.book.team) if plan else working_days(self.book.team, rep)

    def _amounts(self, subject: str) -> list[int]:
        """What stands for a win to come: the rep's own, with the team's where there are few."""
        own = _told(
            self.past.wins if subject == TEAM else {subject: self.past.wins.get(subject, [])}
        )
        if len(own) < LEAST_WINS and subject != TEAM:
            own += _told({rep: some for rep, some in self.past.wins.items() if rep != subject})
        if not own:
            plans = (self._plan(subject), self._plan(TEAM))
            supposed = (plan and plan.in_team_currency(plan.assumptions.average_won_deal)
                        for plan in plans)  # fmt: skip
            own = [amount for amount in supposed if amount][:1]
        # Every so many of them in order: their mean stays nearly the same.
        return sorted(own)[:: max(1, -(-len(own) // _MANY))]

    def _pace(
        self, often: float | None, flow: _Flow, prospect: Prospect, target: int
    ) -> Pace | None:
        if often is None or self.left <= 0:
            return None
        wins = often * flow.chance
        likely = chance_of(replace(prospect, wins=wins), target)
        return Pace(per_month=often / self._months, wins=wins, probability=likely)

    @property
    def _months(self) -> float:
        """How many months are left."""
        return self.left / _DAYS_PER_MONTH

    def _needed(self, flow: _Flow, prospect: Prospect, target: int) -> float | None:
        if not self.with_ranks or self.left <= 0 or flow.chance <= 0:
            return None
        wins = wins_needed(prospect, target, CHANCE_WANTED)
        return None if wins is None else wins / flow.chance / self._months


_NONE = Chances({})


def _told(wins: Mapping[str, Sequence[tuple[int, int]]]) -> list[int]:
    return [amount for some in wins.values() for amount, count in some for _ in range(count)]


def _doubt(prospect: Prospect, unknown: int, in_time: int, wins: Sequence[WonSum]) -> Text | None:
    """Amounts that are empty, or none at all to tell what a win to come brings."""
    empty = unknown + sum(each.deals - each.known for each in wins)
    every = in_time + sum(each.deals for each in wins)
    if every and empty / every > DOUBT_LIMIT:
        fr, en = (percent(empty / every, each) for each in Language)
        return Text(
            f"non concluant : {fr} des montants sont vides",
            f"not conclusive: {en} of the amounts are empty",
        )
    if prospect.wins and not prospect.amounts:
        return Text(
            "non concluant : aucun montant gagné ne dit ce qu'apporte une vente (ajoutez "
            "average_won_deal sous assumptions du plan)",
            "not conclusive: no amount won tells what a sale brings (add average_won_deal under "
            "assumptions of the plan)",
        )
    return None
