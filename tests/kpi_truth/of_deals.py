"""The KPIs of opportunities, worked out one record at a time from what their definitions say."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from tests.kpi_truth.grouping import of_deal, shared
from tests.kpi_truth.intervals import compound, garwood, wilson
from tests.kpi_truth.records import Deal, Look, Shown, Step, Table, World

_TEN_THOUSANDTH = Decimal("0.0001")
_Group = Callable[[Sequence[Deal]], Shown]


def revenue_won(world: World, look: Look, cut: str = "") -> Table:
    """Sum of what is won with a close date in the period."""
    return _by(world, cut, _won(world.deals, look), lambda some: _sum(world, some, is_flow=True))


def opportunities_opened(world: World, look: Look, minimum: int, cut: str = "") -> Table:
    """How many were created in the period and are, or were, worth the minimum."""

    def is_opened(deal: Deal) -> bool:
        amounts = [world.cents(deal, each) for each in (deal.amount, deal.highest)]
        return any(each is not None and each >= minimum for each in amounts)

    created = [each for each in world.deals if _is_in(each.created, look.first, look.as_of)]
    return _by(world, cut, filter(is_opened, created), _count)


def conversion_rate(world: World, look: Look, window: int, cut: str = "") -> Table:
    """Won ÷ closed among what closed within the window."""
    closed = [
        each
        for each in world.deals
        if each.step.kind != "open" and _is_in(each.closes, *_window(look, window))
    ]
    return _by(world, cut, closed, lambda some: _rate(_of_kind(some, "won"), len(some)))


def active_pipeline(world: World, look: Look, horizon: int, cut: str = "") -> Table:
    """Sum of what is open and due to close within the horizon."""
    return _by(world, cut, _open(world, look, horizon), lambda some: _sum(world, some))


def weighted_pipeline(world: World, look: Look, horizon: int, cut: str = "") -> Table:
    """The same, times the probability of the stage, which is rounded to a ten-thousandth."""

    def weighted(deals: Sequence[Deal]) -> Shown:
        known = [(each, world.cents(each, each.amount)) for each in deals]
        total = sum(
            (
                cents * each.step.probability.quantize(_TEN_THOUSANDTH)
                for each, cents in known
                if cents is not None
            ),
            Decimal(0),
        )
        numerator = sum(cents is not None for _, cents in known)
        value = None if deals and not numerator else float(total)
        return Shown(value, numerator, len(deals), slack=len(deals))

    return _by(world, cut, _open(world, look, horizon), weighted)


def stage_conversion(world: World, look: Look, window: int) -> Table:
    """Of what entered an open stage within the window and whose outcome is known, what went on."""
    first, last = _window(look, window)
    names = {step.name for deal in world.deals for step, _ in deal.entries if step.kind == "open"}
    found: Table = {}
    for name in names:
        judged: list[tuple[Deal, bool]] = []
        for deal in world.deals:
            entered = [
                step
                for step, day in deal.entries
                if step.name == name and step.kind == "open" and first <= day <= last
            ]
            if not entered:
                continue
            went_on = deal.step.kind == "won" or any(_is_later(deal, step) for step in entered)
            if went_on or deal.step.kind != "open":
                judged.append((deal, went_on))
        on = {deal.key for deal, went_on in judged if went_on}
        groups = shared([deal for deal, _ in judged], world.reps)
        for (subject, _), deals in groups.items():
            if deals:
                found[subject, name] = _rate(sum(each.key in on for each in deals), len(deals))
    return found


def proposals(world: World, look: Look, stages: Collection[str], cut: str = "") -> Table:
    """How many entered one of the proposal stages for the first time in the period."""

    def is_new(deal: Deal) -> bool:
        days = [day for step, day in deal.entries if step.name in stages]
        return bool(days) and look.first <= min(days) <= look.as_of

    return _by(world, cut, filter(is_new, world.deals), _count)


def priority_revenue(world: World, look: Look, tiers: Collection[str]) -> Table:
    """What was won with accounts of the tiers ÷ what was won; no value unless that is positive."""

    def share(deals: Sequence[Deal]) -> Shown:
        of_tiers = [each for each in deals if _tier(world, each) in tiers]
        part, whole = (_total(world, some) for some in (of_tiers, deals))
        return Shown(part / whole if whole > 0 else None, part, whole)

    return _by(world, "", _won(world.deals, look), share)


def plan_wins(world: World, look: Look, tiers: Collection[str], cut: str = "") -> Table:
    """How many wins are of the tiers at which the plan aims, of all wins."""

    def aimed(deals: Sequence[Deal]) -> Shown:
        count = sum(_tier(world, each) in tiers for each in deals)
        low, high = garwood(count)
        return Shown(count, None, len(deals), low, high)

    return _by(world, cut, _won(world.deals, look), aimed)


def plan_revenue(world: World, look: Look, tiers: Collection[str], cut: str = "") -> Table:
    """What these wins are worth."""
    won = [each for each in _won(world.deals, look) if _tier(world, each) in tiers]
    return _by(world, cut, won, lambda some: _sum(world, some))


def coverage(
    world: World, look: Look, quarter: tuple[date, date], quotas: Mapping[str, int]
) -> Table:
    """Open and due by the end of the quarter ÷ the quota less what was won in the quarter so far.

    `quotas` are the quarter's parts of the objective by subject, in cents.
    """
    found: Table = {}
    horizon = (quarter[1] - look.as_of).days
    due = shared(_open(world, look, horizon), world.reps)
    so_far = Look(quarter[0], quarter[1], look.as_of)
    won = shared(_won(world.deals, so_far), world.reps)
    for subject, _ in due:
        quota = quotas.get(subject)
        pipeline = _sum(world, due[subject, ""]).value
        left = None if quota is None else quota - _total(world, won[subject, ""])
        if pipeline is None or left is None or left <= 0:
            found[subject, ""] = Shown(None)
        else:
            found[subject, ""] = Shown(pipeline / left, pipeline, left)
    return found


def sales_cycle(world: World, look: Look, window: int) -> Table:
    """The median length of what will be won, by Aalen and Johansen."""
    created = [
        each
        for each in world.deals
        if _is_in(each.created, *_window(look, window))
        and (each.step.kind == "open" or each.closes is not None)
    ]
    return _by(world, "", created, lambda some: _median(some, look.as_of))


def _median(deals: Sequence[Deal], as_of: date) -> Shown:
    lengths: list[tuple[int, str]] = []
    for deal in deals:
        assert deal.created is not None
        end = deal.closes
        if deal.step.kind == "open" or end is None or end > as_of:
            lengths.append(((as_of - deal.created).days, "censored"))
        else:
            lengths.append((max(0, (end - deal.created).days), deal.step.kind))
    won = sum(kind == "won" for _, kind in lengths)
    at_risk, surviving, incidence = len(lengths), 1.0, 0.0
    curve: list[tuple[int, float]] = []
    for length in sorted({length for length, _ in lengths}):
        here = [kind for each, kind in lengths if each == length]
        wins, losses = here.count("won"), here.count("lost")
        incidence += surviving * wins / at_risk
        surviving *= 1 - (wins + losses) / at_risk
        at_risk -= len(here)
        curve.append((length, incidence))
    # Half of the last value, but for what binary fractions lose on the way.
    half = incidence / 2 - 1e-12
    value = next((length for length, height in curve if height >= half), None) if won else None
    return Shown(value, won, len(deals))


def _by(world: World, cut: str, deals: Iterable[Deal], group: _Group) -> Table:
    return {
        key: group(some) for key, some in shared(deals, world.reps, of_deal(world, cut)).items()
    }


def _won(deals: Iterable[Deal], look: Look) -> list[Deal]:
    return [
        each
        for each in deals
        if each.step.kind == "won" and _is_in(each.closes, look.first, look.as_of)
    ]


def _open(world: World, look: Look, horizon: int) -> list[Deal]:
    end = look.as_of + timedelta(days=horizon)
    return [
        each
        for each in world.deals
        if each.step.kind == "open" and _is_in(each.closes, look.as_of, end)
    ]


def _sum(world: World, deals: Sequence[Deal], *, is_flow: bool = False) -> Shown:
    known = [cents for each in deals if (cents := world.cents(each, each.amount)) is not None]
    value = None if deals and not known else sum(known)
    low, high = compound(known) if is_flow and known else (None, None)
    return Shown(value, len(known), len(deals), low, high)


def _total(world: World, deals: Sequence[Deal]) -> int:
    return sum(world.cents(each, each.amount) or 0 for each in deals)


def _count(deals: Sequence[Deal]) -> Shown:
    low, high = garwood(len(deals))
    return Shown(len(deals), None, None, low, high)


def _rate(part: int, whole: int) -> Shown:
    if not whole:
        return Shown(None, part, whole)
    low, high = wilson(part, whole)
    return Shown(part / whole, part, whole, low, high)


def _of_kind(deals: Sequence[Deal], kind: str) -> int:
    return sum(each.step.kind == kind for each in deals)


def _tier(world: World, deal: Deal) -> str | None:
    account = world.account(deal.account)
    return account.tier if account else None


def _is_later(deal: Deal, step: Step) -> bool:
    return any(
        other.kind == "open" and other.pipeline == step.pipeline and other.place > step.place
        for other, _ in deal.entries
    )


def _is_in(day: date | None, first: date, last: date) -> bool:
    return day is not None and first <= day <= last


def _window(look: Look, days: int) -> tuple[date, date]:
    """So many days that end on the day of the measure, that day included."""
    return look.as_of - timedelta(days=days - 1), look.as_of
