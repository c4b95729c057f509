"""Two identities beside those of sales: hours within capacity, and plans that make the team's.

Activities and contacts due are two ways to count the same hours, for a call made under a cadence is
a logged call too: the larger of the two must fit, never their sum.
"""

from collections.abc import Iterator, Sequence

from rules.language import Language, Text, joined
from rules.loads import CAPACITY_LIMIT
from rules.plan.terms import FindingName
from rules.plan_check.repairs import change, objective
from rules.plan_check.terms import Activity, Terms
from rules.plan_check.values import (
    MONTHS,
    ROUNDING,
    WEEKS,
    Finding,
    Kind,
    Provenance,
    Quantity,
    Repair,
    down,
    up,
)
from rules.plan_check.words import amount, count, share, written_number

_DOLLAR, _TENTH = 100, 0.1


def load(terms: Terms) -> Finding | None:
    """The hours of a week, of what is planned or of what is due, must fit into the capacity."""
    capacity = terms.capacity
    if capacity is None:
        return None
    planned = sum(_weekly(each) for each in terms.activities)
    due = terms.contacts.value if terms.contacts else 0.0
    asked = max(planned, due)
    if asked <= capacity.value * (1 + ROUNDING):
        return None
    is_planned = planned >= due
    repairs = [*_more_time(terms, asked)]
    repairs += _fewer(terms, planned, capacity) if is_planned else []
    repairs += _rarer(asked, capacity) if due > capacity.value * (1 + ROUNDING) else []
    figures = [capacity, _hours("activities", planned)] if planned else [capacity]
    return terms.found(
        FindingName.ACTIVITIES_OVER_CAPACITY,
        ("time", "capacity"),
        _load_text(terms, asked, capacity, is_planned=is_planned),
        figures=[*figures, *([terms.contacts] if terms.contacts else [])],
        would_be=capacity.becoming(asked),
        repairs=repairs[:3],
    )


def _hours(name: str, value: float) -> Quantity:
    return Quantity(name=name, value=value, kind=Kind.HOURS)


def _weekly(activity: Activity) -> float:
    """Hours a week."""
    return activity.monthly * activity.hours * MONTHS / WEEKS


def _load_text(terms: Terms, asked: float, capacity: Quantity, *, is_planned: bool) -> Text:
    hours, have = count(asked), count(capacity.value)
    if not is_planned:
        return Text(
            f"les contacts dus selon la cadence des niveaux prennent {hours.fr} h par semaine, et "
            f"la capacité est de {have.fr} h.",
            f"the contacts due under the cadence of the tiers take {hours.en} h a week, and the "
            f"capacity is {have.en} h.",
        )
    names = [each.name for each in sorted(terms.activities, key=_weekly, reverse=True)]
    told = Text(joined(names, Language.FR), joined(names, Language.EN))
    return Text(
        f"les activités du plan ({told.fr}) prennent {hours.fr} h par semaine, et la capacité est "
        f"de {have.fr} h.",
        f"the activities of the plan ({told.en}) take {hours.en} h a week, and the capacity is "
        f"{have.en} h.",
    )


def _more_time(terms: Terms, asked: float) -> Iterator[Repair]:
    hours = up(asked, _TENTH)
    if hours <= CAPACITY_LIMIT:
        said = count(hours)
        yield Repair(
            text=Text(
                f"une capacité de {said.fr} h par semaine", f"a capacity of {said.en} h a week"
            ),
            changes=[
                change(terms, ("time", "capacity"), f"{written_number(hours)} h per week")
            ],
        )  # fmt: skip


