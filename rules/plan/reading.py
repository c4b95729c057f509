"""Reading `plans/*.yaml`: each file becomes a plan, and what is wrong is told at its place."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from rules.kpi.kpis import Kpis
from rules.language import Text
from rules.located import Document, Path, nearest
from rules.models import model_of
from rules.plan.dates import check_days, check_revisions
from rules.plan.members import Members, check_names, written
from rules.plan.plan import Plan
from rules.plan.sums import check_sums
from rules.plan.terms import NOT_ALLOTTED, TEAM, Review, Targets
from rules.team import Team
from rules.time import Day, date_of


def read_plan(document: Document, team: Team) -> Plan | None:
    """A file of `plans/`, checked against the team; what is wrong is in the document's issues."""
    if document.data is None:
        document.complain(
            (),
            Text(
                "ce plan est vide : écrivez au moins owner, period, currency et objective, ou "
                "supprimez le fichier",
                "this plan is empty: write at least owner, period, currency and objective, or "
                "delete the file",
            ),
        )
        return None
    plan = model_of(document, Plan)
    if plan is None:
        return None
    _check_rep(document, team, ("owner",), plan.owner, also=(TEAM,))
    check_sums(document, plan.initial, ())
    _check_people(document, plan, team)
    _check_accounts(document, plan.initial, ())
    check_days(document, plan, team)
    for place, terms in check_revisions(document, plan, team):
        at = ("revisions", place)
        named = {*written(document, at)}
        check_sums(document, terms, at, named)
        if "accounts" in named:
            _check_accounts(document, terms, at)
    rate = _rate(document, plan, team)
    return plan if rate == 1 else plan.at_rate(rate)


def check_plans(
    plans: Sequence[tuple[Document, Plan]], kpis: Kpis, members: Members | None = None
) -> None:
    """Check plans together: one for each owner and year, and against the KPIs that are measured.

    `members` are what the cuts of the KPIs can find; None when it is not known.
    """
    taken: dict[tuple[str, int], str] = {}
    for document, plan in plans:
        key = (plan.owner, plan.period)
        other = taken.setdefault(key, document.file)
        if other != document.file:
            document.complain(
                ("owner",),
                Text(
                    f"{plan.owner} a déjà un plan pour {plan.period}, dans {other} : gardez-en un",
                    f"{plan.owner} already has a plan for {plan.period}, in {other}: keep one",
                ),
            )
        for at in [(), *(("revisions", place) for place in range(len(plan.revisions)))]:
            _check_measured(document, at, kpis)
            check_names(document, at, kpis, members or {})


def _check_measured(document: Document, at: Path, kpis: Kpis) -> None:
    """Complain of targets and activities that no KPI measures."""
    measured: set[str] = {kpi.name for kpi in kpis.measured}
    targets, activities = ("targets", "activities")
    for name in written(document, (*at, targets)):
        if name in Targets.model_fields and name not in measured:
            document.complain(
                (*at, targets, name),
                Text(
                    f"« {name} » n'est pas dans kpis.yaml : ajoutez-le là, ou retirez la cible",
                    f"'{name}' is not in kpis.yaml: add it there, or remove the target",
                ),
                at_key=True,
            )
    known: Mapping[str, object] | None = getattr(kpis, activities, None)
    for name in written(document, (*at, activities)):
        if known is not None and name not in known:
            hint = nearest(name, list(known))
            document.complain(
                (*at, activities, name),
                Text(
                    f"« {name} » n'est pas une activité de kpis.yaml{hint.fr} : définissez-la sous "
                    "activities, ou retirez cette ligne",
                    f"'{name}' is not an activity of kpis.yaml{hint.en}: define it under "
                    "activities, or remove this line",
                ),
                at_key=True,
            )


def _check_people(document: Document, plan: Plan, team: Team) -> None:
    """Complain of names that are nobody's in the team."""
    reviews: list[tuple[Path, Review | None, Mapping[str, Day]]] = [((), plan.review, plan.agreed)]
    reviews += [
        (("revisions", place), each.review, each.agreed or {})
        for place, each in enumerate(plan.revisions)
    ]
    for at, review, agreed in reviews:
        if review is not None and review.with_ is not None:
            _check_rep(document, team, (*at, "review", "with"), review.with_)
        for name in agreed:
            _check_rep(document, team, (*at, "agreed", name), name, at_key=True)
    seen: set[str] = set()
    for place, each in enumerate(plan.accept):
        if each.finding in seen:
            document.complain(
                ("accept", place, "finding"),
                Text(
                    f"« {each.finding} » est déjà accepté plus haut : gardez une seule des deux "
                    "lignes",
                    f"'{each.finding}' is already accepted above: keep one of the two lines",
                ),
            )
        seen.add(each.finding)


def _check_rep(
    document: Document,
    team: Team,
    path: Path,
    name: str,
    *,
    also: Sequence[str] = (),
    at_key: bool = False,
) -> None:
    if name in team.reps or name in also:
        return
    known = [*team.reps, *also]
    hint = nearest(name, known)
    document.complain(
        path,
        Text(
            f"« {name} » n'est pas dans reps de team.yaml{hint.fr} : écrivez {_or(known, 'ou')}, "
            "ou ajoutez cette personne là",
            f"'{name}' is not in reps of team.yaml{hint.en}: write {_or(known, 'or')}, or add this "
            "person there",
        ),
        at_key=at_key,
    )


_SHOWN = 5


def _or(names: Sequence[str], word: str) -> str:
    shown = [*names[:_SHOWN], *(["…"] if len(names) > _SHOWN else [])]
    return f" {word} ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def _check_accounts(document: Document, terms: Plan, at: Path) -> None:
    """Complain of accounts of a source that the plan does not have."""
    known = [*terms.sources, *(name for each in terms.sub_sources.values() for name in each)]
    known = [name for name in known if name != NOT_ALLOTTED]
    for name in terms.accounts if known else ():
        if name not in known:
            hint = nearest(name, known)
            document.complain(
                (*at, "accounts", name),
                Text(
                    f"« {name} » n'est pas une source du plan{hint.fr} : écrivez "
                    f"{_or(known, 'ou')}, ou ajoutez-la à sources",
                    f"'{name}' is not a source of the plan{hint.en}: write {_or(known, 'or')}, or "
                    "add it to sources",
                ),
                at_key=True,
            )


def _rate(document: Document, plan: Plan, team: Team) -> Fraction:
    """The team's currency for one unit of the plan's, on the first day of the plan."""
    first = plan.days(team.fiscal_year).first
    rate = team.rate_on(plan.currency, first)
    if rate is not None:
        return rate
    on = date_of(first).isoformat()
    document.complain(
        ("currency",),
        Text(
            f"le plan est en {plan.currency} et l'équipe en {team.currency} : écrivez "
            f"{team.currency}, ou ajoutez à rates de team.yaml un cours {plan.currency} du {on} "
            "ou d'avant",
            f"the plan is in {plan.currency} and the team in {team.currency}: write "
            f"{team.currency}, or add to rates of team.yaml a rate of {plan.currency} of {on} or "
            "before",
        ),
    )
    return Fraction(1)
