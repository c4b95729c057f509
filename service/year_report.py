"""What a rehearsed year has shown: each Monday as it came, and the year by month at the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rules.alert.episode_steps import Step
from rules.alert.lines import Channel
from rules.calendar import Span, month_of, week_of
from rules.kpi.figures import Figure
from rules.kpi.names import Cut, KpiName
from rules.time import Day, date_of
from service.cycle_report import CycleReport
from service.freeze import frozen
from service.store import overview
from service.store.engine import Store

REFERRAL = "referral"
FROM, TO = "bronze", "gold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Monday:
    """A Monday at seven, once its cycle is done.

    Money is in minor units of the team's currency, from the first day of the year to the Sunday
    before (`as_of`). `tiers` is the name and the tier of each account by our own id.
    """

    week: str
    frozen_week: str
    as_of: str
    month: str
    attained: int
    expected: int
    objective: int
    pipeline: int
    referrals: int
    tiers: Mapping[int, tuple[str, str]]
    moved: int
    opened: int
    recovered: int
    confirmed: int
    tasks: int
    digests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month, as of its last Sunday that was reached; the counts are those of its Mondays."""

    month: str
    as_of: str
    attained: int
    expected: int
    moved: int
    opened: int
    recovered: int
    tasks: int
    digests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the year stands as of a day.

    `week` is that of the Monday, `frozen_week` the one before it, whose figures these are.
    `referrals` were opened since the year began, by the definition of the KPI; `risen` were bronze
    on the first Monday and are gold; `pipeline` is the KPI of that name.
    """

    week: str
    frozen_week: str
    as_of: str
    attained: int
    objective: int
    share: float
    referrals: int
    risen: Sequence[str]
    pipeline: int
    tiers: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearReport:
    """A rehearsed year, or the part of it that was asked for.

    `tasks` are those that were created, `subjects` are of all that the CRM holds, each with the day
    when it was made. `digests` and `reviews` are files of `folder`, which is None where nothing was
    to stay. Money is in minor units of the team's currency.
    """

    seed: int
    weeks: int
    months: Sequence[Month]
    half_year: Standing | None
    end: Standing
    confirmed: int
    tasks: int
    subjects: Sequence[tuple[str, str]]
    digests: Sequence[str]
    reviews: Sequence[str]
    folder: str | None
    seconds: float = 0.0


def monday(store: Store, report: CycleReport, today: Day, previous: Monday | None) -> Monday:
    """The figures of a Monday: those that were frozen for the week before it."""
    before = week_of(today - 1)
    figures = frozen(store, before.key)
    attained = _figure(figures, KpiName.REVENUE_WON, Span.YEAR)
    pipeline = _figure(figures, KpiName.ACTIVE_PIPELINE, Span.YEAR)
    referred = _figure(figures, KpiName.OPPORTUNITIES_OPENED, Span.YEAR, Cut.SOURCE, REFERRAL)
    told = report.alerted.told if report.alerted else ()
    steps = [line.step for line in report.alerted.lines] if report.alerted else []
    with store.read() as connection:
        tiers = overview.tier_of_each(connection)
    return Monday(
        week=week_of(today).key, frozen_week=before.key,
        as_of=date_of(before.last).isoformat(), month=month_of(before.last).key,
        attained=_whole(attained, "value"), expected=_whole(attained, "expected"),
        objective=_whole(attained, "target"), pipeline=_whole(pipeline, "value"),
        referrals=_whole(referred, "value"), tiers=tiers, moved=_moved(previous, tiers),
        opened=steps.count(Step.OPENED), recovered=steps.count(Step.RECOVERED),
        confirmed=sum(line.is_new and line.channel is Channel.TASK for line in told),
        tasks=sum(pushed.tasks["applied"] for pushed in report.pushed.values()),
    )  # fmt: skip


def by_month(mondays: Sequence[Monday]) -> list[Month]:
    """The Mondays by the month of their Sunday."""
    months: dict[str, list[Monday]] = {}
    for each in mondays:
        months.setdefault(each.month, []).append(each)
    return [
        Month(
            month=month, as_of=found[-1].as_of, attained=found[-1].attained,
            expected=found[-1].expected, moved=sum(each.moved for each in found),
            opened=sum(each.opened for each in found),
            recovered=sum(each.recovered for each in found),
            tasks=sum(each.tasks for each in found), digests=sum(each.digests for each in found),
        )
        for month, found in months.items()
    ]  # fmt: skip


def standing(first: Monday, last: Monday) -> Standing:
    """Where the year stands on a Monday; who rose was bronze on the first one and is gold now."""
    risen = [
        name
        for account, (name, tier) in last.tiers.items()
        if tier == TO and account in first.tiers and first.tiers[account][1] == FROM
    ]
    tiers = [tier for _, tier in last.tiers.values()]
    return Standing(
        week=last.week, frozen_week=last.frozen_week, as_of=last.as_of,
        attained=last.attained, objective=last.objective,
        share=last.attained / last.objective if last.objective else 0.0,
        referrals=last.referrals, risen=risen, pipeline=last.pipeline,
        tiers={tier: tiers.count(tier) for tier in dict.fromkeys(sorted(tiers))},
    )  # fmt: skip


def _moved(previous: Monday | None, tiers: Mapping[int, tuple[str, str]]) -> int:
    """The accounts that have another tier than a week ago; a first evaluation is no change."""
    before = previous.tiers if previous else {}
    return sum(
        account in before and before[account][1] != tier for account, (_, tier) in tiers.items()
    )


def _figure(
    figures: Sequence[Figure], kpi: KpiName, span: Span, cut: Cut = Cut.WHOLE, member: str = ""
) -> Figure | None:
    """The figure of the team."""
    found = (
        figure
        for figure in figures
        if figure.kpi is kpi and figure.span is span and figure.subject == "team"
        if figure.cut == cut.value and figure.member == member
    )
    return max(found, key=lambda figure: figure.as_of, default=None)


def _whole(figure: Figure | None, name: str) -> int:
    value = getattr(figure, name) if figure else None
    return round(value) if value is not None else 0
