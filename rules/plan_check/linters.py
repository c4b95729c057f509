"""The five classic errors of a territory, and one of those who leave, looked for in a playbook.

1. A territory that is only geography. 2. A split that nothing explains. 3. Tiers that look at past
results alone. 4. A plan that nobody looks at again. 5. Reps who had no part in it. Each is told as
a warning, with what to do; none stops anything.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rules.facts import BUILT_IN, Fields
from rules.language import Text
from rules.located import Path
from rules.owned import Owned
from rules.plan.plan import Plan
from rules.plan.terms import TEAM, FindingName
from rules.plan_check.terms import Terms
from rules.plan_check.values import Finding, Kind, Quantity
from rules.plan_check.words import amount, count, share
from rules.segments import Segments
from rules.team import Team
from rules.time import date_of

TERRITORY = "territory"
"""The rule that says which territory an account is in, where there is one."""

REVIEW_LIMIT = 92
"""Days between two reviews, a quarter: beyond, a plan is frozen."""

IMBALANCE = 0.15
"""How far from each other the accounts of two reps may be under one and the same objective."""

_PLACES = re.compile(
    r"(?<![a-z])(address|adresse|area|canton|city|code_?postal|commune|continent|country|county|"
    r"departement|département|geo\w*|géo\w*|latitude|longitude|mrc|municipalit\w*|pays|place|"
    r"postal\w*|postcode|province|r[ée]gion\w*|state|street|rue|town|ville|zip\w*)(?![a-z])"
)
# Facts that say neither where an account is nor what it may become.
_NEUTRAL = frozenset({"owner", "kind", "name", "domain", "created", "last_logged_contact"})
_WON = "'won'"


def rules_found(segments: Segments, fields: Fields) -> Iterator[Finding]:
    """What the rules themselves show; `path` is within `segments.yaml`."""
    divided = TERRITORY if segments.rule(TERRITORY) is not None else Owned.TIER.value
    read = facts_of(segments, divided) - _NEUTRAL
    if read and all(_is_place(name, fields) for name in read):
        listed = ", ".join(sorted(read))
        yield _of_rules(
            FindingName.GEOGRAPHY_ONLY, (divided,),
            Text(
                f"« {divided} » ne regarde que des lieux ({listed}) : ajoutez le potentiel, le "
                "type ou le secteur des comptes, pour que chacun ait de quoi vendre.",
                f"'{divided}' looks at places alone ({listed}): add the potential, the type or the "
                "industry of the accounts, so that everybody has something to sell.",
            ),
        )  # fmt: skip
    rated = facts_of(segments, Owned.TIER.value) - _NEUTRAL
    if rated and all(_is_past(name, fields) for name in rated):
        listed = ", ".join(sorted(rated))
        yield _of_rules(
            FindingName.PAST_RESULTS_ONLY, (Owned.TIER.value,),
            Text(
                f"« tier » ne regarde que les ventes passées ({listed}) : ajoutez le potentiel, "
                "pour voir les comptes qui peuvent grandir.",
                f"'tier' looks at past sales alone ({listed}): add the potential, to see the "
                "accounts that can grow.",
            ),
        )  # fmt: skip


def facts_of(segments: Segments, rule: str) -> frozenset[str]:
    """The facts that a rule rests on, by way of other rules as well."""
    found: set[str] = set()
    waiting, seen = [rule], set[str]()
    while waiting:
        name = waiting.pop()
        known = segments.rule(name)
        if known is None:
            found.add(name)
        elif name not in seen:
            seen.add(name)
            waiting += known.term.uses
    return frozenset(found)


def _is_place(name: str, fields: Fields) -> bool:
    """Whether a fact tells where an account is, by its name, its label or its field in a CRM."""
    bound = fields.account.get(name)
    words = [name]
    if bound is not None:
        words += [word for word in (bound.hubspot, bound.salesforce, bound.zoho) if word]
        words += [*bound.label] if bound.label else []
    return any(_PLACES.search(word.lower()) for word in words)


def _is_past(name: str, fields: Fields) -> bool:
    """Whether a fact is computed from what was won."""
    if name in BUILT_IN:
        return name == "last_won"
    measure = fields.measures.get(name)
    return measure is not None and _WON in (measure.when or "")


def split_found(reps: Sequence[Terms]) -> Iterator[Finding]:
    """One and the same objective for several reps, whose accounts say otherwise, or say nothing."""
    goals = {round(each.objective * each.worth) for each in reps}
    if len(reps) < 2 or len(goals) > 1:  # noqa: PLR2004 - two make a split
        return
    had = [sum(each.value for each in terms.accounts.values()) for terms in reps]
    average = sum(had) / len(had)
    furthest = max(abs(each - average) for each in had)
    if all(had) and furthest <= IMBALANCE * average:
        return
    first = reps[0]
    goal, many = amount(first.objective, first.currency), count(len(reps), 0)
    fewest, most, limit = count(min(had), 0), count(max(had), 0), share(IMBALANCE)
    why = Text(
        f"pour de {fewest.fr} à {most.fr} comptes",
        f"for {fewest.en} to {most.en} accounts",
    ) if all(had) else Text(
        "sans que leurs comptes soient dits (accounts)", "without a word of their accounts"
    )  # fmt: skip
    yield Finding(
        name=FindingName.ARBITRARY_SPLIT, owner=None, period=first.period, path=("objective",),
        text=Text(
            f"{many.fr} plans ont le même objectif, {goal.fr}, {why.fr} : partez de ce que vaut "
            f"chaque territoire, à {limit.fr} près.",
            f"{many.en} plans have the same objective, {goal.en}, {why.en}: start from what each "
            f"territory is worth, to within {limit.en}.",
        ),
        figures=[_accounts(terms.owner, value) for terms, value in zip(reps, had, strict=True)],
    )  # fmt: skip


def _accounts(owner: str, value: float) -> Quantity:
    return Quantity(name=f"accounts.{owner}", value=value, kind=Kind.COUNT)


def plan_found(plan: Plan, at: Path, name: str) -> Iterator[Finding]:
    """What the reviews and the agreements of a plan show.

    `at` is where its terms stand in the file, `name` that of the rep whose plan it is.
    """
    review = plan.review
    if review is None:
        yield _of_plan(
            plan, FindingName.FROZEN_PLAN, at,
            Text(
                "aucune revue n'est prévue : un plan qu'on ne rouvre pas vieillit seul. Écrivez "
                "par exemple review: {every: 6 weeks}.",
                "no review is planned: a plan that nobody opens again grows old by itself. Write "
                "for example review: {every: 6 weeks}.",
            ),
        )  # fmt: skip
    elif review.every > REVIEW_LIMIT:
        days = count(review.every, 0)
        yield _of_plan(
            plan, FindingName.FROZEN_PLAN, (*at, "review", "every"),
            Text(
                f"une revue tous les {days.fr} jours laisse passer plus d'un trimestre : écrivez "
                "par exemple every: 6 weeks.",
                f"a review every {days.en} days lets more than a quarter go by: write for example "
                "every: 6 weeks.",
            ),
        )  # fmt: skip
    if plan.owner != TEAM and plan.owner not in plan.agreed:
        yield _of_plan(
            plan, FindingName.REPS_NOT_INVOLVED, at,
            Text(
                f"{name} n'a pas donné son accord : bâtissez le plan ensemble, puis écrivez "
                f"agreed: {{{plan.owner}: AAAA-MM-JJ}}.",
                f"{name} has not agreed: build the plan together, then write "
                f"agreed: {{{plan.owner}: YYYY-MM-DD}}.",
            ),
        )  # fmt: skip


def departure_found(plan: Plan, team: Team) -> Iterator[Finding]:
    """What nobody carries of the objective of a rep who leaves within the year."""
    work, year = plan.work(team), plan.days(team.fiscal_year)
    if work.end is None or not year.first <= work.end < year.last:
        return
    held = plan.on(year.last)
    lost = held.quota(year, replace(work, end=None)) - held.quota(year, work)
    if lost <= 0:
        return
    name, day = team.reps[plan.owner].name, date_of(work.end).isoformat()
    money = amount(lost, team.currency)
    yield _of_plan(
        plan, FindingName.OBJECTIVE_NOT_CARRIED, ("objective",),
        Text(
            f"{name} part le {day} : {money.fr} de son objectif ne sont plus à personne. "
            "Ajoutez-les à d'autres plans, ou acceptez-le.",
            f"{name} leaves on {day}: {money.en} of the objective are nobody's then. Add them to "
            "other plans, or accept this.",
        ),
    )  # fmt: skip


def _of_rules(name: FindingName, path: Path, text: Text) -> Finding:
    return Finding(name=name, owner=None, period=None, path=path, text=text)


def _of_plan(plan: Plan, name: FindingName, path: Path, text: Text) -> Finding:
    return Finding(name=name, owner=plan.owner, period=plan.period, path=path, text=text)