def _fewer(terms: Terms, planned: float, capacity: Quantity) -> Iterator[Repair]:
    """Every activity more rarely, or the heaviest alone."""
    kept = capacity.value / planned
    said = share(round(kept, 2))
    yield Repair(
        text=Text(
            f"toutes les activités à {said.fr} de leur rythme",
            f"all activities at {said.en} of their rhythm",
        ),
        changes=[
            change(
                terms, ("activities", each.name),
                f"{written_number(down(each.monthly * kept, 0.01))} per month",
            )
            for each in terms.activities
        ],
    )  # fmt: skip
    heaviest = max(terms.activities, key=_weekly)
    spared = (planned - capacity.value) * WEEKS / MONTHS / heaviest.hours
    monthly = down(heaviest.monthly - spared, _TENTH)
    if monthly > 0:
        fewer = count(monthly)
        yield Repair(
            text=Text(
                f"{fewer.fr} « {heaviest.name} » par mois", f"{fewer.en} '{heaviest.name}' a month"
            ),
            changes=[
                change(
                    terms, ("activities", heaviest.name), f"{written_number(monthly)} per month"
                )
            ],
        )  # fmt: skip


def _rarer(asked: float, capacity: Quantity) -> Iterator[Repair]:
    """What the rules ask for, which no line of a plan changes."""
    rarer, shorter = (
        share(round(asked / capacity.value - 1, 2)),
        share(round(capacity.value / asked, 2)),
    )
    yield Repair(
        text=Text(
            f"des contacts {rarer.fr} plus espacés : contact_every de tier, dans segments.yaml",
            f"contacts {rarer.en} further apart: contact_every of tier, in segments.yaml",
        )
    )
    yield Repair(
        text=Text(
            f"des contacts qui prennent {shorter.fr} de ce temps : contact_hours de tier, dans "
            "segments.yaml",
            f"contacts that take {shorter.en} of this time: contact_hours of tier, in "
            "segments.yaml",
        )
    )


def sums(team: Terms, reps: Sequence[Terms]) -> Finding | None:
    """The objectives of the reps' plans must make that of the team, each at its plan's rate."""
    made = round(sum(each.objective * each.worth for each in reps) / team.worth)
    if not reps or abs(made - team.objective) <= team.objective * ROUNDING:
        return None
    goal, sum_of = amount(team.objective, team.currency), amount(made, team.currency)
    gap = amount(abs(team.objective - made), team.currency)
    more = Text("de plus", "more") if made > team.objective else Text("de moins", "less")
    total = Quantity(
        name="sum_of_plans", value=made, kind=Kind.MONEY, provenance=Provenance.DECLARED
    )
    return team.found(
        FindingName.SUMS_DISAGREE_WITH_TEAM,
        ("objective",),
        Text(
            f"les plans des représentants font {sum_of.fr}, soit {gap.fr} {more.fr} que "
            f"l'objectif de l'équipe, de {goal.fr}.",
            f"the plans of the reps make {sum_of.en}, {gap.en} {more.en} than the objective of the "
            f"team, {goal.en}.",
        ),
        figures=[team.goal, total],
        would_be=team.goal.becoming(made),
        repairs=list(_of_sums(team, reps, made)),
    )


def _of_sums(team: Terms, reps: Sequence[Terms], made: int) -> Iterator[Repair]:
    yield objective(team, made)
    factor = team.objective / made if made else 0.0
    wanted = [round(down(each.objective * factor, _DOLLAR)) for each in reps]
    each_of = [objective(each, goal) for each, goal in zip(reps, wanted, strict=True)]
    by = share(round(factor, 3))
    yield Repair(
        text=Text(
            f"chaque plan de représentant à {by.fr} de son objectif",
            f"each rep's plan at {by.en} of its objective",
        ),
        changes=[line for each in each_of for line in each.changes],
    )
    largest = max(reps, key=lambda each: each.objective * each.worth)
    alone = largest.objective + (team.objective - made) * team.worth / largest.worth
    if alone > 0:
        repair = objective(largest, alone)
        yield Repair(
            text=Text(
                f"pour {largest.owner}, {repair.text.fr}", f"for {largest.owner}, {repair.text.en}"
            ),
            changes=repair.changes,
        )
