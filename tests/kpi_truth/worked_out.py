"""All the figures of a period, under the settings that the definitions name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.kpi_truth import of_deals, of_effort
from tests.kpi_truth.records import Account, Look, Shown, Table, World

Key = tuple[str, str, str, str]
"""Subject, KPI, cut, member."""
_ACCOUNT_CUTS = ("", "segment", "tier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `kpis.yaml`, the rules and the plans say, in plain values; money in cents."""

    minimum: int = 1_000_000
    window: int = 90
    horizon: int = 180
    stage_window: int = 365
    cycle_window: int = 730
    captured_window: int = 365
    tiers: Sequence[str] = ("gold", "silver")
    aimed: Sequence[str] = ("gold",)
    bonus: float = 0.9
    proposals: Sequence[str] = ("Proposition",)
    cadence: Mapping[str, int] = field(default_factory=dict)
    hours: Mapping[str, float] = field(default_factory=dict)
    groups: Mapping[str, Callable[[Account], bool]] = field(default_factory=dict)
    activities: Mapping[str, tuple[str, Callable[[Account], bool] | None]] = field(
        default_factory=dict
    )
    quotas: Mapping[str, int] = field(default_factory=dict)
    fiscal_start: int = 1
    cuts: Sequence[str] = ("segment", "source", "tier")


def period(span: str, day: date, fiscal_start: int) -> tuple[date, date]:
    """The first and the last day of the week, month, fiscal quarter or fiscal year of a day."""
    if span == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    months = {"month": 1, "quarter": 3, "year": 12}[span]
    since = (day.month - fiscal_start) % 12 % months
    first = _month(day.year, day.month - since)
    return first, _month(first.year, first.month + months) - timedelta(days=1)


def figures(world: World, settings: Settings, span: str, as_of: date) -> dict[Key, Shown]:
    """Every figure of the period of a span that holds a day, as of this day."""
    first, last = period(span, as_of, settings.fiscal_start)
    look = Look(first, last, as_of)
    tables = [*_of_deals(world, settings, look), *_of_accounts(world, settings, look)]
    return {
        (subject, kpi, cut, member): shown
        for kpi, cut, table in [*tables, *_of_effort(world, settings, look)]
        for (subject, member), shown in table.items()
    }


def _of_deals(world: World, settings: Settings, look: Look) -> Iterator[tuple[str, str, Table]]:
    for cut in ("", *settings.cuts):
        yield "revenue_won", cut, of_deals.revenue_won(world, look, cut)
        opened = of_deals.opportunities_opened(world, look, settings.minimum, cut)
        yield "opportunities_opened", cut, opened
        yield "conversion_rate", cut, of_deals.conversion_rate(world, look, settings.window, cut)
        yield "proposals", cut, of_deals.proposals(world, look, settings.proposals, cut)
        yield "plan_wins", cut, of_deals.plan_wins(world, look, settings.aimed, cut)
        yield "plan_revenue", cut, of_deals.plan_revenue(world, look, settings.aimed, cut)
    for cut in ("", *settings.cuts, "stage"):
        active = of_deals.active_pipeline(world, look, settings.horizon, cut)
        yield "active_pipeline", cut, active
        weighted = of_deals.weighted_pipeline(world, look, settings.horizon, cut)
        yield "weighted_pipeline", cut, weighted
    passage = of_deals.stage_conversion(world, look, settings.stage_window)
    yield "stage_conversion", "stage", passage
    yield "priority_revenue", "", of_deals.priority_revenue(world, look, settings.tiers)
    yield "sales_cycle", "", of_deals.sales_cycle(world, look, settings.cycle_window)
    quarter = period("quarter", look.as_of, settings.fiscal_start)
    if settings.quotas:
        yield "coverage", "", of_deals.coverage(world, look, quarter, settings.quotas)


def _of_accounts(world: World, settings: Settings, look: Look) -> Iterator[tuple[str, str, Table]]:
    cadence, tiers = settings.cadence, settings.tiers
    for cut in _ACCOUNT_CUTS:
        contacted = of_effort.priority_contacted(world, look, cadence, tiers, cut)
        yield "priority_contacted", cut, contacted
        covered = of_effort.priority_covered(world, look, cadence, tiers, cut)
        yield "priority_covered", cut, covered
        captured = of_effort.potential_captured(world, look, settings.captured_window, cut)
        yield "potential_captured", cut, captured
        if not cut:
            yield "coverage_bonus", cut, _bonus(covered, settings.bonus)
    yield "tier_moves", "move", of_effort.tier_moves(world, look)


def _bonus(covered: Table, least: float) -> Table:
    """1 where enough is covered, else 0; without an account there is nothing to say."""
    return {
        key: Shown(
            None if each.value is None else float(each.value >= least),
            each.numerator,
            each.denominator,
        )
        for key, each in covered.items()
    }


def _of_effort(world: World, settings: Settings, look: Look) -> Iterator[tuple[str, str, Table]]:
    for name, (kind, fits) in settings.activities.items():
        counted = of_effort.activities(world, look, kind, fits)
        named = {(subject, name): shown for (subject, _), shown in counted.items()}
        yield "activities", "activity", named
    if settings.hours:
        shares = of_effort.time_share(world, look, settings.hours, settings.groups)
        yield "time_share", "group", shares
        yield (
            "priority_time",
            "",
            of_effort.priority_time(world, look, settings.hours, settings.tiers),
        )


def _month(year: int, number: int) -> date:
    """The first day of a month; numbers outside of 1 to 12 count on into other years."""
    return date(year + (number - 1) // 12, (number - 1) % 12 + 1, 1)
